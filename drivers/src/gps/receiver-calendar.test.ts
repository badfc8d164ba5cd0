import { expect, test } from "bun:test";
import fc from "fast-check";
import { correctRollover, ReceiverCalendar, ROLLOVER_MS } from "./receiver-calendar.ts";

const DAY_MS = 86_400_000;

test("a receiver that is any number of rollovers slow is put right by a host clock within a year", () => {
  const day = fc.integer({ min: Date.UTC(2020, 0) / DAY_MS, max: Date.UTC(2090, 0) / DAY_MS });
  const hostError = fc.integer({ min: -365, max: 365 });
  fc.assert(
    fc.property(day, hostError, fc.integer({ min: 0, max: 2 }), (trueDay, errorDays, rollovers) => {
      const calendar = new ReceiverCalendar(() => (trueDay + errorDays) * DAY_MS);
      const time = calendar.time(5, trueDay * DAY_MS - rollovers * ROLLOVER_MS);
      expect(time).toEqual({
        timeMs: trueDay * DAY_MS + 5,
        ...(rollovers === 0 ? {} : { weekRollovers: rollovers }),
      });
    }),
  );
});

const HOST_MS = Date.UTC(2026, 10, 30, 4);
const weeks = (count: number) => count * 7 * DAY_MS;

test.each([
  ["1024 weeks back", HOST_MS - weeks(1024), HOST_MS, 1],
  ["2048 weeks back", HOST_MS - weeks(2048), HOST_MS, 2],
  [
    "1024 weeks ahead, as a program that counts rollovers of its own makes it",
    HOST_MS + weeks(1024),
    HOST_MS,
    -1,
  ],
  ["of the year 1980", Date.UTC(1980, 0, 6), HOST_MS, undefined],
  ["of the year 2000", Date.UTC(2000, 0, 1), HOST_MS, undefined],
  ["an hour off", HOST_MS - 3_600_000, HOST_MS, undefined],
  ["right, on a host without a clock", HOST_MS, 60_000, undefined],
  [
    "right, on a host that took a date 1024 weeks back for its clock",
    HOST_MS,
    HOST_MS - weeks(1024),
    undefined,
  ],
])("a date %s", (_, toldMs, hostMs, weekRollovers) => {
  const moved = toldMs + (weekRollovers ?? 0) * ROLLOVER_MS;
  const expected = weekRollovers === undefined ? { timeMs: toldMs } : { timeMs: moved, weekRollovers };
  expect(correctRollover(toldMs, hostMs)).toEqual(expected);
});

test("a time of day alone is put on the day nearest to the last full time", () => {
  const calendar = new ReceiverCalendar(() => Date.UTC(2026, 0));
  expect(calendar.time(1000, undefined)).toBeUndefined();
  calendar.time(DAY_MS - 1000, Date.UTC(2026, 2, 1));
  expect(calendar.time(500, undefined)?.timeMs).toBe(Date.UTC(2026, 2, 2, 0, 0, 0, 500));
  expect(calendar.time(DAY_MS - 500, undefined)?.timeMs).toBe(Date.UTC(2026, 2, 1, 23, 59, 59, 500));
});
