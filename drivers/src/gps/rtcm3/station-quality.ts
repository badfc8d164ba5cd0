import { satelliteKey } from "../satellites.ts";
import { distanceM } from "./geodetic.ts";
import type { ReferenceStationReading, StationPosition } from "./station-reading.ts";

export interface StationQualityThresholds {
  /** One epoch is expected at each whole multiple of this. */
  epochIntervalMs: number;
  /** A satellite counts as well received with a signal above this. */
  minCn0DbHz: number;
  /** Well received satellites, on average, that are worth full marks. */
  fullSatellites: number;
  /** An epoch is on time when it is this young when its last message arrives. */
  onTimeMs: number;
  /** The host's clock may be this far behind the receiver's. */
  earlyMs: number;
  /** Full marks up to this distance between any two positions reported … */
  stillM: number;
  /** … and none from this one. */
  movedM: number;
  /** Lock losses among 1000 observed signals that are worth no marks. */
  worstGapsPermille: number;
}

export const STATION_QUALITY_THRESHOLDS: Readonly<StationQualityThresholds> = {
  epochIntervalMs: 1000,
  minCn0DbHz: 32,
  fullSatellites: 20,
  onTimeMs: 2000,
  earlyMs: 100,
  stillM: 0.05,
  movedM: 1,
  worstGapsPermille: 50,
};

/** Marks, each 0 to 1000. */
export interface StationQualityMarks {
  completeness: number;
  satellites: number;
  onTime: number;
  position: number;
  continuity: number;
}

/** How good a station's observations were in a period. Absent means that nothing was received to judge by. */
export interface StationQuality {
  expectedEpochs: number;
  receivedEpochs: number;
  /** Well received satellites per received epoch. */
  satellitesMin?: number;
  satellitesMean?: number;
  /** From the epoch to the arrival of its last message, by the host's clock. */
  latencyMeanMs?: number;
  latencyMaxMs?: number;
  /** Farthest apart that two positions reported in the period are. */
  positionSpreadM?: number;
  /** Lock losses. */
  gaps: number;
  /** Signals observed, summed over the epochs. */
  signals: number;
  marks: StationQualityMarks;
  /** Product of the marks: 0 to 1000. One mark of 0 makes it 0. */
  scorePermille: number;
}

export interface StationQualityPeriod {
  /** ms since the Unix epoch; the first epoch expected is at `fromMs`, the last one before `toMs`. */
  fromMs: number;
  toMs: number;
  thresholds?: Readonly<StationQualityThresholds>;
}

/**
 * Scores the epochs of one station in a period, for example 60 s. Readings of other times are left out; several of
 * one time count as one epoch. The formula stands in the README.
 */
export function stationQuality(
  readings: readonly ReferenceStationReading[],
  { fromMs, toMs, thresholds = STATION_QUALITY_THRESHOLDS }: StationQualityPeriod,
): StationQuality {
  const expectedEpochs = Math.floor((toMs - fromMs) / thresholds.epochIntervalMs);
  if (!(expectedEpochs >= 1)) {
    throw new RangeError(`Period is ${toMs - fromMs} ms; allowed are times from one epoch interval`);
  }
  const epochs = epochsIn(readings, { fromMs, expectedEpochs, thresholds });
  const satellites = epochs.map((epoch) => strongSatellites(epoch, thresholds.minCn0DbHz));
  const latencies = epochs.map((epoch) => Math.max(...epoch.map(({ atMs, timeMs }) => atMs - timeMs)));
  const onTime = latencies.filter((ms) => ms <= thresholds.onTimeMs && ms >= -thresholds.earlyMs).length;
  const positionSpreadM = spreadM(epochs.flat());
  const gaps = sum(epochs.flat().map((reading) => reading.gaps.length));
  const signals = sum(epochs.flat().map(countSignals));
  const marks = {
    completeness: mark(epochs.length, expectedEpochs),
    satellites: mark(sum(satellites), epochs.length * thresholds.fullSatellites),
    onTime: mark(onTime, epochs.length),
    position: positionSpreadM === undefined ? 0 : positionMark(positionSpreadM, thresholds),
    continuity: signals === 0 ? 0 : 1000 - mark(gaps * 1000, signals * thresholds.worstGapsPermille),
  };
  return {
    expectedEpochs,
    receivedEpochs: epochs.length,
    ...(epochs.length > 0 && {
      ...{ satellitesMin: Math.min(...satellites), satellitesMean: sum(satellites) / epochs.length },
      ...{ latencyMeanMs: sum(latencies) / epochs.length, latencyMaxMs: Math.max(...latencies) },
    }),
    ...(positionSpreadM !== undefined && { positionSpreadM }),
    ...{ gaps, signals, marks, scorePermille: product(marks) },
  };
}

interface Slots {
  fromMs: number;
  expectedEpochs: number;
  thresholds: Readonly<StationQualityThresholds>;
}

/** Readings by the epoch they are nearest to: a receiver's clock is up to a millisecond off the whole second. */
function epochsIn(readings: readonly ReferenceStationReading[], slots: Slots): ReferenceStationReading[][] {
  const { fromMs, expectedEpochs, thresholds } = slots;
  const bySlot = Map.groupBy(readings, ({ timeMs }) =>
    Math.round((timeMs - fromMs) / thresholds.epochIntervalMs),
  );
  return [...bySlot].filter(([slot]) => slot >= 0 && slot < expectedEpochs).map(([, epoch]) => epoch);
}

function strongSatellites(epoch: readonly ReferenceStationReading[], minCn0DbHz: number): number {
  const strong = epoch
    .flatMap(({ satellites }) => satellites)
    .filter(({ signals }) => signals.some(({ cn0DbHz = 0 }) => cn0DbHz > minCn0DbHz));
  return new Set(strong.map(satelliteKey)).size;
}

function countSignals({ satellites }: ReferenceStationReading): number {
  return sum(satellites.map(({ signals }) => signals.length));
}

function spreadM(readings: readonly ReferenceStationReading[]): number | undefined {
  const distinct = new Map<string, StationPosition>();
  for (const { position } of readings) {
    if (position !== undefined) distinct.set(`${position.xM} ${position.yM} ${position.zM}`, position);
  }
  if (distinct.size === 0) return undefined;
  const positions = [...distinct.values()];
  let farthestM = 0;
  for (const [at, one] of positions.entries()) {
    for (const other of positions.slice(at + 1)) farthestM = Math.max(farthestM, distanceM(one, other));
  }
  return farthestM;
}

function positionMark(spread: number, { stillM, movedM }: StationQualityThresholds): number {
  return spread <= stillM ? 1000 : mark(Math.max(0, movedM - spread), movedM - stillM);
}

/** `part` of `whole` in permille, rounded down, at most 1000; 0 of nothing. */
function mark(part: number, whole: number): number {
  return whole > 0 ? Math.min(1000, Math.floor((1000 * part) / whole)) : 0;
}

/** Rounded down after each factor, so that everybody computes the same. */
function product(marks: StationQualityMarks): number {
  return Object.values(marks).reduce((score, next) => Math.floor((score * next) / 1000), 1000);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, next) => total + next, 0);
}
