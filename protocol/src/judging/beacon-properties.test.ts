import { describe } from "bun:test";
import fc from "fast-check";
import { chainOf } from "../beacon/chain.ts";
import { DRAND } from "../network/entropy.ts";
import { reportDeadlineMs } from "../time/schedule.ts";
import {
  afterContacts,
  around,
  bit,
  contactSpans,
  entropyMs,
  flipped,
  honest,
  type Properties,
  parameters,
  plain,
  testProperties,
} from "./properties.ts";
import { Scenario, verdictOn } from "./scenario.ts";
import { tryBeacon } from "./trial.ts";

const BEACON: Properties = {
  duplicate: fc.tuple(fc.nat(9), fc.nat(9)).map(([one, two]) => {
    const scenario = new Scenario();
    const { packet, witnesses } = scenario.round();
    const first = scenario.receive(0, { ...packet, powerDbm: 13 }, { sequence: one });
    const second = scenario.receive(0, packet, {
      sequence: two,
      receivedAtMs: reportDeadlineMs(packet.entropyIndex, parameters) + 1,
    });
    const { reason } = verdictOn(scenario.judge([first, second, ...witnesses]), second);
    return { reason, expected: one < two };
  }),
  revealed_early: around(0, 2000).map((afterMs) => {
    const receivedAtMs = reportDeadlineMs(honest.entropyIndex, parameters) + afterMs;
    const { reason } = tryBeacon({}, { delayMs: receivedAtMs - honest.atMs });
    return { reason, expected: afterMs <= 0 };
  }),
  entropy_unknown: fc.subarray([...plain.inputs([]).entropy]).map((entropy) => {
    const isThere = entropy.some(({ index }) => index === honest.entropyIndex);
    return { reason: tryBeacon({}, { inputs: { entropy } }).reason, expected: !isThere };
  }),
  entropy_unproven: fc.record({ counts: fc.boolean(), isHere: fc.boolean() }).map(({ counts, isHere }) => {
    const source = { kind: DRAND, round: 1, signature: null, counts };
    const entropy = plain
      .inputs([])
      .entropy.map((one) => ((one.index === honest.entropyIndex) === isHere ? { ...one, source } : one));
    // Where no other value of the window counts, the honest one is its first, by which nobody was scheduled.
    const reason = tryBeacon({}, { inputs: { entropy } }).reason;
    return { reason: isHere || counts ? reason : "ok", expected: isHere && !counts };
  }),
  not_committed: fc.subarray([0, 1, 2, 3]).map((places) => {
    const scenario = new Scenario();
    const [station] = scenario.stations as [(typeof scenario.stations)[0]];
    const [accepted] = station.hotspot.commitments;
    const chain = chainOf(scenario.window);
    const commitments = places.map((i) => ({ ...accepted, ...station.chains.commitment(chain - 1 + i) }));
    Object.assign(station.hotspot, { commitments });
    return { reason: tryBeacon({}, { scenario }).reason, expected: !places.includes(1) };
  }),
  wrong_value: bit(0, 32).map((at) => ({
    reason: tryBeacon({ value: flipped(honest.value, at) }).reason,
    expected: true,
  })),
  off_schedule: fc.nat(parameters.windowPeriods - 1).map((period) => {
    const index = plain.window * parameters.windowPeriods + period;
    const { reason } = tryBeacon(plain.beaconAt(0, index));
    return { reason, expected: index !== honest.entropyIndex };
  }),
  window_used: fc.nat(parameters.windowPeriods - 1).map((period) => {
    const scenario = new Scenario();
    const { packet, beacon, witnesses } = scenario.round();
    const index = scenario.window * parameters.windowPeriods + period;
    const other = scenario.receive(0, scenario.beaconAt(0, index));
    const { reason } = verdictOn(scenario.judge([other, beacon, ...witnesses]), beacon);
    return { reason, expected: index < packet.entropyIndex };
  }),
  outside_validity: fc
    .oneof(around(-parameters.clockSkewMs), around(parameters.entropyValidityMs + parameters.clockSkewMs))
    .map((afterMs) => ({
      reason: tryBeacon({ atMs: entropyMs + afterMs }).reason,
      expected: afterMs < -2000 || afterMs > 182_000,
    })),
  wrong_channel: around(0, 3).map((offsetHz) => ({
    reason: tryBeacon({ freqHz: honest.freqHz + offsetHz }).reason,
    expected: offsetHz !== 0,
  })),
  wrong_data_rate: fc
    .tuple(fc.integer({ min: 5, max: 12 }), fc.constantFrom(125_000, 250_000, 500_000))
    .map(([spreadingFactor, bandwidthHz]) => ({
      reason: tryBeacon({ spreadingFactor, bandwidthHz }).reason,
      expected: spreadingFactor !== honest.spreadingFactor || bandwidthHz !== honest.bandwidthHz,
    })),
  power_too_high: fc
    .tuple(fc.integer({ min: -40, max: 40 }), fc.integer({ min: -100, max: 300 }), fc.nat(600))
    .map(([powerDbm, antennaGainDdbi, maxEirpDdbm]) => {
      const scenario = new Scenario([0, 5000], { regions: [{ id: "EU868", maxEirpDdbm }] });
      scenario.hotspot(0).antennaGainDdbi = antennaGainDdbi;
      const { reason } = tryBeacon({ powerDbm }, { scenario });
      return { reason, expected: powerDbm * 10 + antennaGainDdbi > maxEirpDdbm };
    }),
  not_witnessing: contactSpans.map(([periods, ago]) => ({
    reason: tryBeacon({}, afterContacts("witnessed", 0, periods, ago)).reason,
    expected: periods > 0 && (ago === null || ago > periods),
  })),
};

describe("beacon rules", () => testProperties("beacon", BEACON));
