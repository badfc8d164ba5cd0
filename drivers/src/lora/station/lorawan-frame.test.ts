import { expect, test } from "bun:test";
import fc from "fast-check";
import { carriesFrame, rebuildFrame } from "./lorawan-frame.ts";
import { type LosslessObject, parseLosslessObject } from "./lossless-json.ts";
import { splitFrame } from "./test-splitter.ts";

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
