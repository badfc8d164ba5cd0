import { describe, expect, test } from "bun:test";
import { ASSERTION_REASONS, BEFORE_JUDGING_REASONS, explainVerdict, OUTCOME_REASONS } from "./reasons.ts";
import { RULE_LISTS, ruleOrder } from "./rule-lists.ts";

const RULE_ORDER = ruleOrder(RULE_LISTS["earshot-1"]);

/** The published list again: adding, removing or moving a rule must be repeated here. */
test("the rules and their order", () => {
  expect(RULE_ORDER).toEqual({
    report: [
      "report_late",
      "unknown_hotspot",
      "key_retired",
      "sequence_reused",
      "denied",
      "region_not_allowed",
      "old_version",
      "in_cooldown",
      "time_ahead",
      "counter_mismatch",
      "gnss_missing",
      "gnss_spoofed",
      "gnss_jammed",
      "gnss_clock_step",
      "gnss_jump",
      "gnss_antenna",
      "gnss_no_fix",
      "gnss_weak",
      "gnss_position",
    ],
    beacon: [
      "duplicate",
      "revealed_early",
      "entropy_unknown",
      "entropy_unproven",
      "not_committed",
      "wrong_value",
      "off_schedule",
      "window_used",
      "outside_validity",
      "wrong_channel",
      "wrong_data_rate",
      "power_too_high",
      "not_witnessing",
    ],
    witness: [
      "no_beacon",
      "beacon_refused",
      "payload_mismatch",
      "self_witness",
      "duplicate",
      "edge_denied",
      "outside_validity",
      "heard_apart",
      "other_region",
      "wrong_frequency",
      "wrong_data_rate",
      "too_close",
      "too_far",
      "rssi_above_free_space",
      "snr_too_high",
      "snr_below_floor",
      "rssi_below_sensitivity",
      "noise_too_low",
      "noise_too_high",
      "not_heard_lately",
    ],
  });
});

const MEASURED = [
  "lateMs",
  "sequence",
  "firstSequence",
  "entropyIndex",
  "window",
  "earlyMs",
  "scheduledIndex",
  "firstIndex",
  "afterEntropyMs",
  "freqHz",
  "derivedFreqHz",
  "spreadingFactor",
  "bandwidthHz",
  "derivedSpreadingFactor",
  "derivedBandwidthHz",
  "sentSpreadingFactor",
  "sentBandwidthHz",
  "eirpDdbm",
  "maxEirpDdbm",
  "offsetHz",
  "distanceM",
  "minDistanceM",
  "maxDistanceM",
  "rssiDbm",
  "signalDdbm",
  "boundDdbm",
  "valid",
  "untilEpoch",
  "version",
  "neededVersion",
  "remainingMs",
  "aheadMs",
  "passedMs",
  "strayedMs",
  "toleranceMs",
  "satellites",
  "minSatellites",
  "errorDm",
  "maxErrorM",
  "offM",
  "allowedM",
  "apartMs",
  "allowedMs",
  "snrDdb",
  "maxSnrDdb",
  "floorDdb",
  "sensitivityDdbm",
  "aboveThermalDdb",
  "sinceMs",
  "ageMs",
  "newestSequence",
  "fromEpoch",
  "chain",
  "currentChain",
].map((name, i) => ({ name, value: 1000 + i }));

