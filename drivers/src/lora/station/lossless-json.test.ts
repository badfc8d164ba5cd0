import { expect, test } from "bun:test";
import fc from "fast-check";
import { bigintOf, integerOf, numberOf, objectOf, parseLosslessObject, textOf } from "./lossless-json.ts";

test("an xtime survives exactly", () => {
  const xtime = 37_999_122_125_375_659n;
  expect(bigintOf(parseLosslessObject(`{"xtime":${xtime}}`) ?? {}, "xtime")).toBe(xtime);
  expect(BigInt(JSON.parse(`{"xtime":${xtime}}`).xtime)).not.toBe(xtime);
});

test("every whole number survives", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(1n << 64n), max: 1n << 64n }), (value) => {
      const outer = parseLosslessObject(`{"v":{"x":${value}}}`) ?? {};
      expect(bigintOf(objectOf(outer, "v") ?? {}, "x")).toBe(value);
    }),
  );
});

test("numbers that fit stay numbers; fractions and exponents are never bigint", () => {
  const message =
    parseLosslessObject('{"a":9007199254740991,"b":1e300,"c":1795253552.204308,"d":-0.5}') ?? {};
  expect(message).toEqual({ a: 9007199254740991, b: 1e300, c: 1795253552.204308, d: -0.5 });
  expect(bigintOf(message, "b")).toBeUndefined();
  expect(bigintOf(message, "c")).toBeUndefined();
});

test("fields are read by type and range, inherited ones never", () => {
  const message = parseLosslessObject('{"n":5.5,"i":5,"t":"x","o":{},"a":[],"__proto__":{"p":1}}') ?? {};
  expect([numberOf(message, "n", 0, 6), numberOf(message, "n", 6, 7)]).toEqual([5.5, undefined]);
  expect([integerOf(message, "i", 0, 6), integerOf(message, "n", 0, 6)]).toEqual([5, undefined]);
  expect([textOf(message, "t"), textOf(message, "i")]).toEqual(["x", undefined]);
  expect([objectOf(message, "o"), objectOf(message, "a")]).toEqual([{}, undefined]);
  expect(textOf(message, "toString")).toBeUndefined();
  expect(numberOf(message, "p", 0, 9)).toBeUndefined();
});

test("what is no object is refused and never throws", () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  for (const text of ["", "null", "[]", "1", '"x"', "{", '{"a":nan}', deep, `{"a":${deep}}`]) {
    expect(parseLosslessObject(text)).toBeUndefined();
  }
  fc.assert(fc.property(fc.string(), (text) => void parseLosslessObject(text)));
});
