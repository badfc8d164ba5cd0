import { expect, test } from "bun:test";
import fc from "fast-check";
import { encodeChunks, inChunks, jsonList, wholeLines } from "./text-chunks.ts";

const text = fc.string({ unit: fc.constantFrom("a", "é", "\n", '"') });

test("chunks are the same text, however it is cut", () => {
  fc.assert(
    fc.property(fc.array(text), (parts) => {
      const whole = parts.join("");
      expect([...wholeLines(parts)].join("")).toBe(whole);
      expect([...inChunks(parts)].join("")).toBe(whole);
      expect(new TextDecoder().decode(encodeChunks(parts))).toBe(whole);
    }),
  );
});

test("every chunk but the last ends with its line", () => {
  fc.assert(
    fc.property(fc.array(text), (parts) => {
      const chunks = [...wholeLines(parts)];
      expect(chunks.slice(0, -1).every((chunk) => chunk.endsWith("\n"))).toBe(true);
      expect(chunks).not.toContain("");
    }),
  );
});

test("chunks have about 64 KiB", () => {
  const lengths = [...inChunks(Array.from({ length: 1000 }, () => "x".repeat(1000)))].map(
    ({ length }) => length,
  );
  expect(lengths.length).toBe(16);
  expect(Math.max(...lengths)).toBeLessThan(70_000);
});

test("a list is written as JSON.stringify writes it", () => {
  const item = fc.record({ a: fc.array(fc.integer(), { maxLength: 3 }), b: text });
  fc.assert(
    fc.property(fc.array(item, { maxLength: 4 }), (items) => {
      expect([...jsonList(items, (each) => each)].join("")).toBe(`${JSON.stringify(items, null, 1)}\n`);
    }),
  );
});
