import { get, getAll } from "./api.js";
import { gatewayNow, systemClock } from "./clock.js";
import { h, mount, show } from "./dom.js";
import { duration, grouped, percent } from "./format.js";
import { FleetMap } from "./map.js";
import { selectionCard } from "./map-selection.js";
import { age, bar, choices, empty, epochLink, failed, hotspotLink, noteSeen, skeleton } from "./parts.js";
import { Sources } from "./sources.js";

const BEACONS = 8;
/** As many as can be distinguished; more are fetched for a selected hotspot. */
const LINKS = 600;

/** Each part, the events that may change it, and how young it may be to be read again, ms. */
const PARTS = {
  hotspots: { read: () => getAll("hotspots", "hotspots"), kinds: ["verdicts"], pauseMs: 15_000 },
  cells: { read: () => get("cells"), kinds: ["verdicts", "hotspot"], pauseMs: 10_000 },
  edges: { read: () => get(`links?limit=${LINKS}`), kinds: ["verdicts"], pauseMs: 5000 },
  epochs: { read: () => get("epochs?limit=1"), kinds: ["verdicts", "epoch"] },
  beacons: { read: () => get(`beacons?limit=${BEACONS}`), kinds: ["verdicts"] },
  network: { read: () => get("network"), kinds: ["verdicts"] },
};

/** The first view: the fleet on its map, its state, and the newest judged beacons. */
export function mapView(root) {
  let fleet = new Map();
  let selection;
  let drawn = { cells: [], hotspots: [], links: [] };
  let linkTotal = 0;
  const sources = new Sources(PARTS, systemClock);
  const map = new FleetMap({
    label: "Map of hotspots, hexes and links. Arrow keys move it, plus and minus zoom.",
    select,
  });
  const overview = h("div", { class: "overview" }, h("section", { class: "card" }, skeleton(4)));
  const selected = h("div", { "aria-live": "polite" });
  const links = choices(
    "Links shown",
    [
      ["all", "All"],
      ["paid", "Paid"],
      ["unpaid", "Unpaid"],
      ["refused", "Refused"],
      ["none", "None"],
    ],
    "all",
    (shown) => map.filter(shown),
  );
  const note = h("div", { class: "map-note" });
  mount(
    root,
    h("h1", { class: "hidden", tabindex: "-1" }, "Map"),
    h(
      "div",
      { class: "map-view" },
      h(
        "div",
        { class: "map-side" },
        map.element,
        note,
        h("div", { class: "map-links" }, h("span", { "aria-hidden": "true" }, "Links"), links),
      ),
      h("div", { class: "panel" }, selected, overview, legend()),
    ),
  );

  function select(next) {
    selection = next;
    map.highlight(selection);
    showSelection();
    if (selection?.kind === "hotspot" && linkTotal > drawn.links.length)
      void showLinksOf(selection.hotspot.id).catch(() => {});
  }

  /** The links of one hotspot in place of their share among the newest. */
  async function showLinksOf(id) {
    const { links: own } = await get(`links?hotspot=${id}&limit=${LINKS}`);
    if (selection?.hotspot?.id !== id) return;
    const others = drawn.links.filter(({ beaconer, witness }) => beaconer !== id && witness !== id);
    map.show({ ...drawn, links: [...others, ...own] });
  }

  function showSelection() {
    show(selected, selection && selectionCard(selection, fleet, () => select(undefined)));
  }

  async function refresh(kinds) {
    try {
      const { hotspots, cells, edges, epochs, beacons, network } = await sources.refresh(kinds);
      fleet = new Map(hotspots.map((hotspot) => [hotspot.id, hotspot]));
      drawn = { cells: cells.cells, hotspots, links: edges.links };
      linkTotal = edges.total;
      map.show(drawn);
      show(note, hotspots.length === 0 && noHotspots(network));
      show(overview, stats(hotspots, edges, network), epochCard(epochs), beaconCard(beacons.beacons, fleet));
      select(selection);
      return sources.owedMs;
    } catch (error) {
      if (fleet.size === 0)
        show(
          overview,
          h(
            "section",
            { class: "card" },
            failed(error, () => void refresh()),
          ),
        );
      else throw error;
    }
  }

  function concerns(kind, data) {
    if (kind === "hotspot" && !noteSeen(fleet, data)) sources.expire("hotspots");
    return ["verdicts", "hotspot", "epoch"].includes(kind);
  }

  return { title: "Map", concerns, refresh, close: () => map.close() };
}

