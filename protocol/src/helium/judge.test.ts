import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { HELIUM_BEACON_RULES } from "./beacon-rules.ts";
import { type HeliumJudgement, judgeHeliumBeacon } from "./judge.ts";
import { cellFromDecimal } from "./link-budget.ts";
import { explainHelium, HELIUM_RULE_ORDER } from "./order.ts";
import {
  HELIUM_SETTINGS,
  type HeliumAssertion,
  type HeliumBeaconReport,
  type HeliumContext,
  type HeliumHotspot,
  type HeliumWitnessReport,
} from "./types.ts";
import { HELIUM_WITNESS_RULES } from "./witness-rules.ts";

const ENTROPY_MS = 1_677_163_710_000;
const HOUR_MS = 3_600_000;
/** A beaconer, places 7 and 28 cells (363 and 1314 m) from it, 22,694 m and 2,621,730 m: the reference's vectors. */
const HERE = cellFromDecimal("631615575095659519");
const CELLS_7 = cellFromDecimal("627111975468974079");
const CELLS_28 = cellFromDecimal("627111975465463807");
const KM_22 = cellFromDecimal("631615576056478207");
const KM_2621 = cellFromDecimal("631278052025960447");

const DATA = Uint8Array.of(1, 2, 3);
const BEACON: HeliumBeaconReport = {
  id: "b",
  hotspotKey: "beaconer",
  receivedAtMs: ENTROPY_MS + 60_000,
  remoteEntropy: new Uint8Array(32),
  localEntropy: new Uint8Array(4),
  data: DATA,
  freqHz: 904_500_000,
  dataRate: "SF10BW125",
  txPowerDbm: 27,
};
const witness = (changes: Partial<HeliumWitnessReport> = {}): HeliumWitnessReport => ({
  id: `w-${changes.hotspotKey ?? "witness"}`,
  hotspotKey: "witness",
  receivedAtMs: BEACON.receivedAtMs + 100,
  data: DATA,
  freqHz: 904_500_000,
  signalDdbm: -1060,
  ...changes,
});

const hotspot = (key: string, changes: Partial<HeliumAssertion> = {}): HeliumHotspot => ({
  key,
  isFullHotspot: true,
  asserted: { cell: KM_22, gainDdbi: 12, region: "US915", ...changes },
});

/** Knows every key; the beaconer stands elsewhere. Everybody beaconed and witnessed in the interval before. */
const judging = (changes: Partial<HeliumContext> = {}): HeliumContext => ({
  settings: HELIUM_SETTINGS,
  denylist: { deniesHotspot: () => false, deniesEdge: () => false },
  hotspot: (key) => hotspot(key, key === "beaconer" ? { cell: HERE } : {}),
  entropyTimeMs: () => ENTROPY_MS,
  expectedBeacon: ({ freqHz, dataRate }) => ({ data: DATA, freqHz, dataRate }),
  lastBeaconMs: () => BEACON.receivedAtMs - 6 * HOUR_MS,
  lastWitnessedBeaconMs: () => BEACON.receivedAtMs - 6 * HOUR_MS,
  lastWitnessMs: () => BEACON.receivedAtMs - 6 * HOUR_MS,
  ...changes,
});

const beaconReason = (changes: Partial<HeliumBeaconReport>, worldChanges: Partial<HeliumContext> = {}) =>
  judgeHeliumBeacon({ ...BEACON, ...changes }, [], judging(worldChanges)).invalid?.reason ?? "ok";
const only = (judgement: HeliumJudgement) => judgement.witnesses[0]?.invalid?.reason ?? "ok";
const witnessReason = (changes: Partial<HeliumWitnessReport>, worldChanges: Partial<HeliumContext> = {}) =>
  only(judgeHeliumBeacon(BEACON, [witness(changes)], judging(worldChanges)));
const witnessAt = (changes: Partial<HeliumAssertion>) =>
  witnessReason({}, { hotspot: (key) => hotspot(key, key === "beaconer" ? { cell: HERE } : changes) });

