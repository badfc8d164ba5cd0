import { describe } from "bun:test";
import fc from "fast-check";
import type { Gnss } from "../packet/packet.ts";
import { REGION_IDS } from "../radio/regions.ts";
import { reportDeadlineMs } from "../time/schedule.ts";
import {
  around,
  denialsOver,
  entropyMs,
  heard,
  honest,
  isInForceNow,
  type Properties,
  parameters,
  plain,
  spans,
  type Trial,
  testProperties,
} from "./properties.ts";
import { Scenario, verdictOn } from "./scenario.ts";
import { tryWitness } from "./trial.ts";

const gnss: fc.Arbitrary<Gnss> = fc.record({
  fixMode: fc.constantFrom(0, 1, 2, 3),
  satellitesUsed: fc.nat(12),
  latE7: fc.integer({ min: -30_000, max: 30_000 }).map((off) => plain.hotspot(1).latE7 + off),
  lonE7: fc.constant(plain.hotspot(1).lonE7),
  altitudeM: fc.constant(null),
  horizontalErrorDm: fc.option(fc.nat(2000)),
  integrityFlags: fc.nat(31),
});
/** A rule about the receiver: only the fields that it judges by vary. */
const ofGnss = (
  bend: (block: Gnss) => Gnss | null,
  isRefused: (block: Gnss, isRequired: boolean) => boolean,
) =>
  fc.tuple(gnss, fc.constantFrom(0, 1)).map(([block, gnssRequired]): Trial => {
    const scenario = new Scenario([0, 5000], { gnssRequired });
    const beacon = { gnss: { ...good, latE7: scenario.hotspot(0).latE7 } };
    const { reason } = tryWitness({ gnss: bend(block) }, { scenario, beacon });
    return { reason, expected: isRefused(block, gnssRequired === 1) };
  });
const good: Gnss = {
  fixMode: 3,
  satellitesUsed: 9,
  latE7: plain.hotspot(1).latE7,
  lonE7: plain.hotspot(1).lonE7,
  altitudeM: null,
  horizontalErrorDm: 10,
  integrityFlags: 0,
};
const flag = (mask: number) =>
  ofGnss(
    ({ integrityFlags }) => ({ ...good, integrityFlags: integrityFlags & mask }),
    (block) => (block.integrityFlags & mask) !== 0,
  );

