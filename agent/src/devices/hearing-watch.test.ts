import { expect, test } from "bun:test";
import type { RadioStatus } from "@earshot/drivers";
import { EARLIEST_PLAUSIBLE_MS } from "@earshot/protocol/hotspot";
import { ManualClock } from "@earshot/protocol/testing";
import { memoryOutbox } from "../outbox/memory-outbox.ts";
import { HearingWatch } from "./hearing-watch.ts";

const MINUTE_MS = 60_000;

/** @param elapsedMs since the clock was set */
const status = (elapsedMs: number, rxOk: number): RadioStatus => ({
  ...{
    kind: "radio",
    atMs: EARLIEST_PLAUSIBLE_MS + elapsedMs,
    gatewayEui: "aa555a0000000000",
    rxOk,
    rxBad: 0,
    rxNoCrc: 0,
    transmitted: 0,
  },
});

/** A status each minute, with one frame in each, for `hours`. Returns when it ended. */
function hear(watch: HearingWatch, fromMs: number, hours: number): number {
  const count = hours * 60;
  for (let minute = 0; minute < count; minute += 1) {
    const atMs = fromMs + minute * MINUTE_MS;
    watch.observe(status(atMs, minute), atMs);
  }
  return fromMs + count * MINUTE_MS;
}

test("a concentrator that is alive and hears nothing is found deaf by what was usual before the agent was restarted", () => {
  const clock = new ManualClock();
  const outbox = memoryOutbox({ clock });
  const before = new HearingWatch(outbox);
  const restartMs = hear(before, 0, 24);
  const watch = new HearingWatch(outbox);
  const states = Array.from({ length: 120 }, (_, minute) => {
    const atMs = restartMs + minute * MINUTE_MS;
    return watch.observe(status(atMs, 0), atMs)?.state;
  });
  expect(states[1]).toBe("hearing");
  expect(states.at(-1)).toBe("deaf");
});

test.each([
  ["", ""],
  ["that is no JSON", "{"],
  ["that is null", "null"],
  ["of no baseline", '{"aa555a0000000000":null}'],
  ["of words", '"aa555a0000000000"'],
])("without a past nothing is deaf, and a past %s is none", (_, kept) => {
  const outbox = memoryOutbox({ clock: new ManualClock() });
  if (kept !== "") outbox.remember("hearing", kept);
  const watch = new HearingWatch(outbox);
  for (let minute = 0; minute < 600; minute += 1) {
    expect(watch.observe(status(minute * MINUTE_MS, 0), minute * MINUTE_MS)?.state).toBe("learning");
  }
});

test("while the clock is not set nothing is learned: which hour it is is not known", () => {
  const outbox = memoryOutbox({ clock: new ManualClock() });
  const watch = new HearingWatch(outbox);
  for (let minute = 0; minute < 600; minute += 1) {
    const elapsedMs = minute * MINUTE_MS;
    expect(watch.observe({ ...status(0, minute), atMs: elapsedMs }, elapsedMs)).toBeUndefined();
  }
  expect(outbox.recall("hearing")).toBeUndefined();
});

test("what is usual is written once an hour, not with each status, also while it cannot be written", () => {
  for (const isFailing of [false, true]) {
    const written: string[] = [];
    const remember = (key: string) => {
      written.push(key);
      if (isFailing) throw new Error("database or disk is full");
    };
    hear(new HearingWatch({ recall: () => undefined, remember }), 0, 12);
    expect(written).toHaveLength(11);
  }
});

test("a sender that invents concentrators fills neither memory nor disk, and keeps the real one out for minutes only", () => {
  const outbox = memoryOutbox({ clock: new ManualClock() });
  for (let run = 0; run < 5; run++) {
    const watch = new HearingWatch(outbox);
    const told = Array.from({ length: 100 }, (_, n) =>
      watch.observe({ ...status(0, 0), gatewayEui: `${run} ${n}` }, 0),
    );
    expect(told.filter((one) => one !== undefined)).toHaveLength(16);
    expect(watch.observe(status(MINUTE_MS, 0), MINUTE_MS)).toBeUndefined();
    expect(watch.observe(status(11 * MINUTE_MS, 0), 11 * MINUTE_MS)).toBeDefined();
    hear(watch, 12 * MINUTE_MS, 2);
    const kept = Object.keys(JSON.parse(outbox.recall("hearing") ?? "{}"));
    expect(kept.length).toBeLessThanOrEqual(16);
    expect(kept).toContain("aa555a0000000000");
  }
});
