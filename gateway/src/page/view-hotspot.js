import { get, getAll } from "./api.js";
import { systemClock } from "./clock.js";
import { h, mount, show } from "./dom.js";
import {
  copiesNotice,
  denialNotice,
  edgesCard,
  registryCard,
  retiredNotice,
  unpaidPill,
} from "./evidence-cards.js";
import { coordinates, grouped, reasonText } from "./format.js";
import { FleetMap } from "./map.js";
import { selectionCard } from "./map-selection.js";
import {
  age,
  choices,
  copyable,
  empty,
  epochLink,
  facts,
  failed,
  fullTime,
  paidShare,
  presencePill,
  skeleton,
} from "./parts.js";
import { readingsCard } from "./readings-card.js";
import { sequenceStrip } from "./sequence-strip.js";
import { Sources } from "./sources.js";
import { statusCard } from "./status-card.js";
import { verdictList } from "./verdict-list.js";

const PAGE = 25;

/** One hotspot, for its owner and for the technician on the roof. */
export function hotspotView(root, id) {
  let detail;
  let fleet = new Map();
  let outcome = "all";
  let wantedVerdicts = PAGE;
  const top = h("div", {}, skeleton(3));
  const verdicts = h("div", {}, skeleton(6));
  const side = h("div", { class: "stack" });
  const selected = h("div", { "aria-live": "polite" });
  const readings = readingsCard(id);
  const sources = new Sources(
    {
      found: { read: () => get(`hotspots/${id}`), kinds: ["verdicts", "hotspot", "epoch"] },
      registry: { read: () => get(`hotspots/${id}/registry`), kinds: ["epoch"] },
      edges: { read: () => get(`hotspots/${id}/edges`), kinds: ["epoch"] },
      hotspots: { read: () => getAll("hotspots", "hotspots"), kinds: ["epoch"] },
      links: { read: () => get(`links?hotspot=${id}`), kinds: ["verdicts"], pauseMs: 5000 },
      cells: { read: () => get("cells"), kinds: ["verdicts"], pauseMs: 10_000 },
      verdicts: { read: readVerdicts, kinds: ["verdicts"] },
      readings: { read: () => readings.refresh(), kinds: ["verdicts", "hotspot"], pauseMs: 30_000 },
    },
    systemClock,
  );
  const map = new FleetMap({ label: "Map of this hotspot's links", select });
  const filter = choices(
    "Verdicts shown",
    [
      ["all", "All"],
      ["unpaid", "Not paid"],
      ["refused", "Refused"],
    ],
    "all",
    (value) => {
      outcome = value;
      void showVerdicts();
    },
  );
  const again = () => void refresh();
  const columns = h(
    "div",
    { class: "columns" },
    h(
      "section",
      { class: "card" },
      h("div", { class: "card-top" }, h("h2", {}, "Verdicts on its reports"), filter),
      verdicts,
    ),
    h(
      "div",
      { class: "stack" },
      h("section", { class: "card flush", "aria-label": "Links" }, map.element),
      selected,
      side,
    ),
  );
  mount(root, h("div", { class: "sheet" }, top, readings.element, columns));

  function select(selection) {
    map.highlight(selection ?? (detail && { kind: "hotspot", hotspot: detail.hotspot }));
    const isOther = selection !== undefined && selection.hotspot?.id !== id;
    show(selected, isOther && selectionCard(selection, fleet, () => select(undefined)));
  }

  async function readVerdicts() {
    const found = [];
    const asked = outcome;
    let next;
    do {
      const query = new URLSearchParams({ limit: "100", ...(next === undefined ? {} : { after: next }) });
      const page = await get(`hotspots/${id}/verdicts?${query}`);
      found.push(...page.verdicts.filter((each) => asked === "all" || each.outcome === asked));
      next = page.next ?? undefined;
    } while (next !== undefined && found.length <= wantedVerdicts);
    return { asked, found, hasOlder: next !== undefined };
  }

  function drawVerdicts({ asked, found, hasOlder }) {
    if (asked !== outcome) return;
    const listed = found.slice(0, wantedVerdicts);
    const nameOf = (each) => fleet.get(each)?.name ?? each;
    const older = h(
      "button",
      { class: "button", type: "button", "data-key": "older", on: { click: showOlder } },
      "Show older",
    );
    const isMore = hasOlder || found.length > listed.length;
    show(
      verdicts,
      listed.length === 0 ? noVerdicts(asked) : verdictList(listed, nameOf),
      isMore && h("p", { class: "more" }, older),
    );
  }

  function showOlder() {
    wantedVerdicts += PAGE * 2;
    void showVerdicts();
  }

  async function showVerdicts() {
    sources.expire("verdicts");
    try {
      drawVerdicts((await sources.refresh(new Set())).verdicts);
    } catch (error) {
      show(verdicts, failed(error, showVerdicts));
    }
  }

  async function refresh(kinds) {
    try {
      const {
        found,
        registry,
        edges,
        hotspots,
        links,
        cells,
        verdicts: judged,
      } = await sources.refresh(kinds);
      const isFirst = detail === undefined;
      detail = found;
      fleet = new Map(hotspots.map((hotspot) => [hotspot.id, hotspot]));
      if (columns.isConnected) document.title = `${detail.hotspot.name} · Earshot`;
      columns.hidden = false;
      const nameOf = (each) => fleet.get(each)?.name ?? each;
      const notices = [
        retiredNotice(detail.hotspot, nameOf),
        copiesNotice(detail.keyCopies),
        denialNotice(detail.denials, id, nameOf),
      ];
      show(top, heading(detail, notices));
      show(
        side,
        statusCard(detail),
        edgesCard(edges, nameOf),
        sequenceCard(detail),
        placeCard(detail),
        registryCard(registry.changes, detail.denials),
      );
      drawMap(links.links, cells.cells, hotspots);
      drawVerdicts(judged);
      if (isFirst) select(undefined);
      return sources.owedMs;
    } catch (error) {
      if (detail !== undefined) throw error;
      columns.hidden = true;
      show(
        top,
        h("h1", { class: "hidden", tabindex: "-1" }, "Hotspot"),
        h("div", { class: "card" }, failed(error, again)),
      );
    }
  }

  /** Only the hotspot and those that it hears or that hear it. */
  function drawMap(links, cells, hotspots) {
    const near = new Set([id, ...links.flatMap(({ beaconer, witness }) => [beaconer, witness])]);
    map.show({
      links,
      hotspots: hotspots.filter((hotspot) => near.has(hotspot.id)),
      cells: cells.filter((cell) => cell.hotspots.some((each) => near.has(each))),
    });
  }

  const concerns = (kind, data) =>
    kind === "verdicts" || kind === "epoch" || (kind === "hotspot" && data.hotspotId === id);

  return { title: "Hotspot", concerns, refresh, close: () => map.close() };
}

