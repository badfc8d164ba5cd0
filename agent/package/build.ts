/** `bun run build`: the agent as one file for each kind of hotspot, and a .deb around each. */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import manifest from "../package.json" with { type: "json" };
import { buildDeb } from "./deb.ts";

const TARGETS = [
  { bunTarget: "bun-linux-arm64", debian: "arm64" },
  { bunTarget: "bun-linux-x64", debian: "amd64" },
];

const agentFolder = dirname(import.meta.dir);
const outputFolder = join(dirname(agentFolder), "dist");

await mkdir(outputFolder, { recursive: true });
for (const { bunTarget, debian } of TARGETS) {
  const binary = join(outputFolder, `earshot-agent-linux-${debian}`);
  // From the agent's folder, so that Bun reads this workspace's configuration and no other.
  await Bun.$`${process.execPath} build --compile --minify-syntax --target=${bunTarget} src/main.ts --outfile ${binary}`
    .cwd(agentFolder)
    .quiet();
  const deb = await buildDeb({ architecture: debian, version: manifest.version, binary, outputFolder });
  const megabytes = (path: string) => (Bun.file(path).size / 1e6).toFixed(1);
  console.log(`${binary} (${megabytes(binary)} MB)`);
  console.log(`${deb} (${megabytes(deb)} MB)`);
}
