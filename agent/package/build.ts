/** `bun run build`: the agent as one file for each kind of hotspot, and a .deb around each. */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import manifest from "../package.json" with { type: "json" };
import { copyrightOf } from "./copyright.ts";
import { buildDeb } from "./deb.ts";

const TARGETS = [
  { target: "bun-linux-arm64", debian: "arm64" },
  // Also for processors without AVX2, as small x86 boxes have them. Bun 1.4.5 has one build for all, which this is.
  { target: "bun-linux-x64-baseline", debian: "amd64" },
] as const;

const agentFolder = dirname(import.meta.dir);
const outputFolder = join(dirname(agentFolder), "dist");

await mkdir(outputFolder, { recursive: true });
for (const { target, debian } of TARGETS) {
  const binary = join(outputFolder, `earshot-agent-linux-${debian}`);
  const { metafile } = await Bun.build({
    entrypoints: [join(agentFolder, "src/main.ts")],
    minify: { syntax: true },
    metafile: true,
    // Nothing in the folder in which it is started changes what it does.
    compile: { target, outfile: binary, autoloadDotenv: false, autoloadBunfig: false },
  });
  const copyright = await copyrightOf(Object.keys(metafile?.inputs ?? {}));
  const deb = await buildDeb({
    architecture: debian,
    version: manifest.version,
    binary,
    copyright,
    outputFolder,
  });
  const megabytes = (path: string) => (Bun.file(path).size / 1e6).toFixed(1);
  console.log(`${binary} (${megabytes(binary)} MB)`);
  console.log(`${deb} (${megabytes(deb)} MB)`);
}
