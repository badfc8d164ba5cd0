import { describe, expect, test } from "bun:test";
import type { HeardWitness } from "../packet/packet.ts";
import { entropyTimeMs } from "../time/schedule.ts";
import { Scenario } from "./scenario.ts";
import { tryWitness } from "./trial.ts";

/** A level that fits any distance up to 100 km. */
const FAINT = { rssiDbm: -120, snrDdb: 0 };

describe("outside_validity", () => {
  const scenario = new Scenario();
  const { entropyIndex } = scenario.beacon(0);
  const { clockSkewMs, entropyValidityMs, hearingDelayMs } = scenario.parameters;
  const entropyMs = entropyTimeMs(entropyIndex, scenario.parameters);
  const latestMs = entropyValidityMs + clockSkewMs + hearingDelayMs;
  test.each<[number, string]>([
    [-clockSkewMs - 1, "outside_validity"],
    [-clockSkewMs, "ok"],
    [latestMs, "ok"],
    [latestMs + 1, "outside_validity"],
  ])("heard %d ms after the entropy: %s", (afterEntropyMs, reason) => {
    // The beacon as near in time as it may be.
    const sentMs = Math.min(Math.max(afterEntropyMs, 0), entropyValidityMs);
    const beacon = { atMs: entropyMs + sentMs };
    const result = tryWitness({ atMs: entropyMs + afterEntropyMs }, { beacon });
    expect(result).toEqual(reason === "ok" ? { reason } : { reason, afterEntropyMs });
  });
});

describe("heard_apart", () => {
  test.each<[number, string]>([
    [-8001, "heard_apart"],
    [-8000, "ok"],
    [0, "ok"],
    [2300, "ok"],
    [8000, "ok"],
    [8001, "heard_apart"],
  ])("heard %d ms after it was sent: %s", (apartMs, reason) => {
    const result = tryWitness(({ atMs }) => ({ atMs: atMs + apartMs }));
    expect(result).toEqual(reason === "ok" ? { reason } : { reason, apartMs, allowedMs: 8000 });
  });

  test("two clocks that are off by the allowed skew, and a slow forwarder, may add up", () => {
    const scenario = new Scenario([0, 5000], { clockSkewMs: 100, hearingDelayMs: 50 });
    const heard = (apartMs: number) =>
      tryWitness(({ atMs }) => ({ atMs: atMs + apartMs }), {
        scenario: new Scenario([0, 5000], scenario.parameters),
      });
    expect(heard(250)).toEqual({ reason: "ok" });
    expect(heard(251)).toEqual({ reason: "heard_apart", apartMs: 251, allowedMs: 250 });
  });
});

describe("other_region", () => {
  test("a witness that asserts another region cannot hear the beacon", () => {
    const scenario = new Scenario();
    scenario.hotspot(1).region = "EU433";
    expect(tryWitness({}, { scenario })).toEqual({ reason: "other_region" });
  });

  test("both in another region is well", () => {
    const scenario = new Scenario();
    for (const who of [0, 1]) scenario.hotspot(who).region = "US915";
    expect(tryWitness({}, { scenario })).toEqual({ reason: "ok" });
  });
});

describe("wrong_frequency", () => {
  test.each([-1000, 0, 1000])("%d Hz off is near enough", (offsetHz) => {
    expect(tryWitness(({ freqHz }) => ({ freqHz: freqHz + offsetHz }))).toEqual({ reason: "ok" });
  });
  test.each([-1001, 1001, 200_000])("%d Hz off is another channel", (offsetHz) => {
    const change = ({ freqHz }: HeardWitness) => ({ freqHz: freqHz + offsetHz });
    expect(tryWitness(change)).toEqual({ reason: "wrong_frequency", offsetHz });
  });
});

describe("wrong_data_rate", () => {
  const sent = new Scenario().beacon(0).spreadingFactor;
  test.each([5, 6, 7, 8, 9, 10, 11, 12].filter((sf) => sf !== sent))(
    "SF%d was not sent",
    (spreadingFactor) => {
      expect(tryWitness({ spreadingFactor })).toEqual({
        reason: "wrong_data_rate",
        spreadingFactor,
        bandwidthHz: 125_000,
        sentSpreadingFactor: sent,
        sentBandwidthHz: 125_000,
      });
    },
  );
  test.each([250_000, 500_000])("%d Hz wide was not sent", (bandwidthHz) => {
    expect(tryWitness({ bandwidthHz }).reason).toBe("wrong_data_rate");
  });
});

describe("distance", () => {
  test.each([
    [0, "too_close"],
    [299, "too_close"],
    [300, "ok"],
    [100_000, "ok"],
    [100_001, "too_far"],
    [4_000_000, "too_far"],
  ])("%d m: %s", (distanceM, reason) => {
    const result = tryWitness(FAINT, { scenario: new Scenario([0, distanceM]) });
    const limit = reason === "too_close" ? { minDistanceM: 300 } : { maxDistanceM: 100_000 };
    expect(result).toEqual(reason === "ok" ? { reason } : { reason, distanceM, ...limit });
  });

  test("limits are the network's", () => {
    const near = new Scenario([0, 299], { minDistanceM: 299 });
    expect(tryWitness(FAINT, { scenario: near })).toEqual({ reason: "ok" });
  });
});
