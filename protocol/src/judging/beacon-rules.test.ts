import { describe, expect, test } from "bun:test";
import { BeaconChains, CHAIN_WINDOWS } from "../beacon/chain.ts";
import { scheduledIndex } from "../beacon/derive.ts";
import { DRAND } from "../network/entropy.ts";
import { REGIONS } from "../radio/regions.ts";
import { entropyTimeMs, reportDeadlineMs, revealDeadlineMs } from "../time/schedule.ts";
import { epochContext } from "./epoch-context.ts";
import { entropyValue, Scenario, verdictOn } from "./scenario.ts";
import { tryBeacon } from "./trial.ts";

const scenario = new Scenario();
const honest = scenario.beacon(0);
const { window } = scenario;

test("an honest report is paid", () => expect(tryBeacon()).toEqual({ reason: "ok" }));

describe("duplicate", () => {
  test("the lowest sequence number counts, whatever arrived first", () => {
    const scenario = new Scenario();
    const { packet, witnesses } = scenario.round();
    const at = reportDeadlineMs(packet.entropyIndex, scenario.parameters);
    const second = scenario.receive(0, packet, { sequence: 12, receivedAtMs: at + 1 });
    const first = scenario.receive(0, { ...packet, tmstUs: 5 }, { sequence: 11, receivedAtMs: at + 99 });
    const judgement = scenario.judge([second, first, ...witnesses]);
    expect(verdictOn(judgement, first).reason).toBe("ok");
    expect(verdictOn(judgement, second)).toMatchObject({
      reason: "duplicate",
      measurements: [{ name: "firstSequence", value: 11 }],
    });
    expect(judgement.proven).toHaveLength(1);
  });
});

test("entropy_unknown: a period without entropy", () => {
  const entropy = scenario.inputs([]).entropy.filter(({ index }) => index !== honest.entropyIndex);
  expect(tryBeacon({}, { scenario, inputs: { entropy } })).toEqual({
    reason: "entropy_unknown",
    entropyIndex: honest.entropyIndex,
  });
});

describe("entropy_unproven: a period without proof, where the parameters do not let it count", () => {
  const source = { kind: DRAND, round: 1, signature: null, counts: false };
  const unproven = (isIt: (index: number) => boolean) =>
    scenario.inputs([]).entropy.map((one) => (isIt(one.index) ? { ...one, source } : one));
  const first = window * scenario.parameters.windowPeriods;

  test("its beacons are refused, and others are not", () => {
    const own = unproven((index) => index === honest.entropyIndex);
    expect(tryBeacon({}, { scenario, inputs: { entropy: own } })).toEqual({
      reason: "entropy_unproven",
      entropyIndex: honest.entropyIndex,
    });
    const later = unproven((index) => index > honest.entropyIndex && index % 2 === 0);
    expect(tryBeacon({}, { scenario, inputs: { entropy: later } }).reason).toBe("ok");
  });

  test("it does not begin a window: the first that counts does", () => {
    const entropy = unproven((index) => index === first);
    const context = epochContext({ ...scenario.inputs([]), entropy }, [], () => undefined);
    expect(context.firstEntropyOfWindow(window)).toBe(first + 1);
    expect([context.isEntropyCounted(first), context.isEntropyCounted(first + 1)]).toEqual([false, true]);
  });

  test("it draws nobody: the first after it that counts does", () => {
    const entropy = unproven((index) => index === first + 3 || index === first + 4);
    const context = epochContext({ ...scenario.inputs([]), entropy }, [], () => undefined);
    const value = (at: number) => entropy.find(({ index }) => index === at)?.value;
    expect(context.drawEntropy(first + 3)).toEqual(value(first + 5));
    expect(context.drawEntropy(first + 2)).toEqual(value(first + 2));
  });
});

describe("revealed_early", () => {
  const deadlineMs = reportDeadlineMs(honest.entropyIndex, scenario.parameters);
  test.each([
    [-1, "revealed_early"],
    [0, "revealed_early"],
    [1, "ok"],
  ])("received %d ms after its witnesses' deadline: %s", (afterMs, reason) => {
    const expected = reason === "ok" ? { reason } : { reason, earlyMs: Math.abs(afterMs) };
    expect(tryBeacon({}, { delayMs: deadlineMs + afterMs - honest.atMs })).toEqual(expected);
  });

  test("its witnesses are not paid either: who saw it could have copied them", () => {
    const scenario = new Scenario();
    const { packet, witnesses } = scenario.round();
    const beacon = scenario.receive(0, packet, { receivedAtMs: packet.atMs + 1000 });
    const again = scenario.receive(0, { ...packet, tmstUs: 1 });
    const judgement = scenario.judge([beacon, again, ...witnesses]);
    expect([beacon, again, ...witnesses].map((report) => verdictOn(judgement, report).reason)).toEqual([
      "revealed_early",
      "duplicate",
      "beacon_refused",
      "beacon_refused",
    ]);
  });
});

