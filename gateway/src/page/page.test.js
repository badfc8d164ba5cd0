import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { Window } from "happy-dom";
import { testApp } from "../testing/test-app.ts";
import { PAGE_FILES } from "./files.ts";
import { percent } from "./format.js";

/*
 * The page itself, with the gateway's own API over a made-up fleet: its scripts run here in a DOM without a browser, in
 * time that stands still until a test lets it go on.
 */

/** Of the browser, which is an hour ahead. */
const AHEAD_MS = 3_600_000;

/** What scripts find in a browser; the rest is the window's. */
const OF_WINDOW = [
  "document",
  "location",
  "navigator",
  "Node",
  "CSS",
  "addEventListener",
  "removeEventListener",
  "Event",
  "HTMLElement",
  "matchMedia",
];

const plain = (text) => text.replaceAll("\u202f", " ").replaceAll("\u2212", "-");

let gateway;
let window;
let page;
const before = new Map();

function timers() {
  let nowMs = 0;
  const due = new Set();
  const add = (timer) => {
    due.add(timer);
    return timer;
  };
  const next = (endMs) => [...due].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
  return {
    now: () => nowMs,
    setTimeout: (call, ms) => add({ call, atMs: nowMs + ms }),
    setInterval: (call, ms) => add({ call, atMs: nowMs + ms, ms }),
    clear: (timer) => due.delete(timer),
    async advance(ms) {
      const endMs = nowMs + ms;
      for (let timer = next(endMs); timer !== undefined; timer = next(endMs)) {
        nowMs = timer.atMs;
        if (timer.ms === undefined) due.delete(timer);
        else timer.atMs += timer.ms;
        timer.call();
        await page.settled();
      }
      nowMs = endMs;
    },
  };
}

class Stream {
  static all = [];
  listeners = {};

  constructor(url) {
    this.url = url;
    Stream.all.push(this);
  }

  addEventListener(kind, listener) {
    this.listeners[kind] = listener;
  }

  close() {
    this.isClosed = true;
  }
}

