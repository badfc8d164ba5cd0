import { afterAll, beforeAll, beforeEach } from "bun:test";
import { Window } from "happy-dom";
import { PAGE_FILES } from "../page/files.ts";
import { testApp } from "./test-app.ts";

/*
 * The page itself, with the gateway's own API over a made-up fleet: its scripts run here in a DOM without a browser, in
 * time that stands still until a test lets it go on. A browser loads them once, and so it is here: the files of tests
 * share one page.
 */

/** Of the browser, which is an hour ahead. */
const AHEAD_MS = 3_600_000;

/** What scripts find in a browser and take from its window. */
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
  "WheelEvent",
  "matchMedia",
];

/** Thin spaces and minus signs as one types them. */
export const plain = (text) => text.replaceAll("\u202f", " ").replaceAll("\u2212", "-");

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

/** Timers that fire when a test lets time go on; `settled` is awaited after each. */
function manualTime(settled) {
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
        await settled();
      }
      nowMs = endMs;
    },
  };
}

/** A browser's window with the page's HTML, and a gateway that answers it. */
async function openPage() {
  const gateway = await testApp();
  const window = new Window({ url: "http://gateway.test/", width: 1200, height: 800 });
  window.document.write(PAGE_FILES["/"].text.replace(/<(script|link)[^>]*>(<\/script>)?/g, ""));
  window.Element.prototype.getBoundingClientRect = () => ({ left: 0, top: 0, width: 800, height: 600 });
  const asked = [];
  const pending = new Set();
  const frames = [];
  const all = (selector) => [...window.document.querySelectorAll(selector)];

  /** All answers have come, and what follows from them is drawn. */
  async function settled() {
    do {
      await Promise.all(pending);
      for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    } while (pending.size > 0);
    for (const frame of frames.splice(0)) frame();
  }

  function fetch(path) {
    asked.push(path);
    const answer = page.network.isDown
      ? Promise.reject(new TypeError("no route"))
      : gateway.app.request(path);
    const ended = Promise.resolve(answer).catch(() => undefined);
    pending.add(ended);
    void ended.then(() => pending.delete(ended));
    return answer;
  }

  const time = manualTime(settled);
  const page = {
    gateway,
    window,
    streams: Stream.all,
    /** What was offered to be copied by hand. */
    copied: [],
    /** While it is down no request reaches the gateway. */
    network: { isDown: false },
    settled,
    advance: time.advance,
    all,
    one: (selector) => window.document.querySelector(selector),
    text: (selector) => plain(page.one(selector)?.textContent ?? ""),
    button: (text) => all("button").find((button) => button.textContent === text),
    /** The cells' texts of each row of the table that is shown. */
    rows: () => all("tbody tr").map((row) => [...row.children].map(({ textContent }) => plain(textContent))),
    /** What of the API was asked since the last time, in order. */
    askedNow: () => asked.splice(0).map((path) => path.replace("/api/v1/", "")),
    api: async (path) => (await gateway.json(`/api/v1/${path}`)).body,
    members: () => gateway.fleet.members.map(({ hotspot }) => hotspot),
    async say(kind, data = {}) {
      Stream.all.at(-1).listeners[kind]({ data: JSON.stringify(data) });
      await settled();
    },
    async go(hash) {
      if (window.location.hash !== hash) {
        const { promise, resolve } = Promise.withResolvers();
        window.addEventListener("hashchange", resolve, { once: true });
        window.location.hash = hash;
        await promise;
      }
      await settled();
    },
    async click(element) {
      element.dispatchEvent(new window.MouseEvent("click", { bubbles: true }));
      await settled();
    },
    async press(element, key) {
      element.dispatchEvent(new window.KeyboardEvent("keydown", { key, bubbles: true }));
      await settled();
    },
  };
  return { page, globals: globalsOf(window, { fetch, frames, page, time }) };
}

function globalsOf(window, { fetch, frames, page, time }) {
  const { gateway } = page;
  class AtOnce {
    constructor(call) {
      this.observe = call;
    }
    disconnect() {}
  }
  return [
    ...OF_WINDOW.map((name) => [
      globalThis,
      name,
      typeof window[name] === "function" && /^[a-z]/.test(name) ? window[name].bind(window) : window[name],
    ]),
    [globalThis, "setTimeout", time.setTimeout],
    [globalThis, "setInterval", time.setInterval],
    [globalThis, "clearTimeout", time.clear],
    [globalThis, "clearInterval", time.clear],
    [globalThis, "requestAnimationFrame", (call) => frames.push(call)],
    [globalThis, "ResizeObserver", AtOnce],
    [globalThis, "EventSource", Stream],
    [globalThis, "scrollTo", () => {}],
    [globalThis, "prompt", (_, text) => page.copied.push(text)],
    [globalThis, "fetch", fetch],
    [Date, "now", () => gateway.fleet.nowMs + AHEAD_MS + time.now()],
    [performance, "now", time.now],
  ];
}

let opened;

/** For a file of tests: the page, opened before the first of them; before each it is live and a minute older. */
export function usePage() {
  const page = {};
  const before = [];
  beforeAll(async () => {
    const isFirst = opened === undefined;
    opened ??= openPage();
    const { page: open, globals } = await opened;
    for (const [object, name, value] of globals) {
      before.push([object, name, Object.getOwnPropertyDescriptor(object, name)]);
      Object.defineProperty(object, name, { value, configurable: true, writable: true });
    }
    Object.assign(page, open);
    if (!isFirst) return;
    await import("../page/main.js");
    await open.say("hello", { nowMs: open.gateway.fleet.nowMs });
  });
  beforeEach(async () => {
    page.network.isDown = false;
    for (let i = 0; i < 4; i++) {
      await page.advance(15_000);
      await page.say("heartbeat", { nowMs: page.gateway.fleet.nowMs });
    }
    page.askedNow();
  });
  afterAll(() => {
    for (const [object, name, descriptor] of before) {
      if (descriptor === undefined) delete object[name];
      else Object.defineProperty(object, name, descriptor);
    }
  });
  return page;
}
