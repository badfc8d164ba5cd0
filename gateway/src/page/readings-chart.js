import { s } from "./dom.js";

/** One quantity over some hours as a band from smallest to largest with the mean in it. */

const WIDTH = 160;
const HEIGHT = 38;
const EDGE = 3;
const COLUMNS = 80;
const HOUR_MS = 3_600_000;
const MIN_SPAN_MS = 600_000;

/**
 * Periods gathered into columns of equal time: smallest, mean (by length of period) and largest of each.
 * @param points oldest first
 */
export function columnsOf(points, fromMs, toMs, columns = COLUMNS) {
  const width = (toMs - fromMs) / columns;
  const found = new Map();
  for (const { atMs, periodMs, min, mean, max } of points) {
    const at = Math.floor((atMs - periodMs / 2 - fromMs) / width);
    if (at < 0 || at >= columns) continue;
    const column = found.get(at) ?? {
      at,
      min,
      max,
      sum: 0,
      lengthMs: 0,
      beganMs: atMs - periodMs,
      endMs: atMs,
    };
    const lengthMs = Math.max(1, periodMs);
    found.set(at, {
      ...column,
      min: Math.min(column.min, min),
      max: Math.max(column.max, max),
      sum: column.sum + mean * lengthMs,
      lengthMs: column.lengthMs + lengthMs,
      endMs: Math.max(column.endMs, atMs),
    });
  }
  return [...found.values()].map(({ sum, lengthMs, ...rest }) => ({ ...rest, mean: sum / lengthMs }));
}

/** Runs of columns without a gap: a line across a gap would show values that nobody measured. */
export function runsOf(columns, longestMs) {
  const runs = [];
  for (const column of columns) {
    const before = runs.at(-1)?.at(-1);
    if (before !== undefined && column.beganMs - before.endMs < longestMs) runs.at(-1).push(column);
    else runs.push([column]);
  }
  return runs;
}

/** Lowest and highest value shown; a flat line lies in the middle. */
export function rangeOf(columns) {
  const low = Math.min(...columns.map(({ min }) => min));
  const high = Math.max(...columns.map(({ max }) => max));
  if (high > low) return [low, high];
  const room = Math.abs(low) * 0.01 || 1;
  return [low - room, high + room];
}

/**
 * The time shown: the last hours; where all devices are newer, since the first of them, but at least ten minutes; and
 * only time for which all readings are here: missing ones would look like a gap.
 * @param sources with `firstAtMs` and `periodMs`
 * @param series with `wholeFromMs`
 */
export function spanOf(sources, series, nowMs, hours) {
  const beganMs = Math.min(...sources.map(({ firstAtMs, periodMs }) => firstAtMs - periodMs));
  const fromMs = Math.max(nowMs - hours * HOUR_MS, Math.min(beganMs, nowMs - MIN_SPAN_MS));
  return { fromMs: Math.max(fromMs, ...series.map(({ wholeFromMs }) => wholeFromMs)), toMs: nowMs };
}

/** Plausible periods, and the others: on one scale a single outlier would flatten all others. */
export function splitByBounds(points, plausible) {
  const isOutside = ({ min, max }) => plausible !== null && (min < plausible.min || max > plausible.max);
  return [points.filter((point) => !isOutside(point)), points.filter(isOutside)];
}

/** `label`: the chart in words; `isFaulty` colours it; outside of `plausible` the time is marked, not the value. */
export function readingChart(points, { fromMs, toMs, label, isFaulty, plausible }) {
  const [sound, outside] = splitByBounds(points, plausible);
  const columns = columnsOf(sound, fromMs, toMs);
  const attributes = {
    class: "chart",
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: "none",
    role: "img",
    "aria-label": label,
    "data-faulty": isFaulty,
  };
  const marks = columnsOf(outside, fromMs, toMs).map(({ at }) =>
    s("rect", { class: "outside", x: at * columnWidth, width: columnWidth, height: HEIGHT }),
  );
  return s("svg", attributes, s("title", {}, label), marks, drawnRuns(columns, points, toMs - fromMs));
}

const columnWidth = WIDTH / COLUMNS;

function drawnRuns(columns, points, spanMs) {
  if (columns.length === 0) return [];
  const [low, high] = rangeOf(columns);
  const x = (at) => ((at + 0.5) * columnWidth).toFixed(1);
  const y = (value) => (HEIGHT - EDGE - ((value - low) / (high - low)) * (HEIGHT - 2 * EDGE)).toFixed(1);
  const silenceMs = Math.max(...points.map(({ periodMs }) => periodMs), spanMs / COLUMNS);
  return runsOf(columns, silenceMs).map((run) => drawnRun(run, x, y));
}

function drawnRun(run, x, y) {
  const line = (key, part = run) => part.map((column) => `${x(column.at)} ${y(column[key])}`).join("L");
  const back = run.toReversed();
  if (run.length === 1) {
    const [{ at, min, mean, max }] = run;
    return [
      s("path", { class: "alone", d: `M${x(at)} ${y(min)}V${y(max)}` }),
      // A line without length has round ends, however the chart is stretched.
      s("path", { class: "dot", d: `M${x(at)} ${y(mean)}h0.01` }),
    ];
  }
  return [
    s("path", { class: "band", d: `M${line("max")}L${line("min", back)}Z` }),
    s("path", { class: "mean", d: `M${line("mean")}` }),
  ];
}
