import { expect, test } from "bun:test";
import { apply, mutantsOf } from "./mutants.ts";

const made = (text: string): string[] => mutantsOf("a.ts", text).map((mutant) => apply(text, mutant));

test("edges, conditions, signs, numbers and forgotten calls are changed, one at a time", () => {
  expect(made("if (a < 2) b(a - 1);")).toEqual([
    "if (true || a < 2) b(a - 1);",
    "if (a <= 2) b(a - 1);",
    "if (a < 3) b(a - 1);",
    "if (a < 2) b(a + 1);",
    "if (a < 2) b(a - 2);",
  ]);
  expect(made("export const f = async () => {\n  await x.add(1);\n  return;\n}")).toContain(
    "export const f = async () => {\n  ;\n  return;\n}",
  );
  expect(made("const LIMIT = 1_000;")).toEqual(["const LIMIT = 2000;"]);
});

test("what is no code stays: comments, strings, patterns, types", () => {
  expect(made('// a < 1\n/* b && c */ const d = "1 + 2" as "3 + 4";')).toEqual([]);
  expect(made("const p = /a + 1/; type T = 1 | 2;")).toEqual([]);
});

test("the line is told", () => {
  expect(mutantsOf("a.ts", "\n\nlet a = b && c;")[0]).toMatchObject({
    line: 3,
    was: " && ",
    becomes: " || ",
  });
});
