import { expect, test } from "bun:test";
import fc from "fast-check";
import { distanceM, EARTH_RADIUS_M, isPosition, type Position } from "./geo.ts";

const at = (lat: number, lon: number): Position => ({
  latE7: Math.round(lat * 1e7),
  lonE7: Math.round(lon * 1e7),
});

const anyPosition = fc.record({
  latE7: fc.integer({ min: -900_000_000, max: 900_000_000 }),
  lonE7: fc.integer({ min: -1_800_000_000, max: 1_800_000_000 }),
});

const HALF_CIRCUMFERENCE_M = Math.round(Math.PI * EARTH_RADIUS_M);
const QUARTER_CIRCUMFERENCE_M = Math.round((Math.PI / 2) * EARTH_RADIUS_M);

test.each([
  ["one degree of latitude", at(0, 0), at(1, 0), 111_195],
  ["one degree of longitude on the equator", at(0, 0), at(0, 1), 111_195],
  ["one degree of longitude at 60° north", at(60, 0), at(60, 1), 55_597],
  ["pole to equator", at(90, 0), at(0, 123.4), QUARTER_CIRCUMFERENCE_M],
  ["pole to pole", at(90, 17), at(-90, -94), HALF_CIRCUMFERENCE_M],
  ["antipodes on the equator", at(0, 0), at(0, 180), HALF_CIRCUMFERENCE_M],
  ["the same pole by two longitudes", at(90, 0), at(90, 135), 0],
  ["the same place on both sides of the antimeridian", at(51, 180), at(51, -180), 0],
  ["across the antimeridian", at(0, 179.5), at(0, -179.5), 111_195],
  // The airports of the widely published haversine example: 2887.26 km on a radius of 6372.8 km.
  ["Nashville to Los Angeles", at(36.12, -86.67), at(33.94, -118.4), 2_886_448],
])("%s", (_name, a, b, expectedM) => {
  expect(distanceM(a, b)).toBe(expectedM);
});

test("one unit is about a centimetre: half a metre lies between 44 and 46 units", () => {
  expect(distanceM({ latE7: 0, lonE7: 0 }, { latE7: 44, lonE7: 0 })).toBe(0);
  expect(distanceM({ latE7: 0, lonE7: 0 }, { latE7: 46, lonE7: 0 })).toBe(1);
});

test("distance is symmetric, whole and at most half the circumference", () => {
  fc.assert(
    fc.property(anyPosition, anyPosition, (a, b) => {
      const distance = distanceM(a, b);
      expect(distance).toBe(distanceM(b, a));
      expect(Number.isInteger(distance)).toBe(true);
      expect(distance).toBeGreaterThanOrEqual(0);
      expect(distance).toBeLessThanOrEqual(HALF_CIRCUMFERENCE_M);
    }),
  );
});

test("a place has no distance to itself and a full one to its antipode", () => {
  fc.assert(
    fc.property(anyPosition, (a) => {
      const antipode = {
        latE7: -a.latE7,
        lonE7: a.lonE7 > 0 ? a.lonE7 - 1_800_000_000 : a.lonE7 + 1_800_000_000,
      };
      expect(distanceM(a, a)).toBe(0);
      expect(distanceM(a, antipode)).toBeGreaterThanOrEqual(HALF_CIRCUMFERENCE_M - 1);
    }),
  );
});

test("the way over a third place is never shorter", () => {
  fc.assert(
    fc.property(anyPosition, anyPosition, anyPosition, (a, b, c) => {
      // Three roundings of at most half a metre, and half a metre of lost precision near antipodes.
      expect(distanceM(a, c)).toBeLessThanOrEqual(distanceM(a, b) + distanceM(b, c) + 2);
    }),
  );
});

test("agrees with the arc between unit vectors", () => {
  const vector = ({ latE7, lonE7 }: Position) => {
    const [lat, lon] = [(latE7 * Math.PI) / 1.8e9, (lonE7 * Math.PI) / 1.8e9];
    return [Math.cos(lat) * Math.cos(lon), Math.cos(lat) * Math.sin(lon), Math.sin(lat)] as const;
  };
  fc.assert(
    fc.property(anyPosition, anyPosition, (a, b) => {
      const [u, v] = [vector(a), vector(b)];
      const difference = Math.hypot(u[0] - v[0], u[1] - v[1], u[2] - v[2]);
      const sum = Math.hypot(u[0] + v[0], u[1] + v[1], u[2] + v[2]);
      const arcM = 2 * EARTH_RADIUS_M * Math.atan2(difference, sum);
      expect(Math.abs(distanceM(a, b) - arcM)).toBeLessThan(1);
    }),
  );
});

test.each([
  { latE7: 900_000_001, lonE7: 0 },
  { latE7: 0, lonE7: -1_800_000_001 },
  { latE7: 0.5, lonE7: 0 },
  { latE7: Number.NaN, lonE7: 0 },
  { latE7: 0, lonE7: Number.POSITIVE_INFINITY },
])("refuses %p", (position) => {
  expect(isPosition(position)).toBe(false);
  expect(() => distanceM(position, at(0, 0))).toThrow(RangeError);
  expect(() => distanceM(at(0, 0), position)).toThrow("must be integers within");
});
