import { h } from "./dom.js";
import { metres, reasonText } from "./format.js";
import { linkCounts } from "./link-layer.js";
import { age, hotspotLink, outcomePill, paidShare, presencePill } from "./parts.js";

/** What the card beside the map says of the thing selected. `fleet`: hotspots by id. */
export function selectionCard(selection, fleet, clear) {
  const close = h(
    "button",
    { class: "button small", type: "button", on: { click: clear }, "data-key": "clear selection" },
    "Clear",
  );
  const { title, body } = contents(selection, fleet);
  return h(
    "section",
    { class: "card selection", "aria-label": "Selection" },
    h("div", { class: "card-top" }, h("h2", {}, title), close),
    body,
  );
}

function contents(selection, fleet) {
  if (selection.kind === "link") return linkContents(selection.link, fleet);
  if (selection.kind === "cell") {
    const hotspots = selection.cell.hotspots.map((id) => fleet.get(id)).filter((each) => each !== undefined);
    const title =
      hotspots.length === 1 ? "One hotspot in this hex" : `${hotspots.length} hotspots in this hex`;
    return { title, body: hotspots.map(hotspotSummary) };
  }
  const current = fleet.get(selection.hotspot.id) ?? selection.hotspot;
  return { title: current.name, body: [hotspotSummary(current, false)] };
}

function hotspotSummary(hotspot, hasName = true) {
  const [worst] = Object.entries(hotspot.recent.refusedByReason).sort(([, a], [, b]) => b - a);
  return h(
    "div",
    { class: "summary" },
    hasName && h("strong", {}, hotspot.name),
    h(
      "div",
      { class: "line" },
      presencePill(hotspot.online),
      h("span", { class: "muted" }, "seen ", age(hotspot.lastSeenAtMs)),
    ),
    paidShare(hotspot.recent),
    worst !== undefined &&
      h("p", { class: "muted" }, `Mostly refused for: ${reasonText(worst[0])} (${worst[1]})`),
    h("a", { class: "button", href: `#/hotspots/${hotspot.id}` }, "Open hotspot"),
  );
}

function linkContents(link, fleet) {
  const name = (id) => hotspotLink(id, fleet.get(id)?.name ?? id);
  return {
    title: "Link",
    body: h(
      "div",
      { class: "summary" },
      h("p", {}, name(link.beaconer), h("span", { class: "muted" }, " was heard by "), name(link.witness)),
      h("p", { class: "muted" }, `${metres(link.distanceM)} apart · ${linkCounts(link)} lately`),
      h(
        "div",
        { class: "line" },
        outcomePill(link.lastOutcome),
        h("span", { class: "muted" }, age(link.lastAtMs)),
      ),
      link.lastOutcome !== "paid" && h("p", {}, link.lastSentence),
    ),
  };
}
