import { statSync } from "node:fs";
import { dirname } from "node:path";
import { didKey, hotspotId, hotspotName, type Signer } from "@earshot/protocol/hotspot";
import { isRoot } from "@earshot/protocol/runtime";
import type { Config } from "../config/config.ts";
import { hotspotKey } from "../start/hotspot-key.ts";
import { requireMount } from "../start/state-folder.ts";
import type { ExitCode, Terminal } from "../terminal.ts";

/** Who this hotspot is; makes its key when there is none yet. */
export function id(config: Config, { out, error }: Terminal): ExitCode {
  const { keyFile: path, stateDir } = config;
  const key = hotspotKey(config, true);
  const known = key.openExisting();
  if (known === undefined) requireMount(stateDir);
  out(identityLines(known ?? key.open()));
  if (known === undefined && isRoot() && statSync(path).uid === 0) {
    error(`The new key is root's. For a service of another user: sudo chown -R USER ${dirname(path)}\n`);
  }
  return 0;
}

function identityLines({ publicKey }: Signer): string {
  const hotspot = hotspotId(publicKey);
  return `name     ${hotspotName(hotspot)}\nid       ${hotspot}\ndid:key  ${didKey(hotspot)}\n`;
}
