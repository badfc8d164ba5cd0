import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  BEACON_FRAME_BYTES,
  beaconKey,
  decodeBeaconFrame,
  encodeBeaconFrame,
  witnessClaim,
} from "./frame.ts";

const frame = fc.record({
  entropyIndex: fc.nat({ max: 0xffff_ffff }),
  shortId: fc.uint8Array({ minLength: 8, maxLength: 8 }),
  tag: fc.uint8Array({ minLength: 16, maxLength: 16 }),
});

test("the layout on air", () => {
  const bytes = encodeBeaconFrame({
    entropyIndex: 0x01c4_d0f2,
    shortId: Uint8Array.fromHex("a1a2a3a4a5a6a7a8"),
    tag: Uint8Array.fromHex("b1b2b3b4b5b6b7b8b9babbbcbdbebfb0"),
  });
  expect(bytes.toHex()).toBe("e0ea0101c4d0f2a1a2a3a4a5a6a7a8b1b2b3b4b5b6b7b8b9babbbcbdbebfb0");
});

test("every frame has 31 bytes and comes back", () => {
  fc.assert(
    fc.property(frame, (values) => {
      const bytes = encodeBeaconFrame(values);
      expect(bytes).toHaveLength(BEACON_FRAME_BYTES);
      expect(decodeBeaconFrame(bytes)).toEqual(values);
      expect(decodeBeaconFrame(Buffer.concat([Uint8Array.of(1, 2, 3), bytes]).subarray(3))).toEqual(values);
    }),
  );
});

test("what is read is a copy: the receive buffer may be used again", () => {
  const bytes = encodeBeaconFrame({
    entropyIndex: 1,
    shortId: new Uint8Array(8).fill(1),
    tag: new Uint8Array(16).fill(2),
  });
  for (const buffer of [bytes, Buffer.from(bytes)]) {
    const read = decodeBeaconFrame(buffer);
    buffer.fill(0xff);
    expect(read?.shortId.toHex()).toBe("01".repeat(8));
    expect(read?.tag.toHex()).toBe("02".repeat(16));
  }
});

test("other bytes are not a beacon: another length, MHDR, magic or version", () => {
  const good = encodeBeaconFrame({ entropyIndex: 1, shortId: new Uint8Array(8), tag: new Uint8Array(16) });
  expect(decodeBeaconFrame(good.subarray(1))).toBeUndefined();
  expect(decodeBeaconFrame(Uint8Array.of(...good, 0))).toBeUndefined();
  expect(decodeBeaconFrame(new Uint8Array())).toBeUndefined();
  for (const index of [0, 1, 2]) {
    for (let bit = 0; bit < 8; bit++) {
      const other = Uint8Array.from(good);
      other[index] = (other[index] as number) ^ (1 << bit);
      expect(decodeBeaconFrame(other)).toBeUndefined();
    }
  }
});

test("a beacon's key names period and hotspot, and sorts by period", () => {
  expect(beaconKey(0x0102, Uint8Array.fromHex("a1a2a3a4a5a6a7a8"))).toBe("00000102a1a2a3a4a5a6a7a8");
  fc.assert(
    fc.property(frame, frame, (a, b) => {
      const [keyA, keyB] = [a, b].map(({ entropyIndex, shortId }) => beaconKey(entropyIndex, shortId));
      if (a.entropyIndex < b.entropyIndex) expect((keyA as string) < (keyB as string)).toBe(true);
    }),
  );
});

// Computed independently with Python's hashlib.
test("a claim shows that its witness knew the frame, and is no other witness's", () => {
  const heard = Uint8Array.fromHex("e0ea0101c4d0f2a1a2a3a4a5a6a7a8b1b2b3b4b5b6b7b8b9babbbcbdbebfb0");
  const [key, other] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  expect(witnessClaim(heard, key).toHex()).toBe("04562ffd1e647676cb6ceee640fdc061");
  expect(witnessClaim(heard, other)).not.toEqual(witnessClaim(heard, key));
});
