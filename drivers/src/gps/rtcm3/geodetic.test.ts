import { expect, test } from "bun:test";
import fc from "fast-check";
import { distanceM, type Geodetic, geodeticOf } from "./geodetic.ts";

/** The textbook formula of the other direction. */
function ecefOf({ latDeg, lonDeg, altHaeM }: Geodetic) {
  const [lat, lon] = [(latDeg * Math.PI) / 180, (lonDeg * Math.PI) / 180];
  const flattening = 1 / 298.257223563;
  const e2 = flattening * (2 - flattening);
  const normalM = 6_378_137 / Math.sqrt(1 - e2 * Math.sin(lat) ** 2);
  const axisM = (normalM + altHaeM) * Math.cos(lat);
  return {
    xM: axisM * Math.cos(lon),
    yM: axisM * Math.sin(lon),
    zM: (normalM * (1 - e2) + altHaeM) * Math.sin(lat),
  };
}

test.each([
  ["the Gulf of Guinea", { xM: 6_378_137, yM: 0, zM: 0 }, { latDeg: 0, lonDeg: 0, altHaeM: 0 }],
  ["the date line", { xM: -6_378_237, yM: 0, zM: 0 }, { latDeg: 0, lonDeg: 180, altHaeM: 100 }],
  ["the north pole", { xM: 0, yM: 0, zM: 6_356_752.314_245 }, { latDeg: 90, lonDeg: 0, altHaeM: 0 }],
  ["the south pole", { xM: 0, yM: 0, zM: -6_356_752.314_245 }, { latDeg: -90, lonDeg: 0, altHaeM: 0 }],
])("%s", (_, ecef, { latDeg, lonDeg, altHaeM }) => {
  const found = geodeticOf(ecef);
  expect(found.latDeg).toBeCloseTo(latDeg, 10);
  expect(found.lonDeg).toBeCloseTo(lonDeg, 10);
  expect(found.altHaeM).toBeCloseTo(altHaeM, 5);
});

test("within a nanodegree and a micrometre near the ground", () => {
  const place = fc.record({
    latDeg: fc.double({ min: -90, max: 90, noNaN: true }),
    lonDeg: fc.double({ min: -179.9, max: 180, noNaN: true }),
    altHaeM: fc.double({ min: -11_000, max: 100_000, noNaN: true }),
  });
  fc.assert(
    fc.property(place, (given) => {
      const ecef = ecefOf(given);
      const found = geodeticOf(ecef);
      expect(Math.abs(found.latDeg - given.latDeg)).toBeLessThan(1e-9);
      expect(Math.abs(found.altHaeM - given.altHaeM)).toBeLessThan(1e-6);
      expect(distanceM(ecefOf(found), ecef)).toBeLessThan(1e-4);
    }),
  );
});

test("any 38-bit coordinates give finite numbers", () => {
  const coordinate = fc.integer({ min: -(2 ** 37), max: 2 ** 37 - 1 }).map((steps) => steps / 10_000);
  fc.assert(
    fc.property(coordinate, coordinate, coordinate, (xM, yM, zM) => {
      for (const value of Object.values(geodeticOf({ xM, yM, zM }))) expect(value).toBeFinite();
    }),
  );
  expect(geodeticOf({ xM: 0, yM: 0, zM: 0 }).latDeg).toBeFinite();
});
