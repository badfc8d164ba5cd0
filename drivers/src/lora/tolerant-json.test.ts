import { expect, test } from "bun:test";
import fc from "fast-check";
import { MAX_JSON_DEPTH, parseTolerantJson, type TolerantJson } from "./tolerant-json.ts";

function parsed(text: string): TolerantJson {
  const result = parseTolerantJson(text);
  if (!result.ok) throw new Error(`"${text}" does not fit at ${result.at}`);
  return result.value;
}

/** As `JSON.parse` would give it. */
function plain(value: TolerantJson): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!(value instanceof Map)) return value;
  return Object.fromEntries([...value].map(([key, item]) => [key, plain(item)]));
}

test("numbers as C prints them", () => {
  const nan = ["nan", "-nan", "NaN", "nan(ind)", "-nan(0x8000)", "1.#QNAN", "-1.#IND"];
  for (const text of nan) expect(parsed(text)).toBeNaN();
  for (const text of ["inf", "+inf", "Infinity", "1.#INF"]) expect(parsed(text)).toBe(Infinity);
  for (const text of ["-inf", "-Infinity", "-1.#INF"]) expect(parsed(text)).toBe(-Infinity);
  for (const text of ["-0", "-0.0", "0"]) expect(Object.is(parsed(text), 0)).toBe(true);
  expect(["868.100000", "+1", ".5", "5.", "007", "-1e3"].map(parsed)).toEqual([868.1, 1, 0.5, 5, 7, -1000]);
});

test("blanks, NULs, raw control characters and trailing commas", () => {
  expect(plain(parsed('\0\ufeff { "mid": 3,\r\n"a":[1,2,],}\0\0'))).toEqual({ mid: 3, a: [1, 2] });
  expect(parsed('"a\tb\nc"')).toBe("a\tb\nc");
  expect(parsed(String.raw`"\u00e9\n\/\q\"\u12"`)).toBe('é\n/q"u12');
});

test("a key named __proto__ is a key", () => {
  const value = parsed('{"__proto__":{"polluted":1}}');
  expect(value).toBeInstanceOf(Map);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test.each([
  ["", 0],
  ["nope", 0],
  ['{"a":nope}', 5],
  ['{"a":1 "b":2}', 7],
  ["[1,,2]", 3],
  ['"open', 5],
  ["{a:1}", 1],
])("%j does not fit at %i", (text, at) => {
  expect(parseTolerantJson(text)).toEqual({ ok: false, at });
});

test("depth is bounded", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
  expect(parseTolerantJson(nested(MAX_JSON_DEPTH)).ok).toBe(true);
  expect(parseTolerantJson(nested(MAX_JSON_DEPTH + 1)).ok).toBe(false);
  expect(parseTolerantJson(nested(60_000)).ok).toBe(false);
});

test("all that JSON.stringify writes reads the same", () => {
  const anyJson = fc.jsonValue({ maxDepth: MAX_JSON_DEPTH - 2 });
  fc.assert(
    fc.property(anyJson, (value) => {
      const text = JSON.stringify(value);
      expect(plain(parsed(text))).toEqual(JSON.parse(text, (_, item) => (item === 0 ? 0 : item)));
    }),
  );
});

test("any text gives a value or a place within it", () => {
  const fragment = fc.constantFrom(...'{}[]:,"\\ ntf0-+.eE\0', "nan", "inf", "true", "\\u12");
  const anyText = fc.oneof(
    fc.string(),
    fc.array(fragment, { maxLength: 60 }).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(anyText, (text) => {
      const parsed = parseTolerantJson(text);
      const place = parsed.ok ? parsed.end : parsed.at;
      expect(place).toBeGreaterThanOrEqual(0);
      expect(place).toBeLessThanOrEqual(text.length);
    }),
    { numRuns: 500 },
  );
});
