/**
 * Web Mercator (EPSG:3857) on a unit square: x from west to east, y from north to south. A view is its centre on
 * that square and a zoom, by which the square is 256 · 2^zoom pixels wide.
 */

const TILE_PX = 256;
const EARTH_CIRCUMFERENCE_M = 40_075_016.686;
/** Where Mercator's square ends. */
const MAX_LATITUDE = 85.051_128_78;

export const MIN_ZOOM = 2;
export const MAX_ZOOM = 18;

export function project(latitude, longitude) {
  const clamped = Math.max(-MAX_LATITUDE, Math.min(MAX_LATITUDE, latitude));
  const sine = Math.sin((clamped * Math.PI) / 180);
  return {
    x: longitude / 360 + 0.5,
    y: 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI),
  };
}

export function unproject({ x, y }) {
  const latitude = (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI;
  return { latitude, longitude: (x - 0.5) * 360 };
}

export const pixelsPerUnit = (zoom) => TILE_PX * 2 ** zoom;

export const metresPerPixel = (latitude, zoom) =>
  (EARTH_CIRCUMFERENCE_M * Math.cos((latitude * Math.PI) / 180)) / pixelsPerUnit(zoom);

/** Where a point of the square stands in a view of `width` by `height` pixels. */
export function toScreen(point, view, width, height) {
  const scale = pixelsPerUnit(view.zoom);
  return { x: (point.x - view.x) * scale + width / 2, y: (point.y - view.y) * scale + height / 2 };
}

/** Zooms so that the point under (px, py) stays where it is. */
export function zoomAt(view, zoom, px, py, width, height) {
  const limited = Math.max(MIN_ZOOM, Math.min(MAX_ZOOM, zoom));
  const before = pixelsPerUnit(view.zoom);
  const after = pixelsPerUnit(limited);
  const keep = (centre, offset) => centre + offset / before - offset / after;
  return { x: keep(view.x, px - width / 2), y: keep(view.y, py - height / 2), zoom: limited };
}

/** The closest view that shows all points with a margin; the whole world when there are none. */
export function fitView(points, width, height, marginPx = 48) {
  if (points.length === 0) return { x: 0.5, y: 0.4, zoom: MIN_ZOOM };
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  const room = (px) => Math.max(px - 2 * marginPx, px / 3, 1) / TILE_PX;
  const fits = Math.log2(Math.min(room(width) / (right - left), room(height) / (bottom - top)));
  const zoom = Math.max(MIN_ZOOM, Math.min(15, fits));
  return { x: (left + right) / 2, y: (top + bottom) / 2, zoom };
}

/** The largest 1, 2 or 5 times a power of ten that is not above `limit`. */
export function roundLength(limit) {
  const power = 10 ** Math.floor(Math.log10(limit));
  const factor = [5, 2, 1].find((each) => each * power <= limit) ?? 1;
  return factor * power;
}

const GRID_STEPS = [30, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];

/** Step of the degree grid at which lines stand at least `minPx` apart. */
export function gridStep(zoom, minPx = 110) {
  const degreePx = pixelsPerUnit(zoom) / 360;
  return GRID_STEPS.findLast((step) => step * degreePx >= minPx) ?? 30;
}
