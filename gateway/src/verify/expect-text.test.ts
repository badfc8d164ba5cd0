import { expect, test } from "bun:test";
import { utf8 } from "@earshot/protocol";
import fc from "fast-check";
import { runCheck } from "./check.ts";
import { expectText } from "./expect-text.ts";

const compare = (expected: readonly string[], found: string | Uint8Array) => {
  const bytes = typeof found === "string" ? utf8(found) : found;
  const result = runCheck(expectText("f", expected, bytes, (line) => (line === "b" ? "the b" : "")));
  return result.ok ? "same" : [result.difference.at, result.difference.expected, result.difference.found];
};

test("the first line that differs is named, wherever the text is cut", () => {
  expect(compare(["a\nb", "\nc\n"], "a\nb\nc\n")).toBe("same");
  expect(compare(["a\nb", "\nc\n"], "a\nx\nc\n")).toEqual(["line 2, the b", "b", "x"]);
  expect(compare(["a\n", "b\nc\n"], "a\nc\n")).toEqual(["line 2, the b", "b", "c"]);
  expect(compare(["a\n", "c\n"], "a\nb\nc\n")).toEqual(["line 2", "c", "b"]);
  expect(compare(["a\n", "c\n"], "a\n")).toEqual(["line 2", "c", "no further line"]);
  expect(compare(["a\n"], "a\nb\n")).toEqual(["line 2, the b", "no further line", "b"]);
  expect(compare(["a\n"], "a\n\n")).toEqual(["line 2", "no further line", "an empty line"]);
  expect(compare(["a\nb\n"], "a\nb")).toEqual(["line 3", "a line end", "none"]);
  expect(compare([], "b\n")).toEqual(["line 1, the b", "no further line", "b"]);
  expect(compare(["a\n"], Uint8Array.of(0xff, 10))).toEqual(["line 1", "a", "\ufffd"]);
});

test("equal texts are the same and unequal ones are not, in the line that a plain comparison names", () => {
  const line = fc.constantFrom("a", "b", "", "é");
  const text = fc.array(line, { maxLength: 6 }).map((lines) => lines.map((each) => `${each}\n`).join(""));
  fc.assert(
    fc.property(text, text, fc.nat(12), (expected, found, cut) => {
      const result = compare([expected.slice(0, cut), expected.slice(cut)], found);
      if (expected === found) return void expect(result).toBe("same");
      const [wanted, got] = [expected.split("\n"), found.split("\n")];
      const same = wanted.findIndex((each, i) => each !== got[i] || i === wanted.length - 1);
      expect(result[0]).toStartWith(`line ${same + 1}`);
    }),
  );
});
