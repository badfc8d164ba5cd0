import { describe } from "bun:test";
import fc from "fast-check";
import { REGION_IDS, type RegionId } from "../radio/regions.ts";
import {
  afterContacts,
  around,
  bit,
  contactSpans,
  denialsOver,
  entropyMs,
  flipped,
  heard,
  honest,
  isInForceNow,
  type Properties,
  plain,
  spans,
  type Trial,
  testProperties,
} from "./properties.ts";
import { Scenario, verdictOn } from "./scenario.ts";
import { tryWitness } from "./trial.ts";

const level = fc.tuple(fc.integer({ min: -170, max: -60 }), fc.integer({ min: -300, max: 250 }));
/** A rule about RSSI (dBm) and SNR (tenths), far below free space; `before` are refused by rules before it. */
const ofLevel = (
  isRefused: (rssiDbm: number, snrDb: number) => boolean,
  before: (r: number, s: number) => boolean,
) =>
  level
    .filter(([rssiDbm, snrDdb]) => !before(rssiDbm, snrDdb / 10))
    .map(([rssiDbm, snrDdb]): Trial => {
      const { reason } = tryWitness({ rssiDbm, snrDdb }, { scenario: loud() });
      return { reason, expected: isRefused(rssiDbm, snrDdb / 10) };
    });

/** Two stations whose antennas explain any RSSI. */
function loud(): Scenario {
  const scenario = new Scenario([0, 5000]);
  scenario.hotspot(1).antennaGainDdbi = 300;
  scenario.hotspot(0).antennaGainDdbi = 20;
  return scenario;
}
/** −174 dBm/Hz in 125 kHz is −123.03 dBm; every rule rounds it to tenths. */
const THERMAL_DBM = -123;
const floorDb = 10 - 2.5 * honest.spreadingFactor;
const isHigh = (_rssiDbm: number, snrDb: number) => snrDb > 20;
const isLow = (_rssiDbm: number, snrDb: number) => snrDb < floorDb - 10;
const isFaint = (rssiDbm: number) => rssiDbm < THERMAL_DBM + floorDb - 10;
const tenth = (value: number) => Math.round(value * 10) / 10;
const isQuiet = (rssiDbm: number, snrDb: number) => tenth(rssiDbm - snrDb) < THERMAL_DBM - 10;
/** The noise is what is left of the channel's power without the signal's, in milliwatts. */
const isNoisy = (rssiDbm: number, snrDb: number) => {
  const noiseMw = 10 ** (rssiDbm / 10) / (1 + 10 ** (snrDb / 10));
  return snrDb < 0 && tenth(10 * Math.log10(noiseMw)) > THERMAL_DBM + 70;
};
const any =
  (...tests: ((r: number, s: number) => boolean)[]) =>
  (r: number, s: number) =>
    tests.some((each) => each(r, s));

