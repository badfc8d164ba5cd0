import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { STATION_QUALITY_THRESHOLDS, stationQuality } from "./station-quality.ts";
import type { ReferenceStationReading, StationPosition } from "./station-reading.ts";

const FROM_MS = Date.UTC(2026, 10, 22);
const MINUTE = { fromMs: FROM_MS, toMs: FROM_MS + 60_000 };
const GAP = { system: "G", id: 1, signal: "1C", lastedMs: 1000 } as const;

function positionAt(xM: number): StationPosition {
  return { xM, yM: 0, zM: 0, latDeg: 0, lonDeg: 0, altHaeM: 0, atMs: FROM_MS, computed: false };
}

/** A reading of satellites with these C/N0, reported 300 ms after its epoch. */
function reading(timeMs: number, changes: Partial<ReferenceStationReading> & { cn0DbHz?: number[] } = {}) {
  const { cn0DbHz = Array(20).fill(45), ...rest } = changes;
  const satellites = cn0DbHz.map((value, at) => ({
    system: "G" as const,
    id: at + 1,
    signals: [{ signal: "1C", cn0DbHz: value }],
  }));
  return {
    ...{ kind: "reference-station" as const, atMs: timeMs + 300, timeMs, stationId: 0, complete: true },
    ...{ satellites, gaps: [], position: positionAt(6_378_137) },
    ...rest,
  } satisfies ReferenceStationReading;
}

const minute = (change: (second: number) => Parameters<typeof reading>[1] = () => ({})) =>
  Array.from({ length: 60 }, (_, second) => reading(FROM_MS + second * 1000, change(second)));

const FULL = { completeness: 1000, satellites: 1000, onTime: 1000, position: 1000, continuity: 1000 };

test("a good minute has full marks", () => {
  expect(stationQuality(minute(), MINUTE)).toEqual({
    expectedEpochs: 60,
    receivedEpochs: 60,
    satellitesMin: 20,
    satellitesMean: 20,
    latencyMeanMs: 300,
    latencyMaxMs: 300,
    positionSpreadM: 0,
    gaps: 0,
    signals: 1200,
    marks: FULL,
    scorePermille: 1000,
  });
});

test("silence has none", () => {
  const { marks, scorePermille, ...rest } = stationQuality([], MINUTE);
  expect(Object.values(marks)).toEqual([0, 0, 0, 0, 0]);
  expect(scorePermille).toBe(0);
  expect(rest).toEqual({ expectedEpochs: 60, receivedEpochs: 0, gaps: 0, signals: 0 });
});

describe("completeness", () => {
  test("is the share of the epochs expected", () => {
    const quality = stationQuality(minute().slice(0, 45), MINUTE);
    expect(quality.marks).toEqual({ ...FULL, completeness: 750 });
    expect(quality.scorePermille).toBe(750);
  });

  test("takes a receiver clock up to half an interval off the whole second, and no epoch of other minutes", () => {
    const shifted = [-60_000, 0, 60_000].flatMap((offMs) =>
      minute().map((one, at) => ({ ...one, timeMs: one.timeMs + offMs + (at % 2 ? 1 : -1) })),
    );
    expect(stationQuality(shifted, MINUTE).receivedEpochs).toBe(60);
  });

  test("counts epochs told in several parts, or five a second, once a second", () => {
    const half = minute().slice(0, 30);
    const more = half.flatMap((one) =>
      [0, 200, 400].map((offMs) => ({ ...one, timeMs: one.timeMs + offMs })),
    );
    expect(stationQuality([...more, ...half], MINUTE).marks.completeness).toBe(500);
  });
});

describe("satellites", () => {
  test("count with one signal above 32 dB-Hz, not at it", () => {
    const strong = [45, 32.0625, 32, 31, 0, 50, 50, 50, 50, 50, 50, 50];
    const quality = stationQuality(
      minute((second) => ({ cn0DbHz: second === 0 ? [45] : strong })),
      MINUTE,
    );
    expect([quality.satellitesMin, quality.satellitesMean]).toEqual([1, (59 * 9 + 1) / 60]);
    expect(quality.marks).toEqual({ ...FULL, satellites: 443 });
  });

  test("of an epoch told in parts are joined, each once", () => {
    const [one] = minute();
    const galileo = one!.satellites.slice(0, 5).map((satellite) => ({ ...satellite, system: "E" as const }));
    const parts = [one!, { ...one!, satellites: galileo }, { ...one!, satellites: galileo }];
    expect(stationQuality(parts, MINUTE).satellitesMean).toBe(25);
  });
});

test("epochs late, or earlier than the clocks can explain, are not on time", () => {
  const quality = stationQuality(
    minute((second) => ({ atMs: FROM_MS + second * 1000 + ([2001, -101][second] ?? -100) })),
    MINUTE,
  );
  expect(quality.marks).toEqual({ ...FULL, onTime: 966 });
  expect(quality.latencyMaxMs).toBe(2001);
});

describe("position", () => {
  test.each([
    [0.05, 1000],
    [0.24, 800],
    [1, 0],
    [500, 0],
  ])("that moves by %d m gets %d", (movedM, permille) => {
    const quality = stationQuality(
      minute((second) => ({ position: positionAt(second === 7 ? movedM : 0) })),
      MINUTE,
    );
    expect(quality.positionSpreadM).toBe(movedM);
    expect(quality.marks.position).toBe(permille);
  });

  test("never told gets nothing", () => {
    const untold = minute().map(({ position: _, ...one }) => one);
    expect(stationQuality(untold, MINUTE)).toMatchObject({ marks: { position: 0 }, scorePermille: 0 });
  });
});

test.each([
  [0, 1000],
  [6, 900],
  [60, 0],
  [600, 0],
])("%d gaps among 1200 signals leave %d of continuity", (count, permille) => {
  const quality = stationQuality(
    minute((second) => (second === 5 ? { gaps: Array(count).fill(GAP) } : {})),
    MINUTE,
  );
  expect([quality.gaps, quality.marks.continuity]).toEqual([count, permille]);
});

test("thresholds are data", () => {
  const thresholds = { ...STATION_QUALITY_THRESHOLDS, epochIntervalMs: 30_000, fullSatellites: 40 };
  const quality = stationQuality(minute(), { ...MINUTE, thresholds });
  expect(quality).toMatchObject({
    expectedEpochs: 2,
    receivedEpochs: 2,
    marks: { ...FULL, satellites: 500 },
  });
});

test("a period shorter than an epoch is refused", () => {
  expect(() => stationQuality([], { fromMs: 0, toMs: 999 })).toThrow("Period is 999 ms");
});

test("the score is a whole number from 0 to 1000 and never above a mark", () => {
  const change = fc.record({
    cn0DbHz: fc.array(fc.nat(60), { maxLength: 40 }),
    position: fc.integer({ min: 0, max: 200 }).map((cm) => positionAt(cm / 100)),
    gaps: fc.array(fc.constant(GAP), { maxLength: 3 }),
  });
  const any = fc.tuple(fc.integer({ min: -1, max: 61 }), change).map(([second, one]) => {
    return reading(FROM_MS + second * 1000, one);
  });
  fc.assert(
    fc.property(fc.array(any), (readings) => {
      const { marks, scorePermille } = stationQuality(readings, MINUTE);
      for (const value of [scorePermille, ...Object.values(marks)]) {
        expect(Number.isInteger(value) && value >= 0 && value <= 1000).toBe(true);
        expect(scorePermille).toBeLessThanOrEqual(value);
      }
    }),
  );
});