describe("not_committed", () => {
  const withChains = (chains: readonly number[]) => {
    const scenario = new Scenario();
    const station = scenario.stations[0] as (typeof scenario.stations)[0];
    const [{ chain, ...accepted } = { chain: 0 }] = station.hotspot.commitments;
    const own = chains.map((each) => ({ ...accepted, ...station.chains.commitment(chain + each) }));
    Object.assign(station.hotspot, { commitments: own });
    return tryBeacon({}, { scenario });
  };
  test("a hotspot that has not committed, or to other chains only", () => {
    for (const chains of [[], [1], [-1, 1]]) {
      expect(withChains(chains)).toEqual({ reason: "not_committed", window });
    }
    expect(withChains([0])).toEqual({ reason: "ok" });
    expect(withChains([-1, 0, 1])).toEqual({ reason: "ok" });
  });
});

describe("wrong_value", () => {
  const { chains, signer } = scenario.stations[0] as (typeof scenario.stations)[0];
  const other = scenario.stations[1] as (typeof scenario.stations)[1];
  const wrong: [string, Uint8Array][] = [
    ["zeros", new Uint8Array(32)],
    ["another hotspot's", other.chains.valueOf(window)],
    ["the next window's", chains.valueOf(window + 1)],
    ["the one before, which was revealed", chains.valueOf(window - 1)],
    ["the same place of another chain", chains.valueOf(window + CHAIN_WINDOWS)],
    ["another network's", new BeaconChains(signer, "testnet-1").valueOf(window)],
    ["the head itself", scenario.hotspot(0).commitments[0]?.head as Uint8Array],
  ];
  test.each(wrong)("%s", (_what, value) => {
    expect(tryBeacon(scenario.beaconAt(0, honest.entropyIndex, value))).toEqual({
      reason: "wrong_value",
      window,
    });
  });
});

describe("off_schedule", () => {
  test("the window's first entropy is the first that was published, though the period's is missing", () => {
    const { windowPeriods } = scenario.parameters;
    const own = { network: "demo", window, value: honest.value };
    const indexes = Array.from({ length: windowPeriods }, (_, i) => window * windowPeriods + i);
    const scheduledWith = (first = 0) => scheduledIndex(own, entropyValue(first), windowPeriods);
    // Such that both periods have their entropy.
    const first = indexes.slice(1).find((index) => {
      const scheduled = scheduledWith(index);
      return Math.min(scheduled, honest.entropyIndex) >= index && scheduled !== honest.entropyIndex;
    });
    const entropy = scenario.inputs([]).entropy.filter(({ index }) => index >= (first ?? 0));
    const scheduled = scheduledWith(first);
    expect(tryBeacon({}, { scenario, inputs: { entropy } })).toEqual({
      reason: "off_schedule",
      entropyIndex: honest.entropyIndex,
      scheduledIndex: scheduled,
    });
    expect(tryBeacon(scenario.beaconAt(0, scheduled), { scenario, inputs: { entropy } }).reason).toBe("ok");
  });

  test("every other period of the window", () => {
    const from = window * scenario.parameters.windowPeriods;
    for (let index = from; index < from + scenario.parameters.windowPeriods; index++) {
      const expected =
        index === honest.entropyIndex
          ? { reason: "ok" }
          : { reason: "off_schedule", entropyIndex: index, scheduledIndex: honest.entropyIndex };
      expect(tryBeacon(scenario.beaconAt(0, index))).toEqual(expected);
    }
  });
});