describe("sentences", () => {
  const cases = (["beacon", "witness"] as const).flatMap((type) =>
    [
      ...RULE_ORDER.report,
      ...RULE_ORDER[type],
      ...OUTCOME_REASONS,
      ...BEFORE_JUDGING_REASONS,
      ...ASSERTION_REASONS,
    ].map((reason) => [type, reason] as const),
  );

  test.each(cases)("%s %s has one, with its numbers", (type, reason) => {
    const sentence = explainVerdict({ type, reason, measurements: MEASURED });
    expect(sentence).toMatch(/^[A-Z0-9].*\.$/);
    expect(sentence).not.toContain("undefined");
    expect(sentence).not.toContain("NaN");
    expect(sentence).not.toStartWith("Refused:");
    expect(explainVerdict({ reason, measurements: MEASURED })).not.toStartWith("Refused:");
  });

  test("numbers are written in units that people use", () => {
    const tell = (type: "beacon" | "witness", reason: string, numbers: Record<string, number>) =>
      explainVerdict({
        type,
        reason,
        measurements: Object.entries(numbers).map(([name, value]) => ({ name, value })),
      });
    const level = { rssiDbm: -60, snrDdb: 90, signalDdbm: -605, boundDdbm: -874, distanceM: 4200 };
    expect(tell("witness", "rssi_above_free_space", level)).toBe(
      "RSSI -60 dBm with SNR 9 dB means a signal 27 dB stronger than free space allows at 4200 m: check the asserted location and antenna gain.",
    );
    expect(tell("beacon", "report_late", { lateMs: 1500 })).toContain("1.5 s after its deadline");
    expect(tell("beacon", "power_too_high", { eirpDdbm: 171, maxEirpDdbm: 160 })).toContain(
      "17.1 dBm EIRP is above the region's 16 dBm",
    );
  });

  test.each([
    ["gnss_weak", { satellites: 3, minSatellites: 4 }, "3 satellites, and at least 4 are needed"],
    ["gnss_weak", { errorDm: 1001, maxErrorM: 100 }, "an error of 100.1 m, and at most 100 m are allowed"],
    [
      "snr_below_floor",
      { snrDdb: -262, floorDdb: -200, spreadingFactor: 12 },
      "SNR -26.2 dB is 6.2 dB below",
    ],
    [
      "rssi_below_sensitivity",
      { rssiDbm: -150, sensitivityDdbm: -1430, spreadingFactor: 12 },
      "RSSI -150 dBm is 7 dB too faint for SF12",
    ],
    ["noise_too_low", { rssiDbm: -140, snrDdb: 0, aboveThermalDdb: -171 }, "means noise 17.1 dB below that"],
    [
      "noise_too_high",
      { rssiDbm: -40, snrDdb: -10, aboveThermalDdb: 706 },
      "means noise 70.6 dB above thermal",
    ],
    [
      "counter_mismatch",
      { passedMs: -60_000, strayedMs: -7500, toleranceMs: 5003 },
      "disagree by 7.5 s over 60.0 s (5.0 s are allowed)",
    ],
    [
      "heard_apart",
      { apartMs: -7000, allowedMs: 5000 },
      "Heard 7.0 s before it was sent (5.0 s are allowed)",
    ],
    ["heard_apart", { apartMs: 7000, allowedMs: 5000 }, "Heard 7.0 s after it was sent"],
    ["not_heard_lately", { allowedMs: 86_400_000 }, "before a new one's first beacon"],
    [
      "not_heard_lately",
      { sinceMs: 90_000_000, allowedMs: 86_400_000 },
      "validly heard for 25 h (24 h are allowed)",
    ],
  ])("%s of %p is told with what was measured", (reason, numbers, words) => {
    const measurements = Object.entries(numbers).map(([name, value]) => ({ name, value }));
    expect(explainVerdict({ type: "witness", reason, measurements })).toContain(words);
  });

  test("a signal that is too strong by some tenths is not told as 0 dB too strong", () => {
    const excess = (signalDdbm: number) =>
      explainVerdict({
        ...{ type: "witness", reason: "rssi_above_free_space" },
        measurements: Object.entries({ signalDdbm, boundDdbm: -900 }).map(([name, value]) => ({
          name,
          value,
        })),
      }).match(/a signal (\d+) dB stronger/)?.[1];
    expect([-899, -886, -885, -884].map(excess)).toEqual(["1", "1", "2", "2"]);
  });

  test("the same reason may mean another thing for a beacon and for a witness", () => {
    const measurements = [{ name: "firstSequence", value: 4 }];
    const [beacon, witness] = (["beacon", "witness"] as const).map((type) =>
      explainVerdict({ type, reason: "duplicate", measurements }),
    );
    expect(beacon).toBe("This beacon was already reported in packet 4.");
    expect(witness).toBe("This beacon was already witnessed in packet 4.");
  });

  test.each(["from_a_later_version", "constructor", "__proto__", ""])(
    "unknown reason %p is told as it is",
    (reason) => {
      expect(explainVerdict({ reason, measurements: [] })).toBe(`Refused: ${reason}.`);
    },
  );
});
