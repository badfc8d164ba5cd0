import { gatewayNow } from "./clock.js";
import { h, s } from "./dom.js";
import { ageText, grouped, percent, short } from "./format.js";

/** Small pieces that several views show. */

const PATHS = {
  check: "M3 8.5l3.4 3.4L13 4.6",
  cross: "M4 4l8 8M12 4l-8 8",
  dot: "M8 8h.01",
  ring: "M8 4a4 4 0 1 0 0 8a4 4 0 1 0 0-8",
  dash: "M4 8h8",
};

/** A mark whose form, not only its colour, says what it means. */
export const mark = (name) =>
  s(
    "svg",
    { viewBox: "0 0 16 16", "aria-hidden": "true" },
    s("path", {
      d: PATHS[name],
      fill: "none",
      stroke: "currentColor",
      "stroke-width": name === "dot" ? 9 : 2.4,
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
    }),
  );

export const pill = (tone, markName, text) =>
  h("span", { class: "pill", "data-tone": tone }, mark(markName), text);

export const presencePill = (online) =>
  online ? pill("paid", "dot", "Online") : pill("offline", "ring", "Offline");

/** Not to be paid for a valid report is no fault: it gets a form of its own. */
export function outcomePill(outcome) {
  if (outcome === "paid") return pill("paid", "check", "Paid");
  return outcome === "unpaid"
    ? pill("neutral", "dash", "Valid, not paid")
    : pill("refused", "cross", "Refused");
}

const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export const fullTime = (atMs) => FULL.format(atMs);

/** How long ago something was; `tickAges` keeps it true. */
export const age = (atMs) =>
  atMs === null
    ? h("span", { class: "muted" }, "never")
    : h(
        "time",
        { datetime: new Date(atMs).toISOString(), title: fullTime(atMs), "data-age-of": atMs },
        ageText(gatewayNow() - atMs),
      );

export function tickAges() {
  for (const element of document.querySelectorAll("[data-age-of]")) {
    const text = ageText(gatewayNow() - Number(element.dataset.ageOf));
    if (element.textContent !== text) element.textContent = text;
  }
}

export const bar = (share) =>
  h("span", { class: "bar", "aria-hidden": "true" }, h("i", { style: { "--share": String(share) } }));

/** "38 of 50 paid" with its bar. */
export function paidShare({ judged, paid }) {
  if (judged === 0) return h("span", { class: "muted" }, "nothing judged yet");
  return h(
    "span",
    { class: "share", title: `${percent(paid / judged)} of the newest ${judged} judged reports` },
    bar(paid / judged),
    `${paid} of ${judged}`,
  );
}

export const hotspotLink = (id, name) => h("a", { href: `#/hotspots/${id}` }, name);

export const epochLink = (epoch) => h("a", { href: `#/epochs/${epoch}` }, `Epoch ${grouped(epoch)}`);

/** A long text, shortened for reading, copied in full. */
export function copyable(text, shown = short(text, 10, 8)) {
  const button = h(
    "button",
    { class: "button small", type: "button", "aria-label": `Copy ${text}`, "data-key": `copy ${text}` },
    "Copy",
  );
  button.addEventListener("click", async () => {
    const copied = await copy(text);
    button.textContent = copied ? "Copied" : "Select and copy";
    button.addEventListener("blur", () => button.replaceChildren("Copy"), { once: true });
  });
  return h("span", { class: "copyable" }, h("code", { title: text }, shown), button);
}

/** Without https a browser has no clipboard; then the text itself is shown to be copied by hand. */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    prompt("Copy this:", text);
    return false;
  }
}

export const empty = (title, text, ...actions) =>
  h(
    "div",
    { class: "empty" },
    s(
      "svg",
      {
        viewBox: "0 0 48 48",
        "aria-hidden": "true",
        fill: "none",
        stroke: "currentColor",
        "stroke-width": "2.5",
      },
      s("circle", { cx: 14, cy: 24, r: 4 }),
      s("path", {
        d: "M24 15a13 13 0 0 1 0 18M31 9a22 22 0 0 1 0 30",
        "stroke-linecap": "round",
        "stroke-dasharray": "3 5",
      }),
    ),
    h("strong", {}, title),
    text,
    actions.length > 0 && h("div", {}, actions),
  );

const TITLES = {
  unreachable: "No answer",
  invalid_parameter: "Not found",
  not_found: "Not found",
  unknown_epoch: "Not found",
  unknown_hotspot: "Not found",
};

export const failed = (error, again) =>
  h(
    "div",
    { role: "alert" },
    empty(
      TITLES[error.code] ?? "This did not work",
      error.message,
      h("button", { class: "button", type: "button", on: { click: again } }, "Try again"),
    ),
  );

/** Takes over what an event says of a hotspot's presence; false if it is not in `fleet`. */
export function noteSeen(fleet, { hotspotId, online, atMs }) {
  const hotspot = fleet.get(hotspotId);
  if (hotspot === undefined) return false;
  hotspot.online = online;
  hotspot.lastSeenAtMs = Math.max(hotspot.lastSeenAtMs ?? 0, atMs);
  return true;
}

/** While the first answer is on its way. */
export const skeleton = (count = 5) =>
  h(
    "div",
    { role: "status" },
    h("span", { class: "hidden" }, "Loading"),
    Array.from({ length: count }, () => h("div", { class: "ghost" })),
  );

/** One of a few choices; `choose(value)` is called with it. */
export function choices(label, options, chosen, choose) {
  const buttons = options.map(([value, text]) =>
    h(
      "button",
      { type: "button", "aria-pressed": String(value === chosen), "data-key": `${label} ${value}` },
      text,
    ),
  );
  buttons.forEach((button, i) => {
    button.addEventListener("click", () => {
      for (const each of buttons) each.setAttribute("aria-pressed", String(each === button));
      choose(options[i][0]);
    });
  });
  return h("div", { class: "choices", role: "group", "aria-label": label }, buttons);
}

export const facts = (pairs) =>
  h(
    "dl",
    { class: "facts" },
    pairs
      .filter(([, value]) => value !== undefined)
      .map(([term, value]) => [h("dt", {}, term), h("dd", {}, value)]),
  );
