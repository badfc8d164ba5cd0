import { expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import manifest from "../package.json" with { type: "json" };
import { ROOT } from "./support/process.ts";

const COMMANDS: readonly [name: string, program: string, ...args: string[]][] = [
  ["earshot-agent", "agent/src/main.ts"],
  ["earshot-agent", "agent/src/main.ts", "doctor"],
  ["earshot-agent", "agent/src/main.ts", "status", "--config", "nowhere.toml"],
  ["gateway", "gateway/src/main.ts"],
  ["gateway", "gateway/src/main.ts", "verify-epoch", "nowhere"],
  ["gateway", "gateway/src/main.ts", "compare-rules"],
  ["simulator", "simulator/src/main.ts"],
  ["simulator", "simulator/src/main.ts", "fleet", "--virtual"],
];

test.each(COMMANDS)("%s (%s %p) --version says which program it is", (name, program, ...args) => {
  const said = execFileSync(process.execPath, [join(ROOT, program), ...args, "--version"], {
    encoding: "utf8",
    timeout: 20_000,
  });
  expect(said).toBe(`${name} ${manifest.version}\n`);
});
