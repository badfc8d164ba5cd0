import { expect, test } from "bun:test";
import fc from "fast-check";
import { LineFramer } from "./line-framer.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

test("the same lines in any pieces, long ones left out and counted", () => {
  const line = fc.string({ unit: fc.constantFrom("a", "é", "{", "}"), minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(fc.array(line), fc.integer({ min: 1, max: 50 }), (lines, pieceBytes) => {
      const framer = new LineFramer(24);
      const bytes = bytesOf(lines.map((text) => `${text}\r\n`).join(""));
      const found: string[] = [];
      for (let at = 0; at < bytes.length; at += pieceBytes) {
        found.push(...framer.push(bytes.subarray(at, at + pieceBytes)));
      }
      const tooLong = lines.filter((text) => bytesOf(text).length + 1 > 24);
      expect(found).toEqual(lines.filter((text) => !tooLong.includes(text)));
      expect(framer.garbageBytes).toBe(tooLong.reduce((sum, text) => sum + bytesOf(text).length + 1, 0));
    }),
  );
});

test("empty lines are nothing", () => {
  expect(new LineFramer(10).push(bytesOf("\n\r\n a \n\n"))).toEqual(["a"]);
});