describe("a beacon", () => {
  test("that keeps all rules is valid", () => expect(beaconReason({})).toBe("ok"));

  test("of nobody known, or without a location", () => {
    expect(beaconReason({}, { hotspot: () => undefined })).toBe("gateway_not_found");
    expect(beaconReason({}, { hotspot: (key) => ({ key, isFullHotspot: true, asserted: undefined }) })).toBe(
      "not_asserted",
    );
  });

  test("of a denied hotspot", () => {
    const denylist = { deniesHotspot: (key: string) => key === "beaconer", deniesEdge: () => false };
    expect(beaconReason({}, { denylist })).toBe("denied");
  });

  test("received from its entropy's second to 180 s later, both included", () => {
    const at = (ms: number) =>
      beaconReason({ receivedAtMs: ENTROPY_MS + ms }, { lastBeaconMs: () => undefined });
    expect([-1, 0, 180_999, 181_000].map(at)).toEqual(["entropy_expired", "ok", "ok", "entropy_expired"]);
  });

  test("of a hotspot that only carries data", () => {
    expect(beaconReason({}, { hotspot: (key) => ({ ...hotspot(key), isFullHotspot: false }) })).toBe(
      "invalid_capability",
    );
  });

  test("once in six hours, counted from the Unix epoch; the first ever passes", () => {
    const start = Math.floor(BEACON.receivedAtMs / (6 * HOUR_MS)) * 6 * HOUR_MS;
    const after = (last: number | undefined) => beaconReason({}, { lastBeaconMs: () => last });
    expect([undefined, start - 1, start, BEACON.receivedAtMs + 1].map(after)).toEqual([
      "ok",
      "ok",
      "irregular_interval",
      "irregular_interval",
    ]);
  });

  test("that is not the one derived again, or cannot be derived", () => {
    const expected = { data: DATA, freqHz: BEACON.freqHz, dataRate: BEACON.dataRate };
    const other = [{ data: Uint8Array.of(1, 2) }, { freqHz: 904_500_001 }, { dataRate: "SF9BW125" }];
    for (const changes of other) {
      expect(beaconReason({}, { expectedBeacon: () => ({ ...expected, ...changes }) })).toBe(
        "invalid_packet",
      );
    }
    expect(beaconReason({}, { expectedBeacon: () => undefined })).toBe("invalid_packet");
  });

  test("with any power is valid: it is not checked", () => {
    expect(beaconReason({ txPowerDbm: 100 })).toBe("ok");
  });

  test("of a hotspot that has not validly heard another within 48 hours", () => {
    const last = (agoMs: number | undefined) =>
      beaconReason({}, { lastWitnessMs: () => agoMs && BEACON.receivedAtMs - agoMs });
    const reason = "gateway_no_valid_witnesses";
    expect([undefined, 48 * HOUR_MS, 48 * HOUR_MS - 1].map(last)).toEqual([reason, reason, "ok"]);
  });
});

