import { get } from "./api.js";
import { gatewayNow } from "./clock.js";
import { h, show } from "./dom.js";
import { duration } from "./format.js";
import { age, choices, mark, pill } from "./parts.js";
import { readingChart, spanOf } from "./readings-chart.js";
import { faultsByRow, quantityLabel, soundText, valueText, valueWords } from "./readings-words.js";

/** What a hotspot's devices measure, and how far that can be relied on. */

const HOUR_MS = 3_600_000;
const MAX_POINTS = 3000;
/** A device counts as silent after this many periods, and not before some minutes. */
const SILENT_PERIODS = 3;
const SILENT_MS = 180_000;
/** Below this share of sound readings a device needs a look. */
const POOR = 900;
const MOST_COLUMNS = 3;

/** A card that refreshes itself: `refresh()` reads only the new readings of each device. */
export function readingsCard(id) {
  let hours = 24;
  let seen = new Map();
  /** By device, once the reader opened or closed it. */
  const opened = new Map();
  const list = h("div", { class: "devices" });
  const range = choices(
    "Hours shown",
    [
      ["6", "6 h"],
      ["24", "24 h"],
      ["48", "48 h"],
    ],
    String(hours),
    (value) => {
      hours = Number(value);
      void refresh().catch((error) => console.warn(error.message));
    },
  );
  const since = h("span", { class: "since" });
  const element = h(
    "section",
    { class: "card readings", hidden: true },
    h("div", { class: "card-top" }, h("h2", {}, "Readings"), since, range),
    list,
  );

  async function seriesOf({ source, latestAtMs }) {
    const known = seen.get(source);
    if (known?.latestAtMs === latestAtMs && known.hours === hours) return known;
    const from = Math.max(0, Math.floor(gatewayNow()) - hours * HOUR_MS);
    const query = new URLSearchParams({ from: String(from), limit: String(MAX_POINTS) });
    const answer = await get(`hotspots/${id}/readings/${encodeURIComponent(source)}?${query}`);
    const points = new Map(answer.quantities.map((quantity) => [quantity.name, quantity.points]));
    return { latestAtMs, hours, points, wholeFromMs: answer.earlier ?? 0 };
  }

  async function refresh() {
    const asked = hours;
    const { sources, nowMs } = await get(`hotspots/${id}/readings`);
    const named = sources.filter(({ source }) => source !== "");
    const series = await Promise.all(named.map(seriesOf));
    if (asked !== hours) return;
    seen = new Map(named.map(({ source }, i) => [source, series[i]]));
    element.hidden = named.length === 0;
    if (element.hidden) return;
    list.style.setProperty("--columns", String(Math.min(MOST_COLUMNS, named.length)));
    const span = spanOf(named, series, nowMs, hours);
    show(since, span.fromMs > nowMs - hours * HOUR_MS && ["since ", age(span.fromMs)]);
    show(
      list,
      named.map((source) => device(source, seen.get(source.source).points, span, opened)),
    );
  }

  return { element, refresh };
}

/** On a phone only what needs a look is open at first. */
const isOpenAtFirst = (source) =>
  isSilent(source) || (source.score ?? 0) < POOR || matchMedia("(min-width: 721px)").matches;

function device(source, points, span, opened) {
  const { shared, rows } = faultsByRow(source.quantities);
  const details = h(
    "details",
    { class: "device", open: opened.get(source.source) ?? isOpenAtFirst(source) },
    h(
      "summary",
      { "data-key": `device ${source.source}` },
      h("h3", {}, source.source),
      sourcePill(source),
      h(
        "span",
        { class: "muted", title: `A reading covers ${duration(source.periodMs)}` },
        age(source.latestAtMs),
      ),
    ),
    reasons(shared, source),
    h(
      "ul",
      { class: "quantities" },
      source.quantities.map((quantity, i) => row(quantity, points.get(quantity.name) ?? [], span, rows[i])),
    ),
  );
  details.addEventListener("toggle", () => opened.set(source.source, details.open));
  return details;
}

const isSilent = ({ ageMs, periodMs }) => ageMs > Math.max(SILENT_MS, SILENT_PERIODS * periodMs);

function sourcePill(source) {
  if (isSilent(source)) return pill("offline", "ring", "Silent");
  const { score } = source;
  if (score === null) return undefined;
  if (score === 1000) return pill("paid", "check", soundText(score));
  return score < POOR
    ? pill("refused", "cross", soundText(score))
    : pill("neutral", "dash", soundText(score));
}

function row(quantity, points, span, faults) {
  const { name, unit, quality, plausible, min, mean, max } = quantity;
  const [value, shownUnit] = valueWords(mean, unit, name);
  const label = quantityLabel(name);
  const words = chartWords(label, points, unit);
  return h(
    "li",
    {},
    h("span", { class: "label", title: `${name}: ${soundText(quality.score)}` }, label),
    readingChart(points, { ...span, label: words, isFaulty: faults.some(isGrave), plausible }),
    h(
      "span",
      { class: "value", title: `${valueText(min, unit)} to ${valueText(max, unit)} in this period` },
      h("b", {}, value),
      shownUnit === "" ? undefined : ` ${shownUnit}`,
    ),
    reasons(faults, quantity),
  );
}

const isGrave = ({ permille }) => permille > 1000 - POOR;

/** Shows when a fault was last seen, unless that is now. */
const reasons = (faults, { atMs }) =>
  faults.length > 0 &&
  h(
    "ul",
    { class: "reasons" },
    faults.map((fault) => reason(fault, fault.lastAtMs === null || fault.lastAtMs === atMs)),
  );

const reason = (fault, isNow) =>
  h(
    "li",
    { "data-tone": isGrave(fault) ? "refused" : "neutral" },
    mark(isGrave(fault) ? "cross" : "dash"),
    h(
      "span",
      {},
      fault.sentence[0].toUpperCase(),
      fault.sentence.slice(1),
      !isNow && [", ", h("span", { class: "last" }, "last ", age(fault.lastAtMs))],
    ),
  );

function chartWords(label, points, unit) {
  if (points.length === 0) return `${label}: nothing in these hours`;
  const low = Math.min(...points.map(({ min }) => min));
  const high = Math.max(...points.map(({ max }) => max));
  return `${label}: ${valueText(low, unit)} to ${valueText(high, unit)} in these hours`;
}
