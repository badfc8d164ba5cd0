import { describe, expect, test } from "bun:test";
import { distanceM, freeSpaceLossDb } from "@earshot/protocol";
import fc from "fast-check";
import { CITY, MIN_EXCESS_LOSS_DB, medianLossDb, pathLossDb, receivedDbm, shadowingDb } from "./path-loss.ts";
import type { Station } from "./station.ts";

const FREQ_HZ = 904_300_000;

const stationAt = (id: string, latE7: number, lonE7: number): Station => ({
  id,
  position: { latE7, lonE7 },
  antennaGainDbi: 3,
  installationLossDb: 0,
  noiseFigureDb: 6,
});

const denverE7 = fc.record({
  latE7: fc.integer({ min: 396_000_000, max: 399_000_000 }),
  lonE7: fc.integer({ min: -1_051_000_000, max: -1_048_000_000 }),
});
const seeds = fc.integer({ min: 0, max: 0xffff_ffff });

describe("median loss", () => {
  test("grows with distance and is never below free space", () => {
    const metres = fc.integer({ min: 1, max: 200_000 });
    fc.assert(
      fc.property(metres, metres, (a, b) => {
        const [near, far] = a < b ? [a, b] : [b, a];
        expect(medianLossDb(CITY, near, FREQ_HZ)).toBeLessThanOrEqual(medianLossDb(CITY, far, FREQ_HZ));
        expect(medianLossDb(CITY, a, FREQ_HZ)).toBeGreaterThanOrEqual(freeSpaceLossDb(a, FREQ_HZ));
      }),
    );
  });

  test("is free space to the reference and 35 dB per decade beyond it", () => {
    expect(medianLossDb(CITY, 100, FREQ_HZ)).toBe(freeSpaceLossDb(100, FREQ_HZ));
    const perDecade = medianLossDb(CITY, 10_000, FREQ_HZ) - medianLossDb(CITY, 1000, FREQ_HZ);
    expect(perDecade).toBeCloseTo(35, 9);
  });
});

describe("path loss of a frame", () => {
  test("never beats free space, whatever chance says", () => {
    fc.assert(
      fc.property(seeds, denverE7, denverE7, fc.integer({ min: 0, max: 1e9 }), (seed, a, b, startMs) => {
        const [from, to] = [stationAt("a", a.latE7, a.lonE7), stationAt("b", b.latE7, b.lonE7)];
        const loss = pathLossDb(CITY, seed, from, to, { freqHz: FREQ_HZ, startMs });
        const freeSpace = freeSpaceLossDb(Math.max(1, distanceM(a, b)), FREQ_HZ);
        expect(loss).toBeGreaterThanOrEqual(freeSpace + MIN_EXCESS_LOSS_DB);
      }),
    );
  });

  test("rounded to whole dBm, an honest level stays within the judge's free-space bound", () => {
    fc.assert(
      fc.property(seeds, denverE7, denverE7, (seed, a, b) => {
        const [from, to] = [stationAt("a", a.latE7, a.lonE7), stationAt("b", b.latE7, b.lonE7)];
        const loss = pathLossDb(CITY, seed, from, to, { freqHz: FREQ_HZ, startMs: 0 });
        const boundDbm = 21 + 6 - freeSpaceLossDb(Math.max(1, distanceM(a, b)), FREQ_HZ);
        expect(Math.round(receivedDbm(21, from, to, loss))).toBeLessThanOrEqual(boundDbm);
      }),
    );
  });

  test("shadowing is the same in both directions and differs from link to link", () => {
    const [a, b, c] = [stationAt("a", 0, 0), stationAt("b", 0, 0), stationAt("c", 0, 0)];
    fc.assert(
      fc.property(seeds, (seed) => {
        expect(shadowingDb(CITY, seed, a, b)).toBe(shadowingDb(CITY, seed, b, a));
        expect(shadowingDb(CITY, seed, a, b)).not.toBe(shadowingDb(CITY, seed, a, c));
      }),
    );
  });

  test("shadowing has the stated spread", () => {
    const [a, b] = [stationAt("a", 0, 0), stationAt("b", 0, 0)];
    const values = Array.from({ length: 4000 }, (_, seed) => shadowingDb(CITY, seed, a, b));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.5);
    expect(Math.abs(Math.sqrt(variance) - CITY.shadowingDb)).toBeLessThan(0.5);
  });
});
