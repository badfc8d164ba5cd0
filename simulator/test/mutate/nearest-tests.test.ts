import { expect, test } from "bun:test";
import { importersOf, nearestTests } from "./nearest-tests.ts";

const file = (path: string, ...imports: string[]) =>
  [path, imports.map((from) => `import { x } from "${from}";`).join("\n")] as const;

const importers = importersOf(
  new Map([
    file("agent/src/a/far.test.ts", "../b/whole.ts"),
    file("agent/src/a/other.test.ts", "./one.ts"),
    file("agent/src/a/one.test.ts", "./one.ts"),
    file("agent/src/a/unrelated.test.ts", "./two.ts"),
    file("agent/src/b/whole.test.ts", "./whole.ts"),
    file("agent/src/b/whole.ts", "../a/one.ts"),
    file("agent/test/main.test.ts", "@earshot/agent"),
    file("agent/src/mod.ts", "./a/one.ts"),
    ["agent/src/a/text.test.ts", 'import text from "./one.ts" with { type: "text" };'],
  ]),
  new Map([["@earshot/agent", "agent/src/mod.ts"]]),
);

test("tests that reach a file: beside it, in its folder, elsewhere, and of processes last", () => {
  const near = [
    "agent/src/a/one.test.ts",
    "agent/src/a/other.test.ts",
    "agent/src/a/far.test.ts",
    "agent/src/b/whole.test.ts",
  ];
  expect(nearestTests("agent/src/a/one.ts", importers, true)).toEqual([...near, "agent/test/main.test.ts"]);
  expect(nearestTests("agent/src/a/one.ts", importers, false)).toEqual(near);
});
