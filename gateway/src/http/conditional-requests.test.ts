import { expect, test } from "bun:test";
import fc from "fast-check";
import { noneMatchFits, rangeIn } from "./conditional-requests.ts";

test("If-None-Match compares weakly, in lists, and knows * (RFC 9110 §8.8.3.2, §13.1.2)", () => {
  const cases: [string | undefined, string, boolean][] = [
    ['"1"', '"1"', true],
    ['W/"1"', '"1"', true],
    ['"1"', 'W/"1"', true],
    ['W/"1"', 'W/"1"', true],
    ['W/"1"', 'W/"2"', false],
    ['"1"', '"2"', false],
    ["*", '"1"', true],
    [" * ", '"1"', true],
    ['"a, b", W/"1"', '"1"', true],
    ['"a","b"', '"1"', false],
    ['"*"', '"1"', false],
    ["1", '"1"', false],
    ['w/"1"x', '"2"', false],
    ["", '"1"', false],
    [undefined, '"1"', false],
  ];
  for (const [header, etag, fits] of cases) {
    expect([header, etag, noneMatchFits(header, etag)]).toEqual([header, etag, fits]);
  }
});

test("ranges of a file of 10,000 bytes as RFC 9110 §14.1.2 has them", () => {
  const cases: [string | undefined, ReturnType<typeof rangeIn>][] = [
    ["bytes=0-499", { first: 0, last: 499 }],
    ["bytes=500-999", { first: 500, last: 999 }],
    ["bytes=-500", { first: 9500, last: 9999 }],
    ["bytes=9500-", { first: 9500, last: 9999 }],
    ["bytes=0-0", { first: 0, last: 0 }],
    ["bytes=-1", { first: 9999, last: 9999 }],
    ["bytes=0-99999", { first: 0, last: 9999 }],
    ["bytes=-99999", { first: 0, last: 9999 }],
    ["Bytes=0-1", { first: 0, last: 1 }],
    ["bytes=10000-", "unsatisfiable"],
    ["bytes=-0", "unsatisfiable"],
    ["bytes=0-0,-1", undefined],
    ["bytes=5-4", undefined],
    ["bytes=-", undefined],
    ["bytes=a-b", undefined],
    ["items=0-1", undefined],
    ["bytes=0-1x", undefined],
    [`bytes=${"9".repeat(400)}-`, undefined],
    [undefined, undefined],
  ];
  for (const [header, range] of cases) expect([header, rangeIn(header, 10_000)]).toEqual([header, range]);
  expect(rangeIn("bytes=0-", 0)).toBe("unsatisfiable");
});

test("any range lies in the file", () => {
  const number = fc.option(fc.nat(200), { nil: "" });
  fc.assert(
    fc.property(number, number, fc.nat(100), (from, to, size) => {
      const range = rangeIn(`bytes=${from}-${to}`, size);
      if (range === undefined || range === "unsatisfiable") return;
      expect(range.first).toBeGreaterThanOrEqual(0);
      expect(range.last).toBeGreaterThanOrEqual(range.first);
      expect(range.last).toBeLessThan(size);
    }),
  );
});