describe("window_used", () => {
  test("the lowest period reported counts, even if it is refused; a higher one changes nothing", () => {
    const reasons = (offset: number) => {
      const scenario = new Scenario();
      const { packet, beacon, witnesses } = scenario.round();
      const other = scenario.beaconAt(0, packet.entropyIndex + offset);
      const extra = scenario.receive(0, other);
      const judgement = scenario.judge([beacon, extra, ...witnesses]);
      return [verdictOn(judgement, extra).reason, verdictOn(judgement, beacon).reason];
    };
    expect(reasons(-1)).toEqual(["off_schedule", "window_used"]);
    expect(reasons(+1)).toEqual(["off_schedule", "ok"]);
  });

  test("a late report uses no window, one received at its very deadline does", () => {
    const reason = (lateMs: number) => {
      const scenario = new Scenario();
      const { packet, beacon, witnesses } = scenario.round();
      const lowest = scenario.beaconAt(0, window * 10);
      expect(lowest.entropyIndex).toBeLessThan(packet.entropyIndex);
      const receivedAtMs = revealDeadlineMs(lowest.entropyIndex, scenario.parameters) + lateMs;
      const early = scenario.receive(0, lowest, { receivedAtMs });
      return verdictOn(scenario.judge([beacon, early, ...witnesses]), beacon).reason;
    };
    expect([reason(0), reason(1)]).toEqual(["window_used", "ok"]);
  });

  test("each window counts on its own", () => {
    const scenario = new Scenario();
    const rounds = [scenario.round(0, [1], window), scenario.round(0, [1], window + 1)];
    const judgement = scenario.judge(rounds.flatMap(({ beacon, witnesses }) => [beacon, ...witnesses]));
    expect(judgement.verdicts.map(({ reason }) => reason)).toEqual(["ok", "ok", "ok", "ok"]);
    expect(judgement.proven).toHaveLength(2);
  });
});

describe("outside_validity", () => {
  const entropyMs = entropyTimeMs(honest.entropyIndex, scenario.parameters);
  const { clockSkewMs, entropyValidityMs } = scenario.parameters;
  const latestMs = entropyValidityMs + clockSkewMs;
  test.each([
    [-clockSkewMs - 1, "outside_validity"],
    [-clockSkewMs, "ok"],
    [0, "ok"],
    [latestMs, "ok"],
    [latestMs + 1, "outside_validity"],
  ])("%d ms after the entropy: %s", (afterEntropyMs, reason) => {
    const expected = reason === "ok" ? { reason } : { reason, afterEntropyMs };
    expect(tryBeacon({ atMs: entropyMs + afterEntropyMs })).toEqual(expected);
  });
});

test("wrong_channel: any frequency but the derived one, by a single Hz", () => {
  for (const freqHz of [honest.freqHz - 1, honest.freqHz + 1]) {
    expect(tryBeacon({ freqHz })).toEqual({ reason: "wrong_channel", freqHz, derivedFreqHz: honest.freqHz });
  }
});

describe("wrong_data_rate", () => {
  test("another spreading factor", () => {
    const spreadingFactor = honest.spreadingFactor === 7 ? 8 : 7;
    expect(tryBeacon({ spreadingFactor })).toEqual({
      reason: "wrong_data_rate",
      spreadingFactor,
      bandwidthHz: 125_000,
      derivedSpreadingFactor: honest.spreadingFactor,
      derivedBandwidthHz: 125_000,
    });
  });
  test("another bandwidth", () => {
    expect(tryBeacon({ bandwidthHz: 250_000 })).toMatchObject({
      reason: "wrong_data_rate",
      bandwidthHz: 250_000,
      derivedBandwidthHz: 125_000,
    });
  });
});

describe("power_too_high", () => {
  test("16 dBm EIRP are allowed in EU868, with the antenna's gain", () => {
    // 14 dBm and the 2 dBi of the scenario's antennas.
    expect(tryBeacon({ powerDbm: 14 })).toEqual({ reason: "ok" });
    expect(tryBeacon({ powerDbm: 15 })).toEqual({
      reason: "power_too_high",
      eirpDdbm: 170,
      maxEirpDdbm: 160,
    });
  });

  test("a tenth of a dB too much is too much", () => {
    const scenario = new Scenario();
    scenario.hotspot(0).antennaGainDdbi = 21;
    expect(tryBeacon({}, { scenario })).toMatchObject({ reason: "power_too_high", eirpDdbm: 161 });
  });

  test("12.15 dBm of EU433 are compared exactly", () => {
    const region = "EU433";
    expect(REGIONS[region].maxEirpDbm).toBe(12.15);
    const withGain = (antennaGainDdbi: number) => {
      const scenario = new Scenario();
      for (const who of [0, 1]) Object.assign(scenario.hotspot(who), { region, antennaGainDdbi });
      return tryBeacon({ powerDbm: 10 }, { scenario });
    };
    expect(withGain(21)).toEqual({ reason: "ok" });
    expect(withGain(22)).toEqual({ reason: "power_too_high", eirpDdbm: 122, maxEirpDdbm: 121 });
  });
});
