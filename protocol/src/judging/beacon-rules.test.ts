import { describe, expect, test } from "bun:test";
import { beaconMessage, scheduleMessage } from "../beacon/derive.ts";
import { DRAND } from "../network/entropy.ts";
import { REGIONS } from "../radio/regions.ts";
import { entropyTimeMs, reportDeadlineMs } from "../time/schedule.ts";
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
    const at = packet.atMs;
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

describe("schedule_signature", () => {
  const { signer } = scenario.stations[0] as (typeof scenario.stations)[0];
  const other = scenario.stations[1] as (typeof scenario.stations)[1];
  const first = entropyValue(window * scenario.parameters.windowPeriods);
  const wrong: [string, Uint8Array][] = [
    ["zeros", new Uint8Array(64)],
    ["another hotspot's", other.signer.sign(scheduleMessage("demo", first, window))],
    ["another window's", signer.sign(scheduleMessage("demo", first, window + 1))],
    ["another network's", signer.sign(scheduleMessage("testnet-1", first, window))],
    ["another entropy's", signer.sign(scheduleMessage("demo", entropyValue(1), window))],
    ["its beacon signature", honest.beaconSignature],
  ];
  test.each(wrong)("%s", (_what, scheduleSignature) => {
    expect(tryBeacon({ scheduleSignature })).toEqual({ reason: "schedule_signature", window });
  });

  test("the window's first entropy is the first that was published, though the period's is missing", () => {
    const late = window * scenario.parameters.windowPeriods + 1;
    const entropy = scenario.inputs([]).entropy.filter(({ index }) => index >= late);
    expect(tryBeacon({}, { scenario, inputs: { entropy } }).reason).toBe("schedule_signature");
    const scheduleSignature = signer.sign(scheduleMessage("demo", entropyValue(late), window));
    const reason = tryBeacon({ scheduleSignature }, { scenario, inputs: { entropy } }).reason;
    expect(["ok", "off_schedule"]).toContain(reason as string);
  });
});

test("off_schedule: every other period of the window", () => {
  const from = window * scenario.parameters.windowPeriods;
  for (let index = from; index < from + scenario.parameters.windowPeriods; index++) {
    const packet = scenario.beaconAt(0, index, honest.scheduleSignature);
    const expected =
      index === honest.entropyIndex
        ? { reason: "ok" }
        : { reason: "off_schedule", entropyIndex: index, scheduledIndex: honest.entropyIndex };
    expect(tryBeacon(packet)).toEqual(expected);
  }
});

describe("window_used", () => {
  test("the lowest period reported counts, even if it is refused; a higher one changes nothing", () => {
    const reasons = (offset: number) => {
      const scenario = new Scenario();
      const { packet, beacon, witnesses } = scenario.round();
      const other = scenario.beaconAt(0, packet.entropyIndex + offset, packet.scheduleSignature);
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
      const lowest = scenario.beaconAt(0, window * 10, packet.scheduleSignature);
      expect(lowest.entropyIndex).toBeLessThan(packet.entropyIndex);
      const receivedAtMs = reportDeadlineMs(lowest.entropyIndex, scenario.parameters) + lateMs;
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

describe("beacon_signature", () => {
  const { signer } = scenario.stations[0] as (typeof scenario.stations)[0];
  const entropy = entropyValue(honest.entropyIndex);
  const wrong: [string, Uint8Array][] = [
    ["zeros", new Uint8Array(64)],
    ["another hotspot's", scenario.beacon(1).beaconSignature],
    ["another window's", signer.sign(beaconMessage("demo", entropy, window + 1))],
    ["another network's", signer.sign(beaconMessage("testnet-1", entropy, window))],
    ["another entropy's", signer.sign(beaconMessage("demo", entropyValue(1), window))],
    ["its schedule signature", honest.scheduleSignature],
  ];
  test.each(wrong)("%s", (_what, beaconSignature) => {
    expect(tryBeacon({ beaconSignature }).reason).toBe("beacon_signature");
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
