import { expect, test } from "bun:test";
import { GRACE_MS, Live, SILENCE_MS } from "./live.js";

/** Time that stands still, and streams that do as they are told. */
function bench() {
  let nowMs = 0;
  const timers = new Set();
  const add = (timer) => {
    timers.add(timer);
    return () => timers.delete(timer);
  };
  const clock = {
    now: () => nowMs,
    after: (ms, call) => add({ dueMs: nowMs + ms, call }),
    every: (ms, call) => add({ dueMs: nowMs + ms, ms, call }),
  };
  const sources = [];
  const open = () => {
    const listeners = {};
    const source = {
      addEventListener: (kind, listener) => {
        listeners[kind] = listener;
      },
      close: () => {
        source.isClosed = true;
      },
      say: (kind, data = {}) => listeners[kind]({ data: JSON.stringify(data) }),
    };
    sources.push(source);
    return source;
  };
  const advance = (ms) => {
    const endMs = nowMs + ms;
    for (;;) {
      const [next] = [...timers].filter(({ dueMs }) => dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs);
      if (next === undefined) break;
      nowMs = next.dueMs;
      if (next.ms === undefined) timers.delete(next);
      else next.dueMs += next.ms;
      next.call();
    }
    nowMs = endMs;
  };
  const heard = [];
  const live = new Live({ open, clock });
  live.listen((kind, data) => heard.push(kind === "state" ? `state ${data.state}` : kind));
  live.start();
  return { live, sources, advance, heard, timers, newest: () => sources.at(-1) };
}

test("the first message makes it live; nothing can have been missed before it", () => {
  const { live, newest, heard } = bench();
  expect(live.state).toBe("connecting");
  expect(live.ageMs).toBeUndefined();
  newest().say("hello", { nowMs: 5 });
  newest().say("verdicts", {});
  expect(heard).toEqual(["state live", "hello", "verdicts"]);
});

test("a short break is mended without alarm, but all data is asked for again", () => {
  const { newest, sources, advance, heard } = bench();
  newest().say("hello");
  newest().onerror();
  advance(2500);
  expect(sources).toHaveLength(2);
  newest().say("hello");
  advance(GRACE_MS * 2);
  expect(heard).toEqual(["state live", "hello", "resync", "hello"]);
});

test("failing retries do not put the alarm off", () => {
  const { live, newest, advance } = bench();
  newest().say("hello");
  newest().onerror();
  advance(2100);
  newest().onerror();
  advance(GRACE_MS - 2100);
  expect(live.state).toBe("lost");
  expect(live.ageMs).toBe(GRACE_MS);
});

test("silence counts as loss although nothing broke", () => {
  const { live, newest, sources, advance } = bench();
  newest().say("hello");
  advance(SILENCE_MS);
  expect(live.state).toBe("live");
  advance(1000);
  expect(live.state).toBe("lost");
  expect(sources[0].isClosed).toBe(true);
});

test("it retries ever more slowly, at least each half minute, and recovers", () => {
  const { live, newest, sources, advance } = bench();
  newest().say("hello");
  newest().onerror();
  const openedAfter = [];
  for (let seconds = 0; seconds < 200; seconds++) {
    const before = sources.length;
    advance(1000);
    if (sources.length > before) {
      openedAfter.push(seconds);
      newest().onerror();
    }
  }
  const pauses = openedAfter.slice(1).map((second, i) => second - openedAfter[i]);
  expect(Math.max(...pauses)).toBe(30);
  expect(pauses[0]).toBeLessThan(5);
  advance(31_000);
  newest().say("heartbeat", {});
  expect(live.state).toBe("live");
});

test("a stream that was given up is not listened to any more", () => {
  const { newest, sources, advance, heard } = bench();
  newest().say("hello");
  newest().onerror();
  advance(2500);
  sources[0].say("verdicts");
  sources[0].onerror();
  expect(heard).toEqual(["state live", "hello"]);
});

test("stopping leaves no timer", () => {
  const { live, newest, timers } = bench();
  newest().say("hello");
  newest().onerror();
  live.stop();
  expect(timers.size).toBe(0);
});
