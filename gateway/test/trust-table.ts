import { readFileSync, writeFileSync } from "node:fs";
import { trustTable } from "../src/verify/trust.ts";

/* `bun run docs` writes the table of lies; `trust.test.ts` checks that it stands there. */

export const README = new URL("../../protocol/README.md", import.meta.url);

if (import.meta.main) {
  const readme = readFileSync(README, "utf8");
  const table = trustTable();
  const from = readme.indexOf(table.slice(0, table.indexOf("\n")));
  if (from < 0) throw new Error("The README has no table of lies");
  const rest = readme.slice(readme.indexOf("\n\n", from) + 1);
  writeFileSync(README, `${readme.slice(0, from)}${table}\n${rest}`);
}
