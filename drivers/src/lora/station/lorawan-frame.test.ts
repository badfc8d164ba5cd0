import { expect, test } from "bun:test";
import fc from "fast-check";
import { carriesFrame, rebuildFrame } from "./lorawan-frame.ts";
import { type LosslessObject, parseLosslessObject } from "./lossless-json.ts";

const DATA = {
  MHdr: 0x40,
  DevAddr: -2,
  FCtrl: 0x82,
  FCnt: 0x0102,
  FOpts: "0A0B",
  FPort: 5,
  FRMPayload: "C0DE",
  MIC: -272716322,
};
const rebuilt = (msgtype: string, message: LosslessObject) => rebuildFrame(msgtype, message)?.toHex();

test("a data frame is laid out as LoRaWAN 1.0.4 §4.3 says, signed numbers included", () => {
  // 0xEFBEADDE little-endian is DE AD BE EF.
  expect(rebuilt("updf", DATA)).toBe("40feffffff8202010a0b05c0dedeadbeef");
  expect(rebuilt("dndf", { ...DATA, MHdr: 0x60 })).toBe("60feffffff8202010a0b05c0dedeadbeef");
});

test("a join request is laid out as LoRaWAN 1.0.4 §6.2.5 says, in either spelling", () => {
  const join = {
    MHdr: 0,
    JoinEui: "08-07-06-05-04-03-02-01",
    DevEui: "18-17-16-15-14-13-12-11",
    DevNonce: 4660,
    MIC: 1,
  };
  const bytes = "00010203040506070811121314151617183412" + "01000000";
  expect(rebuilt("jreq", join)).toBe(bytes);
  const { JoinEui: JoinEUI, DevEui: DevEUI, ...rest } = join;
  expect(rebuilt("jreq", { ...rest, JoinEUI, DevEUI })).toBe(bytes);
});

test("every frame that Station takes apart comes out as it went in", () => {
  const dataFrame = fc
    .tuple(
      fc.constantFrom(0x40, 0x60, 0x80, 0xa0),
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.integer({ min: 0, max: 255 }),
      fc.uint8Array({ minLength: 21, maxLength: 240 }),
    )
    .map(([mhdr, address, fctrl, rest]) => Uint8Array.of(mhdr, ...address, fctrl, ...rest));
  const shortest = dataFrame.map((frame) => frame.slice(0, 12 + ((frame[5] ?? 0) & 0x0f)));
  const joinFrame = fc
    .tuple(fc.constantFrom(0x00, 0xc0), fc.uint8Array({ minLength: 22, maxLength: 22 }))
    .map(([mhdr, rest]) => Uint8Array.of(mhdr, ...rest));
  const wholeFrame = fc
    .tuple(fc.constantFrom(0xe0, 0x20), fc.uint8Array({ minLength: 16, maxLength: 254 }))
    .map(([mhdr, rest]) => Uint8Array.of(mhdr, ...rest));
  fc.assert(
    fc.property(fc.oneof(dataFrame, shortest, joinFrame, wholeFrame), (frame) => {
      const message = parseLosslessObject(JSON.stringify(splitFrame(frame)));
      const msgtype = message?.msgtype;
      expect(typeof msgtype).toBe("string");
      expect(rebuildFrame(String(msgtype), message ?? {})).toEqual(frame);
    }),
    { numRuns: 500 },
  );
});

test("a missing, mistyped or impossible field makes no frame", () => {
  for (const key of Object.keys(DATA)) {
    expect(rebuilt("updf", { ...DATA, [key]: null })).toBeUndefined();
    expect(rebuilt("updf", { ...DATA, [key]: "zz" })).toBeUndefined();
    expect(rebuilt("updf", { ...DATA, [key]: 2 ** 40 })).toBeUndefined();
  }
  expect(rebuilt("updf", { ...DATA, FOpts: "0A" })).toBeUndefined();
  expect(rebuilt("updf", { ...DATA, FPort: -1 })).toBeUndefined();
  expect(rebuilt("propdf", { FRMPayload: "" })).toBeUndefined();
  expect(rebuilt("propdf", { FRMPayload: "E0".repeat(256) })).toBeUndefined();
  expect(rebuilt("jreq", { MHdr: 0, JoinEui: "1-2", DevEui: "1-2", DevNonce: 1, MIC: 1 })).toBeUndefined();
});

