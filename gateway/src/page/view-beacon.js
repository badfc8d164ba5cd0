import { get, getAll } from "./api.js";
import { h, mount, show } from "./dom.js";
import { grouped } from "./format.js";
import { FleetMap } from "./map.js";
import { selectionCard } from "./map-selection.js";
import { age, copyable, epochLink, facts, failed, fullTime, hotspotLink, skeleton } from "./parts.js";
import { receptionText } from "./status-words.js";
import { verdictList } from "./verdict-list.js";

/** One judged beacon: who sent it, who heard it, and what became of each report. */
export function beaconView(root, key) {
  let fleet = new Map();
  let sender;
  const body = h("div", {}, h("h1", { tabindex: "-1" }, "Beacon"), skeleton(6));
  const selected = h("div", { "aria-live": "polite" });
  const map = new FleetMap({ label: "Map of who heard this beacon", select });
  mount(root, h("div", { class: "sheet" }, body));

  function select(selection) {
    map.highlight(selection ?? (sender && { kind: "hotspot", hotspot: sender }));
    show(selected, selection && selectionCard(selection, fleet, () => select(undefined)));
  }

  /** A judged beacon changes only by late reports: it is read once. */
  let isShown = false;
  async function refresh() {
    if (isShown) return;
    try {
      const [beacon, hotspots, cells] = await Promise.all([
        get(`beacons/${key}`),
        getAll("hotspots", "hotspots"),
        get("cells"),
      ]);
      isShown = true;
      fleet = new Map(hotspots.map((hotspot) => [hotspot.id, hotspot]));
      show(body, contents(beacon, fleet, map.element, selected));
      map.show(mapData(beacon, hotspots, cells.cells));
      sender = fleet.get(beacon.beaconer);
      select(undefined);
    } catch (error) {
      show(body, h("h1", { tabindex: "-1" }, "Beacon"), h("div", { class: "card" }, failed(error, refresh)));
    }
  }

  return { title: "Beacon", concerns: () => false, refresh, close: () => map.close() };
}

function mapData({ beaconer, witnessReports }, hotspots, cells) {
  const near = new Set([beaconer, ...witnessReports.map(({ hotspotId }) => hotspotId)]);
  const links = witnessReports
    .filter(({ hotspotId }) => beaconer !== null && hotspotId !== beaconer)
    .map((report) => linkOf(report, beaconer));
  return {
    links,
    hotspots: hotspots.filter(({ id }) => near.has(id)),
    cells: cells.filter((cell) => cell.hotspots.some((id) => near.has(id))),
  };
}

const linkOf = (report, beaconer) => ({
  beaconer,
  witness: report.hotspotId,
  paid: report.outcome === "paid" ? 1 : 0,
  unpaid: report.outcome === "unpaid" ? 1 : 0,
  refused: report.outcome === "refused" ? 1 : 0,
  lastOutcome: report.outcome,
  lastReason: report.reason,
  lastSentence: report.sentence,
  lastAtMs: report.beaconAtMs,
});

function contents(
  { key, atMs, epoch, beaconer, entropyIndex, beaconReports, witnessReports },
  fleet,
  map,
  selected,
) {
  const name = (id) => fleet.get(id)?.name ?? id;
  const paid = witnessReports.filter(({ outcome }) => outcome === "paid").length;
  const sender = beaconer === null ? "an unregistered hotspot" : hotspotLink(beaconer, name(beaconer));
  const byOutcome = [...witnessReports].sort((a, b) =>
    a.outcome < b.outcome ? -1 : a.outcome > b.outcome ? 1 : 0,
  );
  return [
    h(
      "header",
      { class: "who-header" },
      h("h1", { tabindex: "-1" }, "Beacon of ", sender),
      h("span", { class: "muted" }, age(atMs)),
    ),
    h(
      "div",
      { class: "columns" },
      h(
        "section",
        { class: "card" },
        h("h2", {}, `Heard by ${witnessReports.length}, ${paid} paid`),
        verdictList([...beaconReports, ...byOutcome], name, "reporter"),
      ),
      h(
        "div",
        { class: "stack" },
        h("section", { class: "card flush", "aria-label": "Links" }, map),
        selected,
        receptionsCard(witnessReports, name),
        h(
          "section",
          { class: "card" },
          h("h2", {}, "Particulars"),
          facts([
            ["Entropy due", fullTime(atMs)],
            ["Entropy number", grouped(entropyIndex)],
            ["Paid in", epochLink(epoch)],
            ["Key", copyable(key, key)],
            ["Data", h("a", { href: `/api/v1/beacons/${key}` }, "as JSON")],
          ]),
        ),
      ),
    ),
  ];
}

/** What each radio told of the frame: levels compare only where they are of the same thing. */
function receptionsCard(witnessReports, name) {
  const reports = witnessReports.filter(({ reception }) => reception !== null);
  if (reports.length === 0) return undefined;
  return h(
    "section",
    { class: "card" },
    h("h2", {}, "As their radios heard it"),
    h(
      "ul",
      { class: "records receptions" },
      reports.map(({ hotspotId, reception }) =>
        h("li", {}, hotspotLink(hotspotId, name(hotspotId)), h("p", {}, receptionText(reception))),
      ),
    ),
  );
}