beforeAll(async () => {
  gateway = await testApp();
  window = new Window({ url: "http://gateway.test/", width: 1200, height: 800 });
  window.document.write(PAGE_FILES["/"].text.replace(/<(script|link)[^>]*>(<\/script>)?/g, ""));
  window.Element.prototype.getBoundingClientRect = () => ({ left: 0, top: 0, width: 800, height: 600 });
  const time = timers();
  const asked = [];
  const pending = new Set();
  const frames = [];
  const copied = [];
  const globals = {
    ...Object.fromEntries(OF_WINDOW.map((name) => [name, window[name]])),
    addEventListener: window.addEventListener.bind(window),
    setTimeout: time.setTimeout,
    setInterval: time.setInterval,
    clearTimeout: time.clear,
    clearInterval: time.clear,
    requestAnimationFrame: (call) => frames.push(call),
    ResizeObserver: class {
      constructor(call) {
        this.call = call;
      }
      observe() {
        this.call();
      }
      disconnect() {}
    },
    EventSource: Stream,
    scrollTo: () => {},
    prompt: (_, text) => copied.push(text),
    fetch: (path) => {
      asked.push(path);
      const answer = page.isDown ? Promise.reject(new TypeError("no route")) : gateway.app.request(path);
      const ended = Promise.resolve(answer).catch(() => undefined);
      pending.add(ended);
      void ended.then(() => pending.delete(ended));
      return answer;
    },
  };
  for (const [name, value] of Object.entries(globals)) {
    before.set(name, Object.getOwnPropertyDescriptor(globalThis, name));
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  const dateNow = Date.now;
  const performanceNow = performance.now;
  before.set("Date.now", dateNow);
  before.set("performance.now", performanceNow);
  Date.now = () => gateway.fleet.nowMs + AHEAD_MS + time.now();
  performance.now = time.now;
  const rendered = () => {
    for (const frame of frames.splice(0)) frame();
  };
  page = {
    asked,
    copied,
    advance: time.advance,
    text: (selector) => plain(window.document.querySelector(selector)?.textContent ?? ""),
    all: (selector) => [...window.document.querySelectorAll(selector)],
    one: (selector) => window.document.querySelector(selector),
    say: async (kind, data = {}) => {
      Stream.all.at(-1).listeners[kind]({ data: JSON.stringify(data) });
      await page.settled();
    },
    async settled() {
      do {
        await Promise.all(pending);
        for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
      } while (pending.size > 0);
      rendered();
    },
    async go(hash) {
      if (window.location.hash !== hash) {
        const { promise, resolve } = Promise.withResolvers();
        window.addEventListener("hashchange", resolve, { once: true });
        window.location.hash = hash;
        await promise;
      }
      await page.settled();
    },
    async click(element) {
      element.click();
      await page.settled();
    },
    button: (text) => page.all("button").find((button) => button.textContent === text),
    /** Heading cells apart, each row of the table that is shown. */
    rows: () =>
      page.all("tbody tr").map((row) => [...row.children].map(({ textContent }) => plain(textContent))),
    /** What of the API was asked since the last time, in order. */
    askedNow: () => asked.splice(0).map((path) => path.replace("/api/v1/", "")),
  };
  await import("./main.js");
  await page.say("hello", { nowMs: gateway.fleet.nowMs });
});

beforeEach(async () => {
  page.isDown = false;
  for (let i = 0; i < 4; i++) {
    await page.advance(15_000);
    await page.say("heartbeat", { nowMs: gateway.fleet.nowMs });
  }
});

afterAll(async () => {
  Date.now = before.get("Date.now");
  performance.now = before.get("performance.now");
  for (const [name, descriptor] of before) {
    if (name.includes(".")) continue;
    if (descriptor === undefined) delete globalThis[name];
    else Object.defineProperty(globalThis, name, descriptor);
  }
  await window.happyDOM.close();
  await gateway[Symbol.asyncDispose]();
});

const api = async (path) => (await gateway.json(`/api/v1/${path}`)).body;
const members = () => gateway.fleet.members.map(({ hotspot }) => hotspot);
const sortedBy = (list, value) => [...list].sort((a, b) => value(a) - value(b) || (a.id < b.id ? -1 : 1));

describe("the frame", () => {
  test("says which network it is of, and that it is live once the stream has spoken", async () => {
    expect(Stream.all).toHaveLength(1);
    expect(page.text("#live")).toBe("Live, heard 15 s ago");
    await page.advance(1000);
    expect(Stream.all[0].url).toBe("/api/v1/events");
    expect([page.text("#network"), page.text("#live"), page.one("#lost").hidden]).toEqual([
      "test",
      "Live",
      true,
    ]);
    expect(page.askedNow()).toContain("links?limit=600");
  });

  test("names the view in the title and among the tabs, and moves the reader to its heading", async () => {
    const current = () => page.all("[aria-current]").map(({ dataset }) => dataset.view);
    for (const [hash, title, tab] of [
      ["#/hotspots", "Hotspots", "hotspots"],
      [`#/hotspots/${members()[0].id}`, (await api(`hotspots/${members()[0].id}`)).hotspot.name, "hotspots"],
      ["#/epochs", "Epochs", "epochs"],
      ["#/elsewhere", "Nothing here", "map"],
      ["#/beacons", "Nothing here", "map"],
      ["#/", "Map", "map"],
    ]) {
      await page.go(hash);
      expect([window.document.title, current()]).toEqual([`${title} · Earshot`, [tab]]);
      if (tab !== "hotspots" || title === "Hotspots")
        expect(window.document.activeElement.tagName).toBe("H1");
    }
  });

  test("reads again what an event may have changed, but not all the time, and all of it after a minute", async () => {
    await page.go("#/epochs");
    page.askedNow();
    await page.advance(5000);
    expect(page.askedNow()).toEqual([]);
    await page.say("entropy", { nowMs: gateway.fleet.nowMs });
    await page.say("hotspot", { hotspotId: members()[0].id, online: true, atMs: 1 });
    expect(page.askedNow()).toEqual([]);
    await page.say("epoch");
    await page.advance(0);
    expect(page.askedNow()).toEqual(["epochs?limit=50"]);
    for (let i = 0; i < 5; i++) await page.say("verdicts");
    await page.advance(1400);
    expect(page.askedNow()).toEqual([]);
    await page.advance(100);
    expect(page.askedNow()).toEqual(["epochs?limit=50"]);
    for (let i = 0; i < 4; i++) {
      await page.advance(14_900);
      await page.say("heartbeat", { nowMs: gateway.fleet.nowMs });
    }
    expect(page.askedNow()).toEqual([]);
    await page.advance(2000);
    expect(page.askedNow()).toEqual(["epochs?limit=50"]);
  });

  test("tells a lost connection with the age of what is shown, and reads all again when it is back", async () => {
    await page.go("#/hotspots");
    await page.say("heartbeat");
    page.askedNow();
    Stream.all.at(-1).onerror();
    expect(page.one("#lost").hidden).toBe(true);
    page.isDown = true;
    await page.advance(4000);
    expect(Stream.all[0].isClosed).toBe(true);
    expect([page.text("#live"), page.one("#lost").hidden]).toEqual(["Connection lost", false]);
    expect(page.text("#lost")).toContain("What you see is 4 s old");
    await page.advance(57_000);
    expect(page.text("#lost-age")).toBe("1 min");
    await page.advance(10_000);
    expect(page.askedNow()).toContain("hotspots?limit=500");
    expect(page.rows()).toHaveLength(members().length);
    page.isDown = false;
    page.askedNow();
    await page.say("hello", { nowMs: gateway.fleet.nowMs });
    await page.advance(1500);
    expect([page.text("#live"), page.one("#lost").hidden]).toEqual(["Live", true]);
    expect(page.askedNow()).toContain("hotspots?limit=500");
  });

  test("tells ages by the gateway's clock, and lets them grow", async () => {
    await page.go("#/epochs");
    await page.go("#/hotspots");
    const seen = () => page.rows().map((row) => row[2]);
    const agesMs = (await api("hotspots?limit=500")).hotspots.map(({ lastSeenAtMs }) => lastSeenAtMs);
    expect(seen().filter((text) => text === "never")).toHaveLength(agesMs.filter((at) => at === null).length);
    const before = seen();
    expect(before).toContain("44 s ago");
    await page.advance(20_000);
    expect(seen()[before.indexOf("44 s ago")]).toBe("1 min ago");
  });
});

describe("hotspots", () => {
  const names = () => page.rows().map(([who]) => who);
  const found = async () => (await api("hotspots?limit=500")).hotspots;
  const isNamed = (row, { name }) => row.startsWith(name);

  test("are all listed by name, each with what the API says of it", async () => {
    await page.go("#/hotspots");
    const hotspots = [...(await found())].sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(page.text("#view [role=status]")).toBe(`${hotspots.length} registered`);
    expect(page.rows()).toHaveLength(hotspots.length);
    for (const [i, [who, state, , paid, refused]] of page.rows().entries()) {
      const { name, online, recent } = hotspots[i];
      expect(isNamed(who, { name })).toBe(true);
      expect([state, paid]).toEqual([online ? "Online" : "Offline", `${recent.paid} of ${recent.judged}`]);
      const most = Math.max(0, ...Object.values(recent.refusedByReason));
      expect(refused).toEndWith(most === 0 ? "–" : `(${most})`);
    }
  });

  test("are sorted by a column, the worst or largest first, and the other way round when asked again", async () => {
    await page.go("#/hotspots");
    const hotspots = await found();
    const share = ({ recent }) => recent.paid / recent.judged;
    const by = async (text) => {
      await page.click(page.button(text));
      return names();
    };
    const expectOrder = (shown, order) =>
      expect(order.map((hotspot, i) => isNamed(shown[i], hotspot))).toEqual(order.map(() => true));
    expectOrder(
      await by("Reports paid"),
      sortedBy(hotspots, (each) => -share(each)),
    );
    expect(page.one("[aria-sort]").textContent).toBe("Reports paid");
    expect(page.one("[aria-sort]").getAttribute("aria-sort")).toBe("descending");
    expectOrder(await by("Reports paid"), sortedBy(hotspots, share));
    expectOrder(
      await by("Last seen"),
      sortedBy(hotspots, ({ lastSeenAtMs }) => -(lastSeenAtMs ?? 0)),
    );
    const most = ({ recent }) => Math.max(0, ...Object.values(recent.refusedByReason));
    expectOrder(
      await by("Refused for"),
      sortedBy(hotspots, (each) => -most(each)),
    );
    expectOrder(
      await by("State"),
      sortedBy(hotspots, ({ online }) => (online ? 0 : 1)),
    );
    expectOrder(
      await by("Hotspot"),
      [...hotspots].sort((a, b) => (a.name < b.name ? -1 : 1)),
    );
    expectOrder(
      await by("Hotspot"),
      [...hotspots].sort((a, b) => (a.name < b.name ? 1 : -1)),
    );
  });

  test("are found by words of name, id or hex, and by presence", async () => {
    await page.go("#/hotspots");
    const hotspots = await found();
    const [{ name, id, cell }] = hotspots;
    const search = page.one("input[type=search]");
    const searched = async (query) => {
      search.value = query;
      search.dispatchEvent(new window.Event("input"));
      await page.settled();
      return names();
    };
    for (const query of [name, id, name.toUpperCase().split("-").reverse().join("  ")]) {
      const shown = await searched(query);
      expect([shown.length, isNamed(shown[0], { name })]).toEqual([1, true]);
      expect(page.text("#view [role=status]")).toBe(`1 of ${hotspots.length}`);
    }
    expect(await searched(cell)).toHaveLength(hotspots.filter((each) => each.cell === cell).length);
    expect(await searched("nobody has this")).toEqual([]);
    expect(page.text("#view")).toContain("No hotspot fits");
    await searched("");
    await page.click(page.button("Offline"));
    expect(names()).toHaveLength(hotspots.filter(({ online }) => !online).length);
    await page.click(page.button("Online"));
    expect(names()).toHaveLength(hotspots.filter(({ online }) => online).length);
    await page.click(page.button("All"));
    expect(names()).toHaveLength(hotspots.length);
  });

  test("come and go as events say, without waiting for the whole list", async () => {
    await page.go("#/hotspots");
    const online = (await found()).find((each) => each.online);
    const state = () => page.rows().find(([who]) => isNamed(who, online))[1];
    expect(state()).toBe("Online");
    await page.advance(2000);
    page.askedNow();
    await page.say("hotspot", { hotspotId: online.id, online: false, atMs: gateway.fleet.nowMs });
    await page.advance(0);
    expect([state(), page.askedNow()]).toEqual(["Offline", []]);
    await page.say("hotspot", { hotspotId: online.id, online: true, atMs: gateway.fleet.nowMs });
    await page.advance(1500);
    expect([state(), page.askedNow()]).toEqual(["Online", []]);
    await page.say("hotspot", { hotspotId: "of nobody that is known", online: true, atMs: 1 });
    await page.advance(1500);
    expect(page.askedNow()).toEqual(["hotspots?limit=500"]);
  });
});

describe("a hotspot", () => {
  const [mostRefused, leastKnown] = [
    () => sortedBy(members(), ({ id }) => refusals.get(id) ?? 0).at(-1),
    () => members()[5],
  ];
  const refusals = new Map();
  beforeAll(async () => {
    for (const { id, recent } of (await api("hotspots?limit=500")).hotspots) {
      refusals.set(
        id,
        Object.values(recent.refusedByReason).reduce((sum, count) => sum + count, 0),
      );
    }
  });
  const items = () => page.all("ol.verdicts > li");

  test("shows its newest verdicts with sentence and numbers, and older ones when asked", async () => {
    const { id } = mostRefused();
    await page.go(`#/hotspots/${id}`);
    const { verdicts } = await api(`hotspots/${id}/verdicts?limit=100`);
    expect(items()).toHaveLength(25);
    for (const [i, item] of items().entries()) {
      const { outcome, sentence, measurements, epoch } = verdicts[i];
      expect(item.className).toBe(`verdict ${outcome}`);
      expect(item.querySelector(".sentence")?.textContent).toBe(outcome === "paid" ? undefined : sentence);
      expect(item.querySelectorAll(".numbers li")).toHaveLength(measurements.length);
      expect(item.querySelector(".source a").getAttribute("href")).toBe(`#/epochs/${epoch}`);
    }
    await page.click(page.button("Show older"));
    expect(items()).toHaveLength(Math.min(75, verdicts.length));
  });

  test("shows those that are not paid, or refused, alone", async () => {
    const { id } = mostRefused();
    await page.go(`#/hotspots/${id}`);
    const { verdicts } = await api(`hotspots/${id}/verdicts?limit=200`);
    for (const [text, outcome] of [
      ["Refused", "refused"],
      ["Not paid", "unpaid"],
    ]) {
      await page.click(
        page.all("[aria-label='Verdicts shown'] button").find(({ textContent }) => textContent === text),
      );
      const own = verdicts.filter((verdict) => verdict.outcome === outcome);
      expect(items()).toHaveLength(Math.min(25, own.length));
      expect(items().every((item) => item.className === `verdict ${outcome}`)).toBe(true);
    }
  });

  test("says what it earned, what its reports were refused for, and where it stands", async () => {
    const { id } = mostRefused();
    await page.go(`#/hotspots/${id}`);
    const { hotspot, earned } = await api(`hotspots/${id}`);
    const digits = (text) => text.replace(/\D/g, "");
    const [share, , money] = page.all(".top-card > div").map(({ textContent }) => plain(textContent));
    expect(share).toContain(`${hotspot.recent.paid} of ${hotspot.recent.judged}`);
    expect(digits(money)).toBe(`${earned.cumulative}${earned.delta}${earned.epoch}`);
    const tags = page.all(".tags li b").map(({ textContent }) => Number(textContent));
    expect(tags).toEqual(Object.values(hotspot.recent.refusedByReason).sort((a, b) => b - a));
    expect(page.text("#view")).toContain(
      `${hotspot.elevationM} m above ground, ${hotspot.antennaGainDbi} dBi`,
    );
  });

  test("that never sent a status says so", async () => {
    await page.go(`#/hotspots/${leastKnown().id}`);
    expect(page.text("#view")).toContain("No status yet");
    expect(page.text(".who-header")).toContain("seen never");
  });

  test("that nobody knows is told with what the gateway says, and can be tried again", async () => {
    await page.go("#/hotspots/z6MkNobody");
    expect(page.text("[role=alert] strong")).toBe("Not found");
    expect(page.one(".columns").hidden).toBe(true);
    page.askedNow();
    await page.click(page.button("Try again"));
    expect(page.askedNow()).toContain("hotspots/z6MkNobody");
    page.isDown = true;
    await page.click(page.button("Try again"));
    expect(page.text("[role=alert]")).toContain("The gateway does not answer.");
    page.isDown = false;
  });
});

describe("epochs", () => {
  test("are listed with their share of the pool, the open one with how much of it is judged", async () => {
    await page.go("#/epochs");
    const { epochs, open } = await api("epochs?limit=50");
    expect(page.rows()).toHaveLength(epochs.length);
    for (const [i, row] of page.rows().entries()) {
      const { epoch, paid, root } = epochs[i];
      expect(row[0].replace(/\D/g, "")).toBe(String(epoch));
      expect(row[2].replaceAll(" ", "")).toBe(String(paid));
      expect(root.startsWith(row[4].split("…")[0])).toBe(true);
    }
    expect(plain(page.text(".open-epoch .under"))).toStartWith(`${Math.floor(open.judgedShare * 100)} %`);
  });

  test("show who was paid, the most first, and each claim's proof", async () => {
    const { epochs } = await api("epochs?limit=1");
    await page.go(`#/epochs/${epochs[0].epoch}`);
    const { payments } = await api(`epochs/${epochs[0].epoch}`);
    const paid = payments.filter(({ delta }) => delta !== "0").map(({ delta }) => BigInt(delta));
    const shown = page
      .all("tbody .number .who")
      .map((cell) => BigInt(cell.firstChild.textContent.replace(/\D/g, "")));
    expect(shown).toEqual(paid.sort((a, b) => (a < b ? 1 : -1)));
    const claims = page.all("tbody a").filter(({ textContent }) => textContent === "proof");
    expect(claims).toHaveLength(shown.length);
    expect((await gateway.json(claims[0].getAttribute("href"))).body).toMatchObject({
      delta: String(shown[0]),
    });
    page.askedNow();
    await page.advance(61_000);
    expect(page.askedNow()).toEqual([]);
  });

  test("that are not there are told", async () => {
    await page.go("#/epochs/7");
    expect(page.text("[role=alert] strong")).toBe("Not found");
  });

  test("give their root to be copied, by hand where the browser has no clipboard", async () => {
    const [{ epoch, root }] = (await api("epochs?limit=1")).epochs;
    await page.go(`#/epochs/${epoch}`);
    const button = page.one(`[data-key="copy ${root}"]`);
    await page.click(button);
    expect([button.textContent, await window.navigator.clipboard.readText()]).toEqual(["Copied", root]);
    button.dispatchEvent(new window.Event("blur"));
    expect(button.textContent).toBe("Copy");
    Object.defineProperty(window.navigator, "clipboard", { value: undefined });
    await page.click(button);
    expect([button.textContent, page.copied]).toEqual(["Select and copy", [root]]);
  });
});

describe("the map", () => {
  const groups = (kind) => page.all(`g.${kind} > *`);
  const shownLinks = () => page.all("g.links > g").filter((group) => !group.hasAttribute("hidden"));
  const places = () => page.all("g.hotspots > g").map((group) => group.getAttribute("transform"));

  test("shows every hotspot, its hexes and links, and how the fleet does", async () => {
    await page.go("#/hotspots");
    await page.go("#/");
    const { hotspots } = await api("hotspots?limit=500");
    const { cells } = await api("cells");
    const { links, total } = await api("links?limit=600");
    expect([groups("hotspots"), groups("cells"), groups("links")].map(({ length }) => length)).toEqual([
      hotspots.length,
      cells.length,
      links.length,
    ]);
    const [online, share, ofLinks] = page.all(".stat b").map(({ textContent }) => plain(textContent));
    expect(online).toBe(`${hotspots.filter((each) => each.online).length} / ${hotspots.length}`);
    const sum = (what) => hotspots.reduce((all, { recent }) => all + recent[what], 0);
    expect(share).toBe(plain(percent(sum("paid") / sum("judged"))));
    expect(ofLinks).toBe(String(total));
    expect(page.text("#view")).toContain(
      `heard by ${(await api("beacons?limit=8")).beacons[0].paidWitnesses.length}`,
    );
  });

  test("shows links of one kind, or none", async () => {
    await page.go("#/");
    const { links } = await api("links?limit=600");
    const kinds = {
      Paid: ({ paid }) => paid > 0,
      Refused: ({ paid, refused }) => paid === 0 && refused > 0,
      Unpaid: ({ paid, refused }) => paid === 0 && refused === 0,
      None: () => false,
      All: () => true,
    };
    for (const [text, isOf] of Object.entries(kinds)) {
      await page.click(
        page.all("[aria-label='Links shown'] button").find((each) => each.textContent === text),
      );
      expect([text, shownLinks().length]).toEqual([text, links.filter(isOf).length]);
    }
  });

  test("brings out what is chosen by click or key, with its links, until it is cleared", async () => {
    await page.go("#/");
    const { links } = await api("links?limit=600");
    const [{ beaconer }] = links;
    const marker = () => page.one(`[data-key="marker ${beaconer}"]`);
    marker().dispatchEvent(new window.KeyboardEvent("keydown", { key: "x", bubbles: true }));
    await page.settled();
    expect(page.all(".selection")).toEqual([]);
    marker().dispatchEvent(new window.KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
    await page.settled();
    expect(page.all(".hotspots .chosen")).toEqual([marker()]);
    const own = links.filter((link) => link.beaconer === beaconer || link.witness === beaconer);
    expect(page.all(".links .chosen")).toHaveLength(own.length);
    expect(page.one(".selection .button[href]").getAttribute("href")).toBe(`#/hotspots/${beaconer}`);
    await page.click(page.button("Clear"));
    expect([page.all(".chosen").length, page.all(".selection").length]).toEqual([0, 0]);
    groups("links")[0].dispatchEvent(new window.Event("click", { bubbles: true }));
    await page.settled();
    expect([page.text(".selection h2"), page.all(".links .chosen").length]).toEqual(["Link", 1]);
    groups("cells")[0].dispatchEvent(new window.Event("click", { bubbles: true }));
    await page.settled();
    expect(page.text(".selection h2")).toContain("in this hex");
  });

  test("is zoomed about its middle by its buttons, moved by keys, and shown whole again", async () => {
    await page.go("#/hotspots");
    await page.go("#/");
    const whole = places();
    expect(new Set(whole).size).toBeGreaterThan(1);
    const spread = () => {
      const xs = places().map((place) => Number(/\((-?[\d.]+)/.exec(place)[1]));
      return Math.max(...xs) - Math.min(...xs);
    };
    const before = spread();
    await page.click(page.one("[aria-label='Zoom in']"));
    expect(spread() / before).toBeCloseTo(2 ** 0.7, 1);
    await page.click(page.one("[aria-label='Zoom out']"));
    expect(spread()).toBeCloseTo(before, 0);
    page
      .one("svg.canvas")
      .dispatchEvent(new window.KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true }));
    await page.settled();
    expect(places()).not.toEqual(whole);
    await page.click(page.one("[aria-label='Show the whole fleet']"));
    expect(places()).toEqual(whole);
  });
});

describe("a beacon", () => {
  test("shows who sent it, who heard it, and what became of each report, the same outcomes together", async () => {
    const [{ key }] = (await api("beacons?limit=1")).beacons;
    await page.go(`#/beacons/${key}`);
    const { beaconReports, witnessReports } = await api(`beacons/${key}`);
    const paid = witnessReports.filter(({ outcome }) => outcome === "paid").length;
    expect(page.text("#view h2")).toBe(`Heard by ${witnessReports.length}, ${paid} paid`);
    const outcomes = page.all("ol.verdicts > li").map(({ className }) => className.split(" ")[1]);
    const sorted = witnessReports.map(({ outcome }) => outcome).sort();
    expect(outcomes).toEqual([...beaconReports.map(({ outcome }) => outcome), ...sorted]);
    expect(page.all("g.links > g")).toHaveLength(witnessReports.length);
    expect(page.all("g.hotspots > g")).toHaveLength(witnessReports.length + 1);
  });
});
