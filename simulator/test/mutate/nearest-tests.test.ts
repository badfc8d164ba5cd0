import { expect, test } from "bun:test";
import { filesOfProcesses, importersOf, nearestTests } from "./nearest-tests.ts";

const file = (path: string, ...imports: string[]) =>
  [path, imports.map((from) => `import { x } from "${from}";`).join("\n")] as const;

const files = new Map([
  file("agent/src/a/far.test.ts", "../b/whole.ts"),
  file("agent/src/a/other.test.ts", "./one.ts"),
  file("agent/src/a/one.test.ts", "./one.ts"),
  file("agent/src/a/unrelated.test.ts", "./two.ts"),
  file("agent/src/b/whole.test.ts", "./whole.ts"),
  file("agent/src/b/whole.ts", "../a/one.ts"),
  file("agent/test/core.test.ts", "@earshot/agent"),
  file("agent/test/main.test.ts", "./process.ts", "@earshot/agent"),
  file("agent/test/process.ts", "node:child_process"),
  file("agent/src/mod.ts", "./a/one.ts"),
  ["agent/src/a/text.test.ts", 'import text from "./one.ts" with { type: "text" };'],
]);
const importers = importersOf(files, new Map([["@earshot/agent", "agent/src/mod.ts"]]));
const ofProcesses = filesOfProcesses(files, importers);

test("tests that reach a file: beside it, in its folder, elsewhere, and of processes last", () => {
  const near = [
    "agent/src/a/one.test.ts",
    "agent/src/a/other.test.ts",
    "agent/src/a/far.test.ts",
    "agent/src/b/whole.test.ts",
    "agent/test/core.test.ts",
  ];
  expect(nearestTests("agent/src/a/one.ts", importers, ofProcesses, true)).toEqual([
    ...near,
    "agent/test/main.test.ts",
  ]);
  expect(nearestTests("agent/src/a/one.ts", importers, ofProcesses, false)).toEqual(near);
});
