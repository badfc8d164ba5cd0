import { didKey, hotspotId, hotspotName, type Signer } from "@earshot/protocol/hotspot";
import type { Config } from "../config/config.ts";
import { keyFile } from "../identity/key-file.ts";
import type { ExitCode, Terminal } from "./terminal.ts";

/** Who this hotspot is; makes its key when there is none yet. */
export function id(config: Config, { out }: Terminal): ExitCode {
  out(identityLines(keyFile(config.keyFile, { mayBeOthers: true }).open()));
  return 0;
}

function identityLines({ publicKey }: Signer): string {
  const hotspot = hotspotId(publicKey);
  return `name     ${hotspotName(hotspot)}\nid       ${hotspot}\ndid:key  ${didKey(hotspot)}\n`;
}
