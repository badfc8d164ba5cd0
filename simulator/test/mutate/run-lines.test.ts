import { expect, test } from "bun:test";
import { isRun, runLines } from "./run-lines.ts";

test("a line counts as run when it is, or when it goes on with one that is", () => {
  const files = runLines(
    "TN:\nSF:a/b.ts\nFNF:1\nDA:2,3\nDA:5,0\nend_of_record\nTN:\nSF:c.ts\nDA:1,0\nend_of_record\n",
  );
  expect([...files.keys()]).toEqual(["a/b.ts", "c.ts"]);
  expect([1, 2, 4, 5, 9].map((line) => isRun(files.get("a/b.ts"), line))).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
  expect(isRun(files.get("d.ts"), 1)).toBe(false);
});
