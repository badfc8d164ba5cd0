import { describe, expect, test } from "bun:test";
import type { GpsReading } from "../gps-reading.ts";
import {
  decoderFor,
  gpsdAnswers,
  RECORDINGS,
  readingsOf,
  readRecording,
  recordedAtMs,
  recordingsIn,
} from "../test-recordings.ts";
import { IntegrityMonitor } from "./integrity-monitor.ts";
import { median } from "./recent-values.ts";
import { INTEGRITY_THRESHOLDS } from "./thresholds.ts";

/** All of these receivers stood still, by their headers and positions. */
const known = recordingsIn(RECORDINGS);

/** The readings as they came, one period of the receiver after the other. */
function replay(name: string): GpsReading[] {
  const bytes = readRecording(RECORDINGS, name);
  const atMs = recordedAtMs(name, bytes, gpsdAnswers(RECORDINGS, name));
  const decoder = decoderFor(bytes, atMs);
  const readings = decoder === undefined ? [] : readingsOf(decoder, [bytes]);
  const times = readings.flatMap(({ timeMs }) => timeMs ?? []);
  const periods = times.slice(1).map((timeMs, at) => timeMs - (times[at] ?? timeMs));
  const periodMs = periods.length > 0 ? median(periods) : 1000;
  return readings.map((reading, at) => ({ ...reading, atMs: atMs + at * periodMs }));
}

/** Every summary that there was, one after each reading. */
function summaries(name: string) {
  const monitor = new IntegrityMonitor();
  return replay(name).map((reading) => {
    monitor.add(reading);
    return monitor.summary(reading.atMs);
  });
}

function epochSpreads(readings: readonly GpsReading[]) {
  return readings.flatMap((reading) => {
    const monitor = new IntegrityMonitor();
    monitor.add(reading);
    const { cn0 } = monitor.summary(reading.atMs);
    return cn0 === undefined || cn0.satellites < INTEGRITY_THRESHOLDS.uniformMinSatellites ? [] : [cn0];
  });
}

/** Distance of each measured position from the median of all: most recordings are too short for a running one. */
function offsM(readings: readonly GpsReading[]): number[] {
  const fixes = readings.flatMap(({ latDeg, lonDeg, timeOnly }) =>
    latDeg === undefined || lonDeg === undefined || timeOnly ? [] : [{ latDeg, lonDeg }],
  );
  const [lat, lon] = [median(fixes.map(({ latDeg }) => latDeg)), median(fixes.map(({ lonDeg }) => lonDeg))];
  const scale = Math.cos((lat * Math.PI) / 180);
  return fixes.map(({ latDeg, lonDeg }) => Math.hypot(latDeg - lat, (lonDeg - lon) * scale) * 111_195);
}

const largest = (values: readonly number[]): number => Math.max(0, ...values);

describe.skipIf(known.length === 0)("honest, standing receivers", () => {
  test.each(known)("%s: no flag at any time", (name) => {
    const all = summaries(name);
    const findings = all.flatMap((one) => one.findings);
    const said = new Set(findings.map(({ code }) => code));
    // This one lost its fix for a while: a fall of all signals is reported, and blamed on nobody.
    expect([...said]).toEqual(name === "navisys-gr701w.log" ? ["signals_fell"] : []);
    expect(all.every(({ flags }) => flags === 0)).toBe(true);
  });

  test("stay away from the thresholds by the stated distance", () => {
    const all = known.map((name) => ({ readings: replay(name), summaries: summaries(name) }));
    const reported = all.flatMap((one) => one.summaries);
    const strong = all
      .flatMap(({ readings }) => epochSpreads(readings))
      .filter(({ meanDbHz }) => meanDbHz >= INTEGRITY_THRESHOLDS.uniformMinMeanDbHz);
    const undisturbed = known
      .filter((name) => name !== "navisys-gr701w.log")
      .flatMap((name) => summaries(name));
    const measured = {
      epochs: all.reduce((sum, { readings }) => sum + readings.length, 0),
      strongEpochs: strong.length,
      leastStrongSpreadDb: Math.min(...strong.map(({ spreadDb }) => spreadDb)),
      greatestDropDb: largest(undisturbed.map(({ dropDb = 0 }) => dropDb)),
      greatestOffM: largest(all.flatMap(({ readings }) => offsM(readings))),
      greatestSpeedMps: largest(reported.map(({ maxSpeedMps = 0 }) => maxSpeedMps)),
      greatestIndicator: largest(reported.map(({ maxJammingIndicator = 0 }) => maxJammingIndicator)),
    };
    console.log("honest receivers at worst:", measured);
    expect(measured.strongEpochs).toBeGreaterThan(50);
    expect(measured.leastStrongSpreadDb).toBeGreaterThan(2 * INTEGRITY_THRESHOLDS.uniformSpreadDb);
    expect(measured.greatestDropDb).toBeLessThan(INTEGRITY_THRESHOLDS.commonDropDb);
    expect(measured.greatestOffM).toBeLessThan(INTEGRITY_THRESHOLDS.jumpM / 2);
    expect(measured.greatestSpeedMps).toBeLessThan(INTEGRITY_THRESHOLDS.movingMps / 2);
    expect(measured.greatestIndicator).toBeLessThan(INTEGRITY_THRESHOLDS.indicatorRise / 2);
  });
});