describe("a witness", () => {
  test("that keeps all rules is paid", () => {
    const [verdict] = judgeHeliumBeacon(BEACON, [witness()], judging()).witnesses;
    expect(verdict).toEqual({ report: witness(), status: "selected", invalid: undefined, side: undefined });
  });

  test("of a beacon that is invalid is invalid for the same reason, by the beaconer", () => {
    const judged = judgeHeliumBeacon(BEACON, [witness()], judging({ lastWitnessMs: () => undefined }));
    expect(judged.witnesses[0]).toMatchObject({ status: "invalid", side: "beaconer" });
    expect(only(judged)).toBe("gateway_no_valid_witnesses");
  });

  test("of nobody known, or without a location", () => {
    const known = (key: string) => (key === "beaconer" ? hotspot(key, { cell: HERE }) : undefined);
    expect(witnessReason({}, { hotspot: known })).toBe("gateway_not_found");
    const asserted = (key: string) => known(key) ?? { key, isFullHotspot: true, asserted: undefined };
    expect(witnessReason({}, { hotspot: asserted })).toBe("not_asserted");
  });

  test("that is denied, or whose edge is", () => {
    const denies = (key: string) => key === "witness";
    const denylist = { deniesHotspot: denies, deniesEdge: () => false };
    expect(witnessReason({}, { denylist })).toBe("denied");
    const deniesEdge = (a: string, b: string) => a === "beaconer" && b === "witness";
    expect(witnessReason({}, { denylist: { deniesHotspot: () => false, deniesEdge } })).toBe("denied_edge");
  });

  test("of its own beacon", () => expect(witnessReason({ hotspotKey: "beaconer" })).toBe("self_witness"));

  test("within the entropy's life, and 4 s after the beacon or 1.5 s after the first witness", () => {
    const lateBeacon = { ...BEACON, receivedAtMs: ENTROPY_MS + 178_000 };
    const after = (ms: number) =>
      only(
        judgeHeliumBeacon(lateBeacon, [witness({ receivedAtMs: lateBeacon.receivedAtMs + ms })], judging()),
      );
    expect([2999, 3000].map(after)).toEqual(["ok", "entropy_expired"]);
    const lag = (ms: number) => witnessReason({ receivedAtMs: BEACON.receivedAtMs + ms });
    expect([4000, 4001].map(lag)).toEqual(["ok", "too_late"]);
    const first = witness({ hotspotKey: "first", receivedAtMs: BEACON.receivedAtMs - 1 });
    const second = (ms: number) => {
      const reports = [witness({ receivedAtMs: first.receivedAtMs + ms }), first];
      return judgeHeliumBeacon(BEACON, reports, judging()).witnesses[1]?.invalid?.reason ?? "ok";
    };
    expect([1500, 1501].map(second)).toEqual(["ok", "too_late"]);
  });

  test("of another payload, or of a hotspot that only carries data", () => {
    expect(witnessReason({ data: Uint8Array.of(1, 2, 4) })).toBe("invalid_packet");
    const isFull = (key: string) => ({ ...hotspot(key), isFullHotspot: key === "beaconer" });
    expect(witnessReason({}, { hotspot: isFull })).toBe("invalid_capability");
  });

  test("within 100 kHz and in the same region", () => {
    const off = (hz: number) => witnessReason({ freqHz: BEACON.freqHz + hz });
    expect([100_000, -100_000, 100_001].map(off)).toEqual(["ok", "ok", "invalid_frequency"]);
    expect(witnessAt({ region: "EU868" })).toBe("invalid_region");
  });

  test("at least 8 cells and at most 100 km away", () => {
    expect(witnessAt({ cell: CELLS_7 })).toBe("below_min_distance");
    expect(witnessAt({ cell: CELLS_28 })).toBe("ok");
    expect(witnessAt({ cell: KM_2621 })).toBe("max_distance_exceeded");
  });

  test("not stronger than free space allows, by the power that the beaconer reports", () => {
    // 27 + 1 + 1 − 118.69 dB at 22,694 m, from the reference's formula.
    expect([-897, -896].map((signalDdbm) => witnessReason({ signalDdbm }))).toEqual(["ok", "bad_rssi"]);
    const loud = { ...BEACON, txPowerDbm: 127 };
    expect(only(judgeHeliumBeacon(loud, [witness({ signalDdbm: -100 })], judging()))).toBe("ok");
  });

  test("that was itself heard beaconing within 48 hours", () => {
    const at = BEACON.receivedAtMs + 100;
    const last = (agoMs: number | undefined) =>
      witnessReason({}, { lastWitnessedBeaconMs: () => agoMs && at - agoMs });
    const reason = "gateway_no_valid_beacons";
    expect([undefined, 48 * HOUR_MS, 48 * HOUR_MS - 1].map(last)).toEqual([reason, reason, "ok"]);
  });

  test("whose hotspot reported before is a duplicate, even when that report was invalid", () => {
    const reports = [
      witness({ id: "1", receivedAtMs: BEACON.receivedAtMs + 1, data: Uint8Array.of() }),
      witness({ id: "2" }),
    ];
    const { witnesses } = judgeHeliumBeacon(BEACON, reports, judging());
    expect(witnesses.map(({ invalid }) => invalid?.reason)).toEqual(["invalid_packet", "duplicate"]);
  });
});

