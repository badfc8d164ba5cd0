import { expect, test } from "bun:test";
import fc from "fast-check";
import type { RadioFrame } from "./lora-reading.ts";
import { readPushData } from "./push-data.ts";
import { encodePushData } from "./push-data-writer.ts";
import { readRxpk } from "./rxpk.ts";
import { readStat } from "./stat.ts";

const anyHeard = {
  kind: fc.constant("frame" as const),
  atMs: fc.constant(Date.UTC(2026, 0, 1)),
  bytes: fc.uint8Array({ maxLength: 255 }),
  freqHz: fc.integer({ min: 137_000_000, max: 1_020_000_000 }),
  rssiDbm: fc.integer({ min: -150, max: 0 }).map((rssiDbm) => rssiDbm + 0),
  snrDb: fc.integer({ min: -250, max: 150 }).map((tenths) => tenths / 10),
  tmstUs: fc.nat(0xffffffff),
  gpsTimeMs: fc.integer({ min: Date.UTC(2021), max: Date.UTC(2035) }),
  fineTimeNs: fc.nat(999_999_999),
  fineTimeEncrypted: fc.constant(false),
  freqOffsetHz: fc.integer({ min: -5_000, max: 5_000 }),
  channel: fc.nat(9),
  radio: fc.nat(1),
  gatewayEui: fc.constant("aa555a0000000000"),
};
const anyFrame: fc.Arbitrary<RadioFrame> = fc.oneof(
  fc.record({
    ...anyHeard,
    modulation: fc.constant("lora" as const),
    rssiKind: fc.constantFrom("signal" as const, "channel" as const),
    spreadingFactor: fc.integer({ min: 5, max: 12 }),
    bandwidthHz: fc.constantFrom(125_000, 250_000, 500_000),
    codingRate: fc.constantFrom("4/5" as const, "4/8" as const, "off" as const),
  }),
  fc.record({
    ...anyHeard,
    modulation: fc.constant("fsk" as const),
    rssiKind: fc.constant("channel" as const),
    bitRateBps: fc.integer({ min: 600, max: 300_000 }),
  }),
  fc.record({
    ...anyHeard,
    modulation: fc.constant("lr-fhss" as const),
    rssiKind: fc.constant("channel" as const),
    bandwidthHz: fc.constantFrom(137_000, 336_000),
  }),
);

test("the server reads the frames that a virtual forwarder writes", () => {
  fc.assert(
    fc.property(fc.array(anyFrame, { minLength: 1, maxLength: 4 }), (frames) => {
      const { rxpks, damages } = readPushData(
        encodePushData({ receptions: frames.map((frame) => ({ frame })) }),
      );
      expect(damages).toBe(0);
      const reception = { atMs: Date.UTC(2026, 0, 1), gatewayEui: "aa555a0000000000" };
      expect(rxpks.map((rxpk) => readRxpk(rxpk, reception))).toEqual(
        frames.map((frame) => ({ ok: true as const, frame })),
      );
    }),
  );
});

test("the CRC of a reception and a stat are told", () => {
  const frame = fc.sample(anyFrame, { numRuns: 1, seed: 7 })[0] as RadioFrame;
  const stat = {
    atMs: Date.UTC(2026, 10, 21, 9, 21, 50),
    received: 3,
    receivedOk: 1,
    temperatureC: 25,
    ackPercent: 99,
  };
  const json = encodePushData({
    receptions: [
      { frame, crc: "bad" },
      { frame, crc: "none" },
    ],
    stat,
  });
  expect(new TextDecoder().decode(json)).toContain('"time":"2026-11-21 09:21:50 GMT"');
  const { rxpks, stats } = readPushData(json);
  expect(rxpks.map((rxpk) => rxpk.get("stat"))).toEqual([-1, 0]);
  expect(stats.map(readStat)).toEqual([{ received: 3, receivedOk: 1, temperatureC: 25, ackPercent: 99 }]);
});
