import type { Rule } from "../judging/types.ts";
import {
  cellDistanceM,
  freeSpaceBoundDbm,
  gridCells,
  isBelowMinDistance,
  isMaxDistanceExceeded,
  isRssiTooStrong,
} from "./link-budget.ts";
import type {
  HeliumAssertion,
  HeliumBeaconReport,
  HeliumContext,
  HeliumHotspot,
  HeliumWitnessReport,
} from "./types.ts";

/** What the witness rules judge by; the beacon has passed its rules 1 to 7. */
interface HeliumWitnessContext {
  report: HeliumWitnessReport;
  hotspot: HeliumHotspot | undefined;
  beacon: HeliumBeaconReport;
  beaconer: HeliumAssertion;
  /** Receive time of the first witness report of this beacon, whatever became of it. */
  firstWitnessAtMs: number;
  /** Whether the same hotspot's report on this beacon was received before, whatever became of that. */
  isRepeated: boolean;
  judging: HeliumContext;
}

export type WitnessRule = Rule<HeliumWitnessContext>;

const FREQUENCY_TOLERANCE_HZ = 100_000;

export const isFrequencyOff = (beaconHz: number, witnessHz: number): boolean =>
  Math.abs(witnessHz - beaconHz) > FREQUENCY_TOLERANCE_HZ;

const invalidFrequency: WitnessRule = {
  reason: "invalid_frequency",
  check: ({ report, beacon }) =>
    isFrequencyOff(beacon.freqHz, report.freqHz)
      ? [{ name: "offsetHz", value: report.freqHz - beacon.freqHz }]
      : undefined,
  explain: ({ offsetHz }) => `Heard ${offsetHz} Hz away from where it was sent.`,
};

const invalidRegion: WitnessRule = {
  reason: "invalid_region",
  check: ({ hotspot, beaconer }) => (hotspot?.asserted?.region === beaconer.region ? undefined : []),
  explain: () => "Beaconer and witness are asserted in different regions.",
};

const belowMinDistance: WitnessRule = {
  reason: "below_min_distance",
  check({ hotspot, beaconer }) {
    const cells = hotspot?.asserted && gridCells(beaconer.cell, hotspot.asserted.cell);
    if (!isBelowMinDistance(cells)) return undefined;
    return cells === undefined ? [] : [{ name: "cells", value: cells }];
  },
  explain: ({ cells }) =>
    cells === undefined
      ? "The distance to the beaconer cannot be counted in cells."
      : `The beaconer is asserted ${cells} cells away; 8 are needed.`,
};

const maxDistanceExceeded: WitnessRule = {
  reason: "max_distance_exceeded",
  check({ hotspot, beaconer }) {
    const distanceM = hotspot?.asserted && cellDistanceM(beaconer.cell, hotspot.asserted.cell);
    if (distanceM === undefined) return [];
    return isMaxDistanceExceeded(distanceM) ? [{ name: "distanceM", value: distanceM }] : undefined;
  },
  explain: ({ distanceM }) => `The beaconer is asserted ${distanceM} m away, more than 100 km.`,
};

/** Hole 2 of the reference (section 2.5): the bound depends on the power that the beaconer itself reports. */
const badRssi: WitnessRule = {
  reason: "bad_rssi",
  check({ report, hotspot, beacon, beaconer }) {
    if (hotspot?.asserted === undefined) return [];
    const distanceM = cellDistanceM(beaconer.cell, hotspot.asserted.cell);
    const boundDbm = freeSpaceBoundDbm({
      txPowerDbm: beacon.txPowerDbm,
      beaconerGainDdbi: beaconer.gainDdbi,
      witnessGainDdbi: hotspot.asserted.gainDdbi,
      freqHz: report.freqHz,
      distanceM,
    });
    if (!isRssiTooStrong(report.signalDdbm, boundDbm)) return undefined;
    return [
      { name: "signalDdbm", value: report.signalDdbm },
      { name: "boundDdbm", value: Math.round(boundDbm * 10) },
      { name: "distanceM", value: distanceM },
    ];
  },
  explain: ({ signalDdbm = 0, boundDdbm = 0, distanceM }) =>
    `${signalDdbm / 10} dBm is stronger than the ${boundDdbm / 10} dBm that free space allows at ${distanceM} m.`,
};

/** Rules 8 to 12: whether the witness can have heard the beaconer. */
export const LINK_RULES: readonly WitnessRule[] = [
  invalidFrequency,
  invalidRegion,
  belowMinDistance,
  maxDistanceExceeded,
  badRssi,
];
