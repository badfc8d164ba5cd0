import { expect, test } from "bun:test";
import fc from "fast-check";
import { bytesOf, sentence } from "../../test/nmea-text.ts";
import { NmeaFramer } from "./nmea-framer.ts";

const ZDA = "GPZDA,160012.71,11,03,2004,-1,00";

test("a published sentence and its checksum are accepted", () => {
  // IEC 61162-1 / u-blox protocol specification: GLL example.
  expect(new NmeaFramer().push(bytesOf("$GPGLL,4916.45,N,12311.12,W,225444,A,*1D\r\n"))).toEqual([
    "GPGLL,4916.45,N,12311.12,W,225444,A,",
  ]);
});

test("a sentence is complete with its checksum, upper or lower case", () => {
  const framer = new NmeaFramer();
  expect(framer.push(bytesOf(sentence(ZDA).trimEnd().toLowerCase().replace(ZDA.toLowerCase(), ZDA)))).toEqual(
    [ZDA],
  );
});

test.each([
  ["a wrong checksum", `$${ZDA}*00\r\n`],
  ["a checksum that is not hexadecimal", `$${ZDA}*ZZ\r\n`],
  ["no checksum", `$${ZDA}\r\n`],
  ["the next sentence inside it", "$GPZDA,1600"],
])("%s costs one sentence and not the next", (_, text) => {
  const framer = new NmeaFramer();
  expect(framer.push(bytesOf(text + sentence(ZDA)))).toEqual([ZDA]);
  expect(framer.badFrames).toBe(1);
});

test("a dollar sign in binary data is garbage, not a bad sentence", () => {
  const framer = new NmeaFramer();
  expect(framer.push(new Uint8Array([0xb5, 0x62, 0x24, 0x01, 0x24, 0x24, 0xff]))).toEqual([]);
  expect([framer.badFrames, framer.garbageBytes]).toEqual([0, 7]);
});

test("holds at most its limit, whatever comes", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom("$", "*", "A", ",", "\n", "\xff") })), (texts) => {
      const framer = new NmeaFramer(82);
      for (const text of texts) {
        framer.push(bytesOf(text));
        expect(framer.heldBytes).toBeLessThanOrEqual(82);
      }
    }),
  );
  expect(() => new NmeaFramer(81)).toThrow("allowed are whole numbers from 82");
});

test("every byte is in a sentence, in a line end, or counted", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(sentence(ZDA), "junk", "\xb5b\x01", "$GP", "\r\n")), (parts) => {
      const framer = new NmeaFramer();
      const found = framer.push(bytesOf(parts.join("")));
      const good = parts.filter((part) => part.startsWith("$GPZ")).length;
      const lost = parts
        .filter((part) => !part.startsWith("$GPZ"))
        .join("")
        .replaceAll(/[\r\n]/g, "").length;
      expect(found.length).toBe(good);
      expect(framer.garbageBytes + framer.heldBytes).toBe(lost);
    }),
  );
});
