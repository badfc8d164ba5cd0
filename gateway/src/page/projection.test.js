import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  fitView,
  gridStep,
  MAX_ZOOM,
  MIN_ZOOM,
  metresPerPixel,
  pixelsPerUnit,
  project,
  roundLength,
  toScreen,
  unproject,
  zoomAt,
} from "./projection.js";

const place = fc.record({
  latitude: fc.double({ min: -85, max: 85, noNaN: true }),
  longitude: fc.double({ min: -180, max: 180, noNaN: true }),
});

test("projecting and back gives the same place", () => {
  fc.assert(
    fc.property(place, ({ latitude, longitude }) => {
      const back = unproject(project(latitude, longitude));
      expect(back.latitude).toBeCloseTo(latitude, 6);
      expect(back.longitude).toBeCloseTo(longitude, 6);
    }),
  );
});

test("known points of the Web Mercator square", () => {
  expect(project(0, 0)).toEqual({ x: 0.5, y: 0.5 });
  expect(project(0, -180).x).toBe(0);
  expect(project(85.05112878, 0).y).toBeCloseTo(0, 7);
  // EPSG:3857 of 45° N is 5 621 521.49 m; the square is 2 · 20 037 508.34 m wide.
  expect(project(45, 0).y).toBeCloseTo(0.5 - 5_621_521.486 / 40_075_016.686, 8);
  expect(project(90, 0).y).toBeCloseTo(0, 7);
});

test("zooming keeps the point under the pointer", () => {
  const zoom = fc.double({ min: MIN_ZOOM, max: MAX_ZOOM, noNaN: true });
  fc.assert(
    fc.property(place, zoom, zoom, fc.nat(800), fc.nat(600), (centre, from, to, px, py) => {
      const view = { ...project(centre.latitude, centre.longitude), zoom: from };
      const scale = pixelsPerUnit(from);
      const point = { x: view.x + (px - 400) / scale, y: view.y + (py - 300) / scale };
      const after = toScreen(point, zoomAt(view, to, px, py, 800, 600), 800, 600);
      expect(after.x).toBeCloseTo(px, 3);
      expect(after.y).toBeCloseTo(py, 3);
    }),
  );
});

test("zoom stays within its limits", () => {
  const view = { x: 0.5, y: 0.5, zoom: 10 };
  expect(zoomAt(view, 99, 0, 0, 100, 100).zoom).toBe(MAX_ZOOM);
  expect(zoomAt(view, -99, 0, 0, 100, 100).zoom).toBe(MIN_ZOOM);
});

describe("fitting", () => {
  test("shows every point inside the frame", () => {
    fc.assert(
      fc.property(fc.array(place, { minLength: 2, maxLength: 20 }), (places) => {
        const points = places.map(({ latitude, longitude }) => project(latitude, longitude));
        const view = fitView(points, 900, 700);
        if (view.zoom === MIN_ZOOM) return;
        for (const point of points) {
          const { x, y } = toScreen(point, view, 900, 700);
          expect(x).toBeWithin(-1, 901);
          expect(y).toBeWithin(-1, 701);
        }
      }),
    );
  });

  test("of one point or none is a sensible view", () => {
    expect(fitView([{ x: 0.3, y: 0.4 }], 900, 700)).toEqual({ x: 0.3, y: 0.4, zoom: 15 });
    expect(fitView([], 900, 700).zoom).toBe(MIN_ZOOM);
  });
});

test("the scale bar is a round length that fits", () => {
  expect([1, 3, 7, 49, 120, 9999].map(roundLength)).toEqual([1, 2, 5, 20, 100, 5000]);
  // 156 543 m per pixel at zoom 0 on the equator, the figure that every tile map quotes.
  expect(metresPerPixel(0, 0)).toBeCloseTo(156_543.03, 1);
  expect(metresPerPixel(60, 0)).toBeCloseTo(156_543.03 / 2, 1);
});

test("grid lines never crowd", () => {
  for (let zoom = MIN_ZOOM; zoom <= MAX_ZOOM; zoom += 0.25) {
    const px = (gridStep(zoom) * pixelsPerUnit(zoom)) / 360;
    expect(px).toBeGreaterThanOrEqual(zoom < 3 ? 80 : 110);
  }
});
