import { get } from "./api.js";
import { gatewayNow, setGatewayTime, systemClock } from "./clock.js";
import { h, mount, show } from "./dom.js";
import { duration } from "./format.js";
import { Live } from "./live.js";
import { empty, tickAges } from "./parts.js";
import { beaconView } from "./view-beacon.js";
import { epochView } from "./view-epoch.js";
import { epochsView } from "./view-epochs.js";
import { hotspotView } from "./view-hotspot.js";
import { hotspotsView } from "./view-hotspots.js";
import { mapView } from "./view-map.js";

/** The page's frame: which view is shown, when it reads again, and whether the gateway is still there. */

/** However much happens, a view reads again at most this often. */
const REFRESH_PAUSE_MS = 1500;
/** The first view is read once the stream is open, so that nothing falls in between; not much later where it does not. */
const FIRST_WAIT_MS = 1000;
/** Without any event a view still shows no data older than this. */
const REFRESH_ANYWAY_MS = 60_000;

const root = document.getElementById("view");
const livePill = document.getElementById("live");
const lostBanner = document.getElementById("lost");
const live = new Live({ open: () => new EventSource("/api/v1/events"), clock: systemClock });

let view;
let isFirstView = true;
let refreshedAtMs = Number.NEGATIVE_INFINITY;
let stopWaiting;
/** For what the view could not read yet. */
let stopOwed;
/** Kinds of events since the view was read; undefined once something may have been missed. */
let heard = new Set();

/** The view that an address names. */
function viewFor(hash) {
  const [, name = "", rest] = hash.split("/");
  const id = rest === undefined ? undefined : encodeURIComponent(rest);
  if (name === "") return mapView(root);
  if (name === "hotspots") return id === undefined ? hotspotsView(root) : hotspotView(root, id);
  if (name === "beacons" && id !== undefined) return beaconView(root, id);
  if (name === "epochs") return id === undefined ? epochsView(root) : epochView(root, id);
  mount(
    root,
    h(
      "div",
      { class: "sheet" },
      h("h1", { tabindex: "-1" }, "Nothing here"),
      empty("There is no such view", "", h("a", { class: "button", href: "#/" }, "To the map")),
    ),
  );
  return { title: "Nothing here", concerns: () => false, refresh: async () => {}, close() {} };
}

function navigate() {
  view?.close();
  const { hash } = location;
  view = viewFor(hash);
  document.title = `${view.title} · Earshot`;
  const current = /^#\/(hotspots|epochs)/.exec(hash)?.[1] ?? "map";
  for (const tab of document.querySelectorAll("[data-view]")) {
    if (tab.dataset.view === current) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
  if (!isFirstView) {
    scrollTo(0, 0);
    root.querySelector("h1")?.focus({ preventScroll: true });
  }
  heard = undefined;
  if (isFirstView) stopWaiting = systemClock.after(FIRST_WAIT_MS, () => void refresh());
  else void refresh();
  isFirstView = false;
}

/** Lets the view read what the events since may have changed. */
async function refresh() {
  stopWaiting?.();
  stopWaiting = undefined;
  stopOwed?.();
  refreshedAtMs = systemClock.now();
  const kinds = heard;
  heard = new Set();
  const asked = view;
  try {
    const owedMs = await view.refresh(kinds);
    if (owedMs !== undefined && asked === view)
      stopOwed = systemClock.after(owedMs, () => refreshSoon("owed"));
  } catch (error) {
    // What is shown stays; the banner says how old it is.
    console.warn(error.message);
  }
}

/** Without a kind, all is read again. */
function refreshSoon(kind) {
  if (kind === undefined) heard = undefined;
  else heard?.add(kind);
  if (stopWaiting !== undefined) return;
  const pauseMs = Math.max(0, refreshedAtMs + REFRESH_PAUSE_MS - systemClock.now());
  stopWaiting = systemClock.after(pauseMs, () => void refresh());
}

live.listen((kind, data) => {
  if (typeof data?.nowMs === "number") setGatewayTime(data.nowMs);
  if (kind === "state") showState();
  if (kind === "hello" && stopWaiting !== undefined) void refresh();
  if (kind === "resync") refreshSoon();
  else if (view?.concerns(kind, data)) refreshSoon(kind);
});

function showState() {
  const { state, ageMs } = live;
  livePill.dataset.state = state;
  const texts = { connecting: "Connecting", live: "Live", lost: "Connection lost" };
  livePill.lastElementChild.textContent = texts[state];
  livePill.title = ageMs === undefined ? "" : `Last heard from the gateway ${duration(ageMs)} ago`;
  const wasHidden = lostBanner.hidden;
  lostBanner.hidden = state !== "lost";
  if (state === "lost" && wasHidden) {
    show(
      lostBanner,
      h("strong", {}, "Connection to the gateway lost. "),
      "What you see is ",
      h("span", { id: "lost-age", "aria-live": "off" }),
      " old. Trying again.",
    );
  }
  tickLive();
}

/** The data's age, in the pill while live and in the banner when lost. */
function tickLive() {
  const { state, ageMs } = live;
  if (state === "live" && ageMs !== undefined) {
    livePill.lastElementChild.textContent = ageMs < 2000 ? "Live" : `Live, heard ${duration(ageMs)} ago`;
  }
  const text = ageMs === undefined ? "of unknown age, not" : duration(ageMs);
  const element = document.getElementById("lost-age");
  if (element !== null && element.textContent !== text) element.textContent = text;
}

systemClock.every(1000, () => {
  tickAges();
  tickLive();
  if (systemClock.now() - refreshedAtMs > REFRESH_ANYWAY_MS && !document.hidden) refreshSoon();
});
addEventListener("hashchange", navigate);
addEventListener("visibilitychange", () => !document.hidden && refreshSoon());

get("network").then(
  ({ network }) => {
    document.getElementById("network").textContent = network;
  },
  () => {},
);
live.start();
navigate();
// For whoever looks at this page from its console.
globalThis.earshot = { live, gatewayNow };
