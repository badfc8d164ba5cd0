import { expect, test } from "bun:test";
import { sourceFiles } from "./source-files.ts";

const MAX_LINES = 400;

test(`no file is longer than ${MAX_LINES} lines`, async () => {
  const sizes = (await sourceFiles()).map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }));
  expect(sizes.length).toBeGreaterThan(100);
  expect(sizes.filter(({ lines }) => lines > MAX_LINES)).toEqual([]);
});