const WITNESS: Properties = {
  no_beacon: fc.boolean().map((isReported) => {
    const scenario = new Scenario();
    const { beacon, witnesses } = scenario.round(0, [1]);
    const reports = isReported ? [beacon, ...witnesses] : witnesses;
    const { reason } = verdictOn(scenario.judge(reports), witnesses[0] as (typeof witnesses)[0]);
    return { reason, expected: !isReported };
  }),
  beacon_refused: fc.integer({ min: 0, max: 30 }).map((powerDbm) => ({
    reason: tryWitness({}, { beacon: { powerDbm }, scenario: loud() }).reason,
    expected: powerDbm * 10 + 20 > 160,
  })),
  // The tag: other bits name another beacon.
  payload_mismatch: bit(15, 31).map((at) => ({
    reason: tryWitness(({ frame }) => ({ frame: flipped(frame, at) })).reason,
    expected: true,
  })),
  self_witness: fc.constantFrom(0, 1, 2).map((who) => {
    const scenario = new Scenario();
    const { packet, beacon } = scenario.round(0, []);
    const report = scenario.receive(who, scenario.witness(who === 0 ? 1 : who, 0, packet));
    return { reason: verdictOn(scenario.judge([beacon, report]), report).reason, expected: who === 0 };
  }),
  duplicate: fc.tuple(fc.nat(9), fc.nat(9)).map(([one, two]) => {
    const scenario = new Scenario();
    const { beacon } = scenario.round(0, []);
    const first = scenario.receive(1, { ...heard, snrDdb: 3 }, { sequence: one });
    const second = scenario.receive(1, heard, { sequence: two, receivedAtMs: heard.atMs });
    return { reason: verdictOn(scenario.judge([beacon, first, second]), second).reason, expected: one < two };
  }),
  edge_denied: fc.tuple(fc.constantFrom(0, 2), spans).map(([who, span]) => {
    const keys = [who, 1]
      .map((i) => plain.hotspot(i).publicKey)
      .sort((a, b) => (a.toHex() < b.toHex() ? -1 : 1));
    const inputs = { denials: denialsOver(span, keys[0] as Uint8Array, keys[1] as Uint8Array) };
    return { reason: tryWitness({}, { inputs }).reason, expected: who === 0 && isInForceNow(span) };
  }),
  outside_validity: fc.oneof(around(-2000), around(186_000)).map((afterMs) => ({
    reason: tryWitness(
      { atMs: entropyMs + afterMs },
      { beacon: { atMs: entropyMs + Math.min(180_000, Math.max(0, afterMs)) } },
    ).reason,
    expected: afterMs < -2000 || afterMs > 186_000,
  })),
  heard_apart: fc
    .oneof(around(-8000), around(8000), fc.integer({ min: -20_000, max: 20_000 }))
    .map((apartMs) => ({
      reason: tryWitness(({ atMs }) => ({ atMs: atMs + apartMs })).reason,
      expected: Math.abs(apartMs) > 8000,
    })),
  other_region: fc.tuple(fc.constantFrom(...REGION_IDS), fc.constantFrom(...REGION_IDS)).map(([a, b]) => {
    const scenario = new Scenario();
    for (const [who, region] of [a, b].entries()) scenario.hotspot(who).region = region as RegionId;
    // Little power: EU433 allows 12.15 dBm EIRP.
    return { reason: tryWitness({}, { scenario, beacon: { powerDbm: 5 } }).reason, expected: a !== b };
  }),
  wrong_frequency: fc
    .oneof(around(-1000), around(1000), fc.integer({ min: -2e6, max: 2e6 }))
    .map((offsetHz) => ({
      reason: tryWitness(({ freqHz }) => ({ freqHz: freqHz + offsetHz })).reason,
      expected: Math.abs(offsetHz) > 1000,
    })),
  wrong_data_rate: fc
    .tuple(fc.integer({ min: 5, max: 12 }), fc.constantFrom(125_000, 250_000, 500_000))
    .map(([spreadingFactor, bandwidthHz]) => ({
      reason: tryWitness({ spreadingFactor, bandwidthHz }).reason,
      expected: spreadingFactor !== honest.spreadingFactor || bandwidthHz !== 125_000,
    })),
  too_close: around(300).map((distanceM) => ({
    reason: tryWitness({}, { scenario: new Scenario([0, distanceM]) }).reason,
    expected: distanceM < 300,
  })),
  too_far: around(100_000).map((distanceM) => ({
    reason: tryWitness({ rssiDbm: -125, snrDdb: 0 }, { scenario: new Scenario([0, distanceM]) }).reason,
    expected: distanceM > 100_000,
  })),
  rssi_above_free_space: fc
    .tuple(fc.integer({ min: 300, max: 50_000 }), fc.integer({ min: -5, max: 5 }))
    .map(([distanceM, overDb]) => {
      // 14 dBm and twice 2 dBi; in MHz and km the loss is 32.4478 dB + 20·log10(f·d).
      const lossDb = 32.4478 + 20 * Math.log10((honest.freqHz / 1e6) * (distanceM / 1000));
      const rssiDbm = Math.round(18 - lossDb) + overDb;
      const { reason } = tryWitness({ rssiDbm, snrDdb: 20 }, { scenario: new Scenario([0, distanceM]) });
      // At 2 dB of SNR the signal is 2.1244 dB below signal and noise together.
      return { reason, expected: tenth(rssiDbm - 2.1244) > tenth(18 - lossDb) };
    }),
  snr_too_high: ofLevel(isHigh, () => false),
  snr_below_floor: ofLevel(isLow, isHigh),
  rssi_below_sensitivity: ofLevel(isFaint, any(isHigh, isLow)),
  noise_too_low: ofLevel(isQuiet, any(isHigh, isLow, isFaint)),
  noise_too_high: ofLevel(isNoisy, any(isHigh, isLow, isFaint, isQuiet)),
  not_heard_lately: contactSpans.map(([periods, ago]) => ({
    reason: tryWitness({}, afterContacts("beaconed", 1, periods, ago)).reason,
    expected: periods > 0 && (ago === null || ago > periods),
  })),
};

describe("witness rules", () => testProperties("witness", WITNESS));
