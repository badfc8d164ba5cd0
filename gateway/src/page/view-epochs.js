import { get } from "./api.js";
import { h, mount, show } from "./dom.js";
import { grouped, percent, short } from "./format.js";
import { age, bar, empty, epochLink, failed, fullTime, skeleton } from "./parts.js";

const PAGE = 50;

/** The share of an amount in another; both may exceed what a number holds exactly. */
export const shareOf = (part, whole) => {
  const total = BigInt(whole);
  return total === 0n ? 0 : Number((BigInt(part) * 10_000n) / total) / 10_000;
};

/** Closed epochs and the one that is being measured. */
export function epochsView(root) {
  let wanted = PAGE;
  let isShown = false;
  const open = h("div", {});
  const list = h("div", {}, skeleton(6));
  mount(
    root,
    h(
      "div",
      { class: "sheet stack" },
      h(
        "header",
        {},
        h("h1", { tabindex: "-1" }, "Epochs"),
        h("p", { class: "muted" }, "Paid at once, published whole: anybody can compute each again."),
      ),
      open,
      h("section", { class: "card", "aria-label": "Closed epochs" }, list),
    ),
  );

  async function refresh() {
    try {
      const page = await get(`epochs?limit=${Math.min(wanted, 200)}`);
      isShown = true;
      show(open, page.problem !== null && rulesNotice(page.problem), openCard(page.open));
      const more = h("button", { class: "button", type: "button", on: { click: showMore } }, "Show more");
      show(
        list,
        page.epochs.length === 0
          ? empty("No epoch has closed yet", "An epoch closes once its last report deadline has passed.")
          : table(page.epochs),
        page.next !== null && wanted < 200 && h("p", { class: "more" }, more),
      );
    } catch (error) {
      if (isShown) throw error;
      show(list, failed(error, refresh));
    }
  }

  function showMore() {
    wanted += PAGE;
    void refresh();
  }

  return {
    title: "Epochs",
    concerns: (kind) => kind === "epoch" || kind === "verdicts",
    refresh,
    close() {},
  };
}

/** Rules that this gateway does not have stop all payments until it is updated. */
const rulesNotice = (problem) =>
  h(
    "section",
    { class: "card denied", role: "note", "aria-label": "Rules" },
    h("h2", {}, "This gateway needs an update"),
    h("p", {}, `${problem}.`),
  );

const openCard = ({ epoch, fromMs, toMs, judgedShare }) =>
  h(
    "section",
    { class: "card open-epoch" },
    h("h2", {}, `Epoch ${grouped(epoch)} is open`),
    h("p", { class: "muted" }, `${fullTime(fromMs)} to ${fullTime(toMs)}`),
    bar(judgedShare),
    h("p", { class: "under" }, h("span", {}, `${percent(judgedShare)} of its periods are judged`)),
  );

function table(epochs) {
  const headings = ["Epoch", "Closed", "Paid", "Of the pool", "Root"];
  const cell = (label, ...children) => h("td", { "data-label": label }, ...children);
  const rows = epochs.map(({ epoch, closedAtMs, paid, pool, root }) =>
    h(
      "tr",
      {},
      h("td", { class: "title" }, epochLink(epoch)),
      cell("Closed", age(closedAtMs)),
      cell("Paid", grouped(paid)),
      cell(
        "Of the pool",
        h("span", { class: "share" }, bar(shareOf(paid, pool)), percent(shareOf(paid, pool))),
      ),
      cell("Root", h("code", { title: root }, short(root, 10, 6))),
    ),
  );
  return h(
    "table",
    { class: "stacked" },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        headings.map((text) => h("th", { scope: "col" }, text)),
      ),
    ),
    h("tbody", {}, rows),
  );
}
