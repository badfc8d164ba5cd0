import { expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import type { StoredReading } from "../store/records.ts";
import type { ReadingRange } from "../store/store.ts";
import { CLOCK_AHEAD_MS, QUALITY_WINDOW_MS, QualityBoard } from "./quality-board.ts";

const MINUTE_MS = 60_000;
const startMs = Date.UTC(2026, 0, 5);

/** A store of one source that was heard of each minute; notes what it is asked for. */
function board(latestAtMs = startMs) {
  const clock = new ManualClock(startMs);
  const asked: ReadingRange[] = [];
  let running = 0;
  let most = 0;
  const quantities = [{ name: "voltage_v", exponent: -1, min: 2290, mean: 2300, max: 2310, count: 60 }];
  const reading: StoredReading = { sequence: 1, atMs: latestAtMs, periodMs: MINUTE_MS, quantities };
  const names = ["a", "b", "c"];
  const store = {
    readingSources: async () => names.map((source) => ({ source, firstAtMs: latestAtMs, latestAtMs })),
    async readingsOf(_hotspotId: string, _source: string, range: ReadingRange) {
      asked.push(range);
      most = Math.max(most, ++running);
      await Promise.resolve();
      running -= 1;
      return [reading];
    },
  };
  return { clock, asked, most: () => most, quality: new QualityBoard({ store, clock }) };
}

test("reads one source after the other, once for all who ask at the same time", async () => {
  const { quality, asked, most } = board();
  const [one, other] = await Promise.all([quality.of("h"), quality.of("h")]);
  expect(other).toBe(one as NonNullable<typeof one>);
  expect(one?.map(({ source }) => source)).toEqual(["a", "b", "c"]);
  expect(asked).toHaveLength(3);
  expect(most()).toBe(1);
});

test("keeps scores for a minute; another hotspot has its own", async () => {
  const { quality, asked, clock } = board();
  await quality.of("h");
  await clock.advance(MINUTE_MS - 1);
  await quality.of("h");
  expect(asked).toHaveLength(3);
  await clock.advance(1);
  await quality.of("h");
  expect(asked).toHaveLength(6);
  await quality.of("i");
  expect(asked).toHaveLength(9);
});

test("looks back as far as its window, or to the newest reading of who is silent for longer", async () => {
  const lively = board();
  await lively.quality.of("h");
  expect(lively.asked[0]).toEqual({
    fromMs: startMs - QUALITY_WINDOW_MS,
    toMs: startMs + CLOCK_AHEAD_MS,
    limit: 3000,
  });
  const longAgoMs = startMs - 30 * QUALITY_WINDOW_MS;
  const silent = board(longAgoMs);
  await silent.quality.of("h");
  expect(silent.asked[0]?.fromMs).toBe(longAgoMs);
});

test("an error is not kept", async () => {
  const clock = new ManualClock(startMs);
  let isBroken = true;
  const readingSources = async () => {
    if (isBroken) throw new Error("no database");
    return [];
  };
  const quality = new QualityBoard({ store: { readingSources, readingsOf: async () => [] }, clock });
  expect(quality.of("h")).rejects.toThrow("no database");
  await quality.of("h").catch(() => undefined);
  isBroken = false;
  expect(await quality.of("h")).toEqual([]);
});