test.each([
  ["MHdr", 0, 255, 0, 2],
  ["DevAddr", -(2 ** 31), 2 ** 32 - 1, 2, 8],
  ["FCnt", 0, 0xffff, 12, 4],
  ["FPort", 0, 255, 20, 2],
  ["MIC", -(2 ** 31), 2 ** 32 - 1, 26, 8],
])("%s is a whole number from %d to %d", (key, least, most, from, digits) => {
  const at = (value: number) => rebuilt("updf", { ...DATA, [key]: value })?.slice(from, from + digits);
  const littleEndian = (value: number) =>
    Array.from({ length: digits / 2 }, (_, i) =>
      ((value >>> (8 * i)) & 255).toString(16).padStart(2, "0"),
    ).join("");
  expect([at(least), at(most)]).toEqual([littleEndian(least), littleEndian(most)]);
  expect([at(least - 1), at(most + 1), at(0.5)]).toEqual([undefined, undefined, undefined]);
});

test("a frame without a port is told as port -1, and has no payload", () => {
  expect(rebuilt("updf", { ...DATA, FPort: -1, FRMPayload: "" })).toBe("40feffffff8202010a0bdeadbeef");
  expect(rebuilt("updf", { ...DATA, FPort: -2, FRMPayload: "" })).toBeUndefined();
});

test("a frame of 255 bytes is the longest", () => {
  const whole = (length: number) => rebuilt("propdf", { FRMPayload: "E0".repeat(length) });
  expect(whole(255)).toHaveLength(510);
  expect(whole(256)).toBeUndefined();
});

test("only messages that carry a frame are said to", () => {
  for (const msgtype of ["updf", "dndf", "jreq", "rejoin", "propdf", "jacc"])
    expect(carriesFrame(msgtype)).toBe(true);
  for (const msgtype of ["version", "toString", "__proto__", ""]) {
    expect(carriesFrame(msgtype)).toBe(false);
    expect(rebuildFrame(msgtype, DATA)).toBeUndefined();
  }
});

test("no message throws", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("updf", "jreq", "propdf"),
      fc.jsonValue(),
      fc.jsonValue(),
      (type, one, two) => {
        const text = JSON.stringify({ ...DATA, MHdr: one, FRMPayload: two, JoinEui: one, DevEui: two });
        rebuildFrame(type, parseLosslessObject(text) ?? {});
      },
    ),
  );
});

/** What Station makes of a frame: the fields of its message, without those of the reception. */
function splitFrame(frame: Uint8Array): Record<string, unknown> | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const mhdr = frame[0] ?? 0;
  const type = mhdr >> 5;
  if ((mhdr & 0x1f) !== 0 || frame.length === 0 || (type !== 7 && frame.length < 12)) return undefined;
  if (type === 7 || type === 1) {
    return { msgtype: type === 7 ? "propdf" : "jacc", FRMPayload: hex(frame) };
  }
  const MIC = view.getInt32(frame.length - 4, true);
  if (type === 0 || type === 6) {
    if (frame.length !== 23) return undefined;
    const JoinEui = dashed(frame.slice(1, 9));
    const DevEui = dashed(frame.slice(9, 17));
    const DevNonce = view.getUint16(17, true);
    return { msgtype: type === 0 ? "jreq" : "rejoin", MHdr: mhdr, JoinEui, DevEui, DevNonce, MIC };
  }
  const FCtrl = frame[5] ?? 0;
  const portAt = 8 + (FCtrl & 0x0f);
  if (portAt > frame.length - 4) return undefined;
  const hasPort = portAt < frame.length - 4;
  return {
    msgtype: type === 2 || type === 4 ? "updf" : "dndf",
    MHdr: mhdr,
    DevAddr: view.getInt32(1, true),
    FCtrl,
    FCnt: view.getUint16(6, true),
    FOpts: hex(frame.slice(8, portAt)),
    FPort: hasPort ? frame[portAt] : -1,
    FRMPayload: hex(frame.slice(portAt + 1, frame.length - 4)),
    MIC,
  };
}

const hex = (bytes: Uint8Array) => bytes.toHex().toUpperCase();
const dashed = (littleEndian: Uint8Array) =>
  [...littleEndian]
    .reverse()
    .map((byte) => byte.toString(16).padStart(2, "0").toUpperCase())
    .join("-");