const NONE_OF = {
  refused: ["Nothing refused", "Every judged report of this hotspot is valid."],
  unpaid: ["Nothing left unpaid", "Every valid report of this hotspot was paid."],
};

const noVerdicts = (outcome) =>
  outcome in NONE_OF
    ? empty(...NONE_OF[outcome])
    : empty("Nothing judged yet", "Verdicts come after a beacon's report deadline has passed.");

function heading({ hotspot, earned, did }, notices) {
  const reasons = Object.entries(hotspot.recent.refusedByReason).sort(([, a], [, b]) => b - a);
  return [
    h("p", { class: "crumb" }, h("a", { href: "#/hotspots" }, "Hotspots")),
    h(
      "header",
      { class: "who-header" },
      h("h1", { tabindex: "-1" }, hotspot.name),
      presencePill(hotspot.online),
      h("span", { class: "muted" }, "seen ", age(hotspot.lastSeenAtMs)),
    ),
    copyable(hotspot.id),
    notices,
    h(
      "section",
      { class: "card top-card", "aria-label": "Summary" },
      h(
        "div",
        {},
        h("span", { class: "muted" }, "Newest reports paid"),
        paidShare(hotspot.recent),
        hotspot.recent.unpaid > 0 && unpaidPill(hotspot.recent.unpaid),
      ),
      h(
        "div",
        {},
        h("span", { class: "muted" }, "Refused for"),
        reasons.length === 0
          ? h("p", {}, "nothing")
          : h(
              "ul",
              { class: "tags" },
              reasons.map(([reason, count]) => h("li", {}, `${reasonText(reason)} `, h("b", {}, count))),
            ),
      ),
      h(
        "div",
        {},
        h("span", { class: "muted" }, "Earned in all"),
        earned === null
          ? h("p", {}, "nothing yet")
          : h(
              "p",
              {},
              h("b", {}, grouped(earned.cumulative)),
              h("span", { class: "muted" }, ` units, ${grouped(earned.delta)} in `),
              epochLink(earned.epoch),
            ),
      ),
    ),
    h("span", { class: "hidden" }, did),
  ];
}

const sequenceCard = ({ sequence, sequenceGaps }) =>
  h(
    "section",
    { class: "card" },
    h("h2", {}, "Packets by number"),
    h("p", { class: "muted" }, "Each packet has a number, so a loss shows"),
    sequenceStrip(sequence, sequenceGaps),
  );

const REGISTERED_BY = {
  operator: "the operator",
  assertion: "its own assertion",
  key: "a change of its key",
};

const placeCard = ({ hotspot }) =>
  h(
    "section",
    { class: "card" },
    h("h2", {}, "Registration"),
    facts([
      ["Position", coordinates(hotspot.latitude, hotspot.longitude)],
      ["Cell", h("code", {}, hotspot.positionCell)],
      ["Moved", hotspot.relocatedAtMs === null ? undefined : age(hotspot.relocatedAtMs)],
      ["Antenna", `${hotspot.elevationM} m above ground, ${hotspot.antennaGainDbi} dBi`],
      ["Region", hotspot.region],
      [
        "Paid to",
        hotspot.payee === null ? "nobody yet: the owner has asserted no address" : copyable(hotspot.payee),
      ],
      ["Registered", `${fullTime(hotspot.registeredAtMs)}, by ${REGISTERED_BY[hotspot.registeredBy]}`],
    ]),
  );
