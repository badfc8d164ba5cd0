import { h, s } from "./dom.js";
import { gapsBetween, grouped, runs } from "./format.js";

/** A hotspot's numbered packets as a strip: what is stored, and what is missing in between. */

const WIDTH = 1000;
/** A single missing packet among a hundred thousand must still be seen. */
const MIN_GAP = 4;
const LISTED_GAPS = 8;

/** `ranges`: the newest runs that are stored; `gaps`: what is missing in all, and the newest runs of it. */
export function sequenceStrip({ ranges }, { total, missing, runs: newestGaps }) {
  const first = ranges[0]?.first;
  const last = ranges.at(-1)?.last;
  if (first === undefined || last === undefined) {
    return h("p", { class: "muted" }, "No packet of this hotspot has been stored yet.");
  }
  const gaps = gapsBetween(ranges);
  const at = (number) => ((number - first) / (last - first + 1)) * WIDTH;
  const block = (kind, range, least) =>
    s("rect", {
      class: kind,
      x: at(range.first).toFixed(1),
      y: 0,
      width: Math.max(least, at(range.last + 1) - at(range.first)).toFixed(1),
      height: 22,
    });
  const strip = s(
    "svg",
    { class: "strip", viewBox: `0 0 ${WIDTH} 22`, preserveAspectRatio: "none", "aria-hidden": "true" },
    ranges.map((range) => block("stored", range, 1)),
    gaps.map((gap) => block("gap", gap, MIN_GAP)),
  );
  return h(
    "div",
    {},
    strip,
    h("p", { class: "ends" }, h("span", {}, grouped(first)), h("span", {}, grouped(last))),
    words(newestGaps, total, missing),
  );
}

function words(gaps, total, missing) {
  if (missing === 0) return h("p", {}, "None of these is missing.");
  const rest = total - LISTED_GAPS;
  const listed = runs(gaps.slice(0, LISTED_GAPS));
  const more = rest > 0 ? ` and ${rest} more gaps` : "";
  return h(
    "p",
    {},
    h("strong", {}, `${grouped(missing)} missing: `),
    `${listed}${more}. `,
    h("span", { class: "muted" }, "They may still arrive, or were dropped by the outbox."),
  );
}