test("the first 14 valid by receive time are paid, in whatever order they are given", () => {
  const reports = Array.from({ length: 20 }, (_, i) =>
    witness({
      hotspotKey: `w${String(i).padStart(2, "0")}`,
      receivedAtMs: BEACON.receivedAtMs + 10 * i,
      // Three that are refused take no place.
      data: i < 3 ? Uint8Array.of() : DATA,
    }),
  );
  const statuses = (given: HeliumWitnessReport[]) =>
    judgeHeliumBeacon(BEACON, given, judging()).witnesses.map(({ status }) => status);
  const expected = [
    ...Array(3).fill("invalid"),
    ...Array(14).fill("selected"),
    ...Array(3).fill("unselected"),
  ];
  fc.assert(
    fc.property(fc.shuffledSubarray(reports, { minLength: 20, maxLength: 20 }), (given) => {
      expect(statuses(given)).toEqual(expected);
    }),
    { numRuns: 20 },
  );
});

describe("what a judgement leaves for the next", () => {
  const records = (changes: Partial<HeliumContext>, reports = [witness()]) =>
    judgeHeliumBeacon(BEACON, reports, judging(changes)).records;

  test("an invalid beacon takes the interval, one of an unknown hotspot does not", () => {
    expect(records({ expectedBeacon: () => undefined })).toMatchObject({
      isBeacon: true,
      isWitnessedBeacon: false,
    });
    expect(records({ hotspot: () => undefined }).isBeacon).toBe(false);
  });

  test("reciprocity that fails still counts as beacon and as witness", () => {
    const left = records({ lastWitnessMs: () => undefined, lastWitnessedBeaconMs: () => undefined });
    expect(left).toEqual({ isBeacon: true, isWitnessedBeacon: true, witnesses: [witness()] });
  });

  test("a beacon without any witness report was not heard", () => {
    expect(records({}, [])).toEqual({ isBeacon: true, isWitnessedBeacon: false, witnesses: [] });
  });
});

test("the list of rules is complete and in Helium's order", () => {
  expect(HELIUM_RULE_ORDER).toEqual({
    report: ["stale"],
    beacon: [
      "gateway_not_found",
      "not_asserted",
      "denied",
      "entropy_expired",
      "invalid_capability",
      "irregular_interval",
      "invalid_packet",
      "gateway_no_valid_witnesses",
    ],
    witness: [
      "duplicate",
      "gateway_not_found",
      "not_asserted",
      "denied",
      "denied_edge",
      "self_witness",
      "entropy_expired",
      "too_late",
      "invalid_packet",
      "invalid_capability",
      "invalid_frequency",
      "invalid_region",
      "below_min_distance",
      "max_distance_exceeded",
      "bad_rssi",
      "gateway_no_valid_beacons",
    ],
  });
  expect([HELIUM_BEACON_RULES.length, HELIUM_WITNESS_RULES.length]).toEqual([7, 15]);
});

test("every reason has a sentence, and a witness is told when the beacon is at fault", () => {
  const sentence = (type: "beacon" | "witness", reason: string, byBeaconer = 0) =>
    explainHelium({ type, reason, measurements: [{ name: "byBeaconer", value: byBeaconer }] });
  for (const type of ["beacon", "witness"] as const) {
    for (const reason of ["ok", "stale", "not_heard", "unselected", ...HELIUM_RULE_ORDER[type]])
      expect(sentence(type, reason)).toMatch(/\.$/);
  }
  for (const reason of HELIUM_RULE_ORDER.beacon)
    expect(sentence("witness", reason, 1)).toStartWith("Of the beacon that was heard: ");
  expect(sentence("beacon", "bad_rssi")).toBeUndefined();
});
