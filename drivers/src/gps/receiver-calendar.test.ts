import { expect, test } from "bun:test";
import fc from "fast-check";
import { ReceiverCalendar } from "./receiver-calendar.ts";

const DAY_MS = 86_400_000;
const ROLLOVER_MS = 1024 * 7 * DAY_MS;

test("a receiver that is any number of rollovers slow is put right by a host clock within ten years", () => {
  const day = fc.integer({ min: Date.UTC(2020, 0) / DAY_MS, max: Date.UTC(2090, 0) / DAY_MS });
  const hostError = fc.integer({ min: -3580, max: 3580 });
  fc.assert(
    fc.property(day, hostError, fc.integer({ min: 0, max: 2 }), (trueDay, errorDays, rollovers) => {
      const calendar = new ReceiverCalendar(() => (trueDay + errorDays) * DAY_MS);
      expect(calendar.timeMs(5, trueDay * DAY_MS - rollovers * ROLLOVER_MS)).toBe(trueDay * DAY_MS + 5);
    }),
  );
});

test("a host without a clock does not spoil the receiver's date", () => {
  expect(new ReceiverCalendar(() => 0).timeMs(0, Date.UTC(2026, 2, 1))).toBe(Date.UTC(2026, 2, 1));
});

test("a time of day alone is put on the day nearest to the last full time", () => {
  const calendar = new ReceiverCalendar(() => Date.UTC(2026, 0));
  expect(calendar.timeMs(1000, undefined)).toBeUndefined();
  calendar.timeMs(DAY_MS - 1000, Date.UTC(2026, 2, 1));
  expect(calendar.timeMs(500, undefined)).toBe(Date.UTC(2026, 2, 2, 0, 0, 0, 500));
  expect(calendar.timeMs(DAY_MS - 500, undefined)).toBe(Date.UTC(2026, 2, 1, 23, 59, 59, 500));
});
