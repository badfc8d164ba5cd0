import { getAll } from "./api.js";
import { systemClock } from "./clock.js";
import { h, mount, show } from "./dom.js";
import { grouped, reasonText, short } from "./format.js";
import {
  age,
  choices,
  empty,
  failed,
  hotspotLink,
  noteSeen,
  paidShare,
  presencePill,
  skeleton,
} from "./parts.js";
import { Sources } from "./sources.js";

const SHOWN_FIRST = 200;

const shareOf = ({ recent }) => (recent.judged === 0 ? -1 : recent.paid / recent.judged);
const worstReason = ({ recent }) => Object.entries(recent.refusedByReason).sort(([, a], [, b]) => b - a)[0];

/** Columns: heading, value to sort by, whether the largest comes first. */
const COLUMNS = [
  ["name", "Hotspot", ({ name }) => name, false],
  ["state", "State", ({ online }) => (online ? 1 : 0), true],
  ["seen", "Last seen", ({ lastSeenAtMs }) => lastSeenAtMs ?? 0, true],
  ["share", "Reports paid", shareOf, true],
  ["reason", "Refused for", (hotspot) => worstReason(hotspot)?.[1] ?? 0, true],
];

function matches({ id, name, cell, region }, query) {
  const words = query
    .toLowerCase()
    .split(/[\s-]+/)
    .filter((word) => word !== "");
  const text = `${name} ${id} ${cell} ${region}`.toLowerCase();
  return words.every((word) => text.includes(word));
}

function sorted(hotspots, column, isDescending) {
  const value = COLUMNS.find(([key]) => key === column)?.[2] ?? COLUMNS[0][2];
  const compare = (a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0);
  return [...hotspots].sort(
    (a, b) => (isDescending ? -compare(a, b) : compare(a, b)) || (a.id < b.id ? -1 : 1),
  );
}

/** All hotspots: find one, or find those that do badly. */
export function hotspotsView(root) {
  let hotspots;
  let shown = SHOWN_FIRST;
  const sources = new Sources(
    { hotspots: { read: () => getAll("hotspots", "hotspots"), kinds: ["verdicts"], pauseMs: 15_000 } },
    systemClock,
  );
  const wanted = { query: "", presence: "all", column: "name", isDescending: false };
  const count = h("p", { class: "muted", role: "status" });
  const list = h("div", {}, skeleton(8));
  const search = h("input", {
    type: "search",
    placeholder: "Name, id or hex",
    "aria-label": "Search hotspots",
    autocomplete: "off",
    spellcheck: "false",
    on: { input: () => want({ query: search.value }) },
  });
  const order = h(
    "select",
    { "aria-label": "Sort by", on: { change: () => sortBy(order.value) } },
    COLUMNS.map(([key, text]) => h("option", { value: key }, text)),
  );
  mount(
    root,
    h(
      "div",
      { class: "sheet" },
      h("header", {}, h("h1", { tabindex: "-1" }, "Hotspots"), count),
      h(
        "div",
        { class: "toolbar" },
        search,
        choices(
          "Presence",
          [
            ["all", "All"],
            ["online", "Online"],
            ["offline", "Offline"],
          ],
          "all",
          (presence) => want({ presence }),
        ),
        h("label", { class: "narrow-only" }, "Sort by ", order),
      ),
      h("section", { class: "card", "aria-label": "Hotspots" }, list),
    ),
  );

  function want(change) {
    Object.assign(wanted, change);
    shown = SHOWN_FIRST;
    draw();
  }

  function sortBy(column) {
    const isAgain = column === wanted.column;
    const isLargestFirst = COLUMNS.find(([key]) => key === column)?.[3] ?? false;
    want({ column, isDescending: isAgain ? !wanted.isDescending : isLargestFirst });
    order.value = column;
  }

  function draw() {
    if (hotspots === undefined) return;
    const { query, presence, column, isDescending } = wanted;
    const found = hotspots.filter(
      (each) => matches(each, query) && (presence === "all" || each.online === (presence === "online")),
    );
    count.textContent =
      found.length === hotspots.length
        ? `${grouped(hotspots.length)} registered`
        : `${grouped(found.length)} of ${grouped(hotspots.length)}`;
    if (found.length === 0) return show(list, nothing(hotspots.length));
    const rows = sorted(found, column, isDescending).slice(0, shown).map(row);
    const more = h(
      "button",
      {
        class: "button",
        type: "button",
        on: {
          click: () => {
            shown += SHOWN_FIRST;
            draw();
          },
        },
      },
      `Show more (${grouped(found.length - shown)} left)`,
    );
    show(
      list,
      h("table", { class: "stacked" }, head(wanted, sortBy), h("tbody", {}, rows)),
      found.length > shown && h("p", { class: "more" }, more),
    );
  }

  async function refresh(kinds) {
    try {
      ({ hotspots } = await sources.refresh(kinds));
      draw();
      return sources.owedMs;
    } catch (error) {
      if (hotspots === undefined)
        show(
          list,
          failed(error, () => void refresh()),
        );
      else throw error;
    }
  }

  function concerns(kind, data) {
    if (kind === "hotspot") {
      const fleet = new Map(hotspots?.map((hotspot) => [hotspot.id, hotspot]));
      if (!noteSeen(fleet, data)) sources.expire("hotspots");
    }
    return kind === "verdicts" || kind === "hotspot";
  }

  return { title: "Hotspots", concerns, refresh, close() {} };
}

const nothing = (total) =>
  total === 0
    ? empty("No hotspots yet", "They show here as soon as they are registered.")
    : empty("No hotspot fits", "Try fewer words, or another state.");

const head = ({ column, isDescending }, sortBy) =>
  h(
    "thead",
    {},
    h(
      "tr",
      {},
      COLUMNS.map(([key, text]) =>
        h(
          "th",
          { scope: "col", "aria-sort": key === column && (isDescending ? "descending" : "ascending") },
          h(
            "button",
            { class: "sort", type: "button", "data-key": `sort ${key}`, on: { click: () => sortBy(key) } },
            text,
          ),
        ),
      ),
    ),
  );

function row(hotspot) {
  const worst = worstReason(hotspot);
  const cell = (label, ...children) => h("td", { "data-label": label }, ...children);
  return h(
    "tr",
    {},
    h(
      "td",
      { class: "title" },
      h(
        "div",
        { class: "who" },
        hotspotLink(hotspot.id, hotspot.name),
        h("code", { class: "muted" }, short(hotspot.id, 8, 4)),
      ),
    ),
    cell("State", presencePill(hotspot.online)),
    cell("Last seen", age(hotspot.lastSeenAtMs)),
    cell("Reports paid", paidShare(hotspot.recent)),
    cell(
      "Refused for",
      worst === undefined ? h("span", { class: "muted" }, "–") : `${reasonText(worst[0])} (${worst[1]})`,
    ),
  );
}