const noHotspots = ({ registration }) =>
  empty(
    "No hotspots yet",
    registration === "open"
      ? "Start an agent that knows this gateway: it joins by itself."
      : "The operator lists hotspots in a file or through the API.",
  );

function stats(hotspots, { links, total }, network) {
  const online = hotspots.filter((hotspot) => hotspot.online).length;
  const judged = hotspots.reduce((sum, { recent }) => sum + recent.judged, 0);
  const paid = hotspots.reduce((sum, { recent }) => sum + recent.paid, 0);
  const stat = (value, text) => h("div", { class: "stat" }, h("b", {}, value), h("span", {}, text));
  return h(
    "section",
    { class: "card", "aria-label": "Overview" },
    h(
      "div",
      { class: "stats" },
      stat(`${grouped(online)} / ${grouped(hotspots.length)}`, "hotspots online"),
      stat(judged === 0 ? "–" : percent(paid / judged), "of newest reports paid"),
      stat(
        grouped(total),
        total > links.length ? `links, newest ${grouped(links.length)} drawn` : "links between them",
      ),
      stat(sinceJudged(network), "since the newest judged period"),
    ),
  );
}

const sinceJudged = ({ judgedThrough }) =>
  judgedThrough === null ? "–" : duration(gatewayNow() - judgedThrough.atMs);

function epochCard({ open, epochs }) {
  const leftMs = open.toMs - gatewayNow();
  const [latest] = epochs;
  return h(
    "section",
    { class: "card" },
    h("h2", {}, `Epoch ${grouped(open.epoch)} is open`),
    h(
      "p",
      { class: "muted" },
      leftMs > 0
        ? `Measures for another ${duration(leftMs)}, then the last reports are judged`
        : "Measured; the last reports are being judged",
    ),
    bar(open.judgedShare),
    h(
      "p",
      { class: "under" },
      h("span", {}, `${percent(open.judgedShare)} judged`),
      latest !== undefined && h("span", {}, "Last closed: ", epochLink(latest.epoch)),
    ),
  );
}

function beaconCard(beacons, fleet) {
  if (beacons.length === 0) {
    return h(
      "section",
      { class: "card" },
      h("h2", {}, "Newest proven beacons"),
      empty(
        "None yet",
        "A beacon shows here once its report deadline has passed and somebody validly heard it.",
      ),
    );
  }
  return h(
    "section",
    { class: "card" },
    h("h2", {}, "Newest proven beacons"),
    h("p", { class: "muted" }, "Shown only after their report deadline"),
    h(
      "ol",
      { class: "beacons" },
      beacons.map(({ key, beaconer, beaconerName, paidWitnesses, atMs }) =>
        h(
          "li",
          {},
          hotspotLink(beaconer, fleet.get(beaconer)?.name ?? beaconerName),
          h("span", { class: "muted when" }, age(atMs)),
          h("a", { class: "muted", href: `#/beacons/${key}` }, `heard by ${paidWitnesses.length}`),
        ),
      ),
    ),
  );
}

function legend() {
  const entry = (kind, text) =>
    h("li", {}, h("span", { class: `swatch ${kind}`, "aria-hidden": "true" }), text);
  return h(
    "section",
    { class: "card legend" },
    h("h2", {}, "Legend"),
    h(
      "ul",
      {},
      entry("proven", "Hex with proven coverage"),
      entry("refused", "Hex whose reports are refused"),
      entry("quiet", "Hex online, nothing paid or refused"),
      entry("offline", "Hex offline"),
      entry("link-paid", "Heard and paid"),
      entry("link-unpaid", "Heard validly, not paid"),
      entry("link-refused", "Heard, refused"),
    ),
  );
}
