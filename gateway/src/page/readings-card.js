import { get } from "./api.js";
import { gatewayNow } from "./clock.js";
import { h, show } from "./dom.js";
import { duration } from "./format.js";
import { age, choices, pill } from "./parts.js";
import { readingChart } from "./readings-chart.js";
import { quantityLabel, soundText, valueWords } from "./readings-words.js";

/** What a hotspot's devices measure, and how far that can be relied on. */

const HOUR_MS = 3_600_000;
const MAX_POINTS = 3000;
/** A device is called silent after so many periods, but not before some minutes. */
const SILENT_PERIODS = 3;
const SILENT_MS = 180_000;
/** Below this share of sound readings a device needs a look. */
const POOR = 900;

/** A card that keeps itself: `refresh()` reads again, of each device only what is new. */
export function readingsCard(id) {
  let hours = 24;
  let seen = new Map();
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
  const element = h(
    "section",
    { class: "card", hidden: true },
    h("div", { class: "card-top" }, h("h2", {}, "Readings"), range),
    list,
  );

  async function seriesOf({ source, latestAtMs }) {
    const known = seen.get(source);
    if (known?.latestAtMs === latestAtMs && known.hours === hours) return known;
    const from = Math.max(0, Math.floor(gatewayNow()) - hours * HOUR_MS);
    const query = new URLSearchParams({ from: String(from), limit: String(MAX_POINTS) });
    const { quantities } = await get(`hotspots/${id}/readings/${encodeURIComponent(source)}?${query}`);
    const points = new Map(quantities.map((quantity) => [quantity.name, quantity.points]));
    return { latestAtMs, hours, points };
  }

  async function refresh() {
    const asked = hours;
    const { sources, nowMs } = await get(`hotspots/${id}/readings`);
    const named = sources.filter(({ source }) => source !== "");
    const series = await Promise.all(named.map(seriesOf));
    if (asked !== hours) return;
    seen = new Map(named.map(({ source }, i) => [source, series[i]]));
    element.hidden = named.length === 0;
    const span = { fromMs: nowMs - hours * HOUR_MS, toMs: nowMs };
    show(
      list,
      named.map((source) => device(source, seen.get(source.source).points, span)),
    );
  }

  return { element, refresh };
}

const device = (source, points, span) =>
  h(
    "section",
    { class: "device" },
    h(
      "header",
      {},
      h("h3", {}, source.source),
      sourcePill(source),
      h(
        "span",
        { class: "muted", title: `A reading covers ${duration(source.periodMs)}` },
        age(source.latestAtMs),
      ),
    ),
    h(
      "ul",
      { class: "quantities" },
      source.quantities.map((quantity) => row(quantity, points.get(quantity.name) ?? [], span)),
    ),
  );

function sourcePill({ score, ageMs, periodMs }) {
  if (ageMs > Math.max(SILENT_MS, SILENT_PERIODS * periodMs)) return pill("offline", "ring", "Silent");
  if (score === null) return undefined;
  return qualityPill(score);
}

const qualityPill = (score) =>
  score === 1000
    ? pill("paid", "check", soundText(score))
    : pill(score < POOR ? "refused" : "neutral", score < POOR ? "cross" : "dash", soundText(score));

function row(quantity, points, span) {
  const { name, unit, quality, min, mean, max } = quantity;
  const [value, shownUnit] = valueWords(mean, unit);
  const label = quantityLabel(name);
  const isFaulty = quality.score < POOR;
  return h(
    "li",
    {},
    h("span", { class: "label", title: name }, label),
    readingChart(points, { ...span, label: chartWords(label, points, unit), isFaulty }),
    h(
      "span",
      { class: "value", title: `${withUnit(min, unit)} to ${withUnit(max, unit)} in this period` },
      h("b", {}, value),
      shownUnit === "" ? undefined : ` ${shownUnit}`,
    ),
    quality.faults.length > 0 && reasons(quality),
  );
}

const reasons = ({ score, faults }) =>
  h(
    "div",
    { class: "reasons" },
    qualityPill(score),
    h(
      "ul",
      {},
      faults.map(({ sentence, lastAtMs }) =>
        h(
          "li",
          {},
          sentence[0].toUpperCase(),
          sentence.slice(1),
          lastAtMs !== null && [h("span", { class: "muted" }, ", last ", age(lastAtMs))],
        ),
      ),
    ),
  );

const withUnit = (value, unit) => valueWords(value, unit).join(" ").trim();

function chartWords(label, points, unit) {
  if (points.length === 0) return `${label}: nothing in these hours`;
  const low = Math.min(...points.map(({ min }) => min));
  const high = Math.max(...points.map(({ max }) => max));
  return `${label}: ${withUnit(low, unit)} to ${withUnit(high, unit)} in these hours`;
}