const REPORT: Properties = {
  report_late: around(0, 2000).map((lateMs) => {
    const receivedAtMs = reportDeadlineMs(honest.entropyIndex, parameters) + lateMs;
    const { reason } = tryWitness({}, { delayMs: receivedAtMs - heard.atMs });
    return { reason, expected: lateMs > 0 };
  }),
  unknown_hotspot: fc.subarray([0, 1, 2]).map((who) => {
    const hotspots = who.map((i) => plain.hotspot(i));
    return { reason: tryWitness({}, { inputs: { hotspots } }).reason, expected: !who.includes(1) };
  }),
  key_retired: fc.tuple(fc.subarray([0, 1, 2]), fc.nat(0xffff)).map(([who, fromEpoch]) => {
    const hotspots = [0, 1, 2].map((i) => ({
      ...plain.hotspot(i),
      retired: who.includes(i) ? { fromEpoch, successor: null } : null,
    }));
    return { reason: tryWitness({}, { inputs: { hotspots } }).reason, expected: who.includes(1) };
  }),
  sequence_reused: fc.tuple(fc.nat(5), fc.nat(5), fc.boolean()).map(([one, two, isLater]) => {
    const scenario = new Scenario();
    const { beacon } = scenario.round(0, []);
    const [a, b] = [
      scenario.receive(1, { ...heard, snrDdb: 1 }, { sequence: one }),
      scenario.receive(1, heard, { sequence: two, receivedAtMs: heard.atMs + 30_000 + (isLater ? 1 : -1) }),
    ];
    const { reason } = verdictOn(scenario.judge([beacon, a, b]), b);
    return { reason, expected: one === two && isLater };
  }),
  denied: spans.map((span) => {
    const inputs = { denials: denialsOver(span, plain.hotspot(1).publicKey, null) };
    return { reason: tryWitness({}, { inputs }).reason, expected: isInForceNow(span) };
  }),
  region_not_allowed: fc.subarray([...REGION_IDS].sort(), { minLength: 1 }).map((ids) => {
    const regions = ids.map((id) => ({ id, maxEirpDdbm: 160 }));
    const { reason } = tryWitness({}, { scenario: new Scenario([0, 5000], { regions }) });
    return { reason, expected: !ids.includes("EU868") };
  }),
  old_version: fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), around(plain.epoch, 3))
    .map(([version, minWitnessVersion, minVersionsFromEpoch]) => {
      const scenario = new Scenario([0, 5000], { minWitnessVersion, minVersionsFromEpoch });
      const isAnnounced = minVersionsFromEpoch <= scenario.epoch;
      const { reason } = tryWitness({}, { scenario, version });
      return { reason, expected: isAnnounced && version < minWitnessVersion };
    }),
  in_cooldown: fc.tuple(around(0, 5000), fc.nat(9_000_000)).map(([restMs, relocationCooldownMs]) => {
    const scenario = new Scenario([0, 5000], { relocationCooldownMs });
    scenario.hotspot(1).relocatedAtMs = entropyMs - relocationCooldownMs + restMs;
    return { reason: tryWitness({}, { scenario }).reason, expected: restMs > 0 };
  }),
  time_ahead: around(parameters.clockSkewMs, 3000).map((aheadMs) => ({
    reason: tryWitness({}, { delayMs: -aheadMs }).reason,
    expected: aheadMs > parameters.clockSkewMs,
  })),
  counter_mismatch: fc
    .tuple(fc.nat(2 ** 32 - 1), fc.integer({ min: -9000, max: 9000 }))
    .map(([startUs, strayMs]) => {
      const scenario = new Scenario();
      const { beacon } = scenario.round(0, []);
      const passedMs = 4000;
      const tmstUs = (startUs + (passedMs + strayMs) * 1000 + 2 ** 32) % 2 ** 32;
      const first = scenario.receive(1, { ...heard, tmstUs: startUs });
      const second = scenario.receive(1, { ...heard, atMs: heard.atMs + passedMs, tmstUs });
      const { reason } = verdictOn(scenario.judge([beacon, first, second]), second);
      const toleranceMs = parameters.tmstToleranceMs + 2 * parameters.clockSkewMs + 1;
      const isRestart =
        tmstUs <= (passedMs + toleranceMs) * 1000 || startUs <= (toleranceMs - passedMs) * 1000;
      return { reason, expected: Math.abs(strayMs) > toleranceMs && !isRestart };
    }),
  gnss_missing: ofGnss(
    (block) => (block.fixMode === 0 ? null : good),
    ({ fixMode }, isRequired) => isRequired && fixMode === 0,
  ),
  gnss_spoofed: flag(4),
  gnss_jammed: flag(2),
  gnss_clock_step: flag(16),
  gnss_jump: flag(8),
  gnss_antenna: ofGnss(
    ({ integrityFlags }) => ({ ...good, integrityFlags: integrityFlags & 1 }),
    ({ integrityFlags }, isRequired) => isRequired && integrityFlags % 2 === 1,
  ),
  gnss_no_fix: ofGnss(
    ({ fixMode }) => ({ ...good, fixMode }),
    ({ fixMode }, isRequired) => isRequired && fixMode < 2,
  ),
  gnss_weak: ofGnss(
    ({ satellitesUsed, horizontalErrorDm }) => ({ ...good, satellitesUsed, horizontalErrorDm }),
    ({ satellitesUsed, horizontalErrorDm }) => satellitesUsed < 4 || (horizontalErrorDm ?? 0) > 1000,
  ),
  gnss_position: ofGnss(
    ({ latE7 }) => ({ ...good, latE7 }),
    // A degree of latitude is 111,195 m on the sphere; 1 m of error is allowed on top.
    ({ latE7 }) => Math.round(Math.abs((latE7 ?? 0) - plain.hotspot(1).latE7) * 0.0111195) > 201,
  ),
};

describe("report rules", () => testProperties("report", REPORT));
