import { expect, test } from "bun:test";
import fc from "fast-check";
import { LockHistory } from "./lock-history.ts";
import { lockTime } from "./lock-time.ts";

/** Lock times in ms of one signal at epochs of these times; the result is the times at which a gap ended. */
function gapsOf(epochs: [timeMs: number, lockMs: number | undefined][]): number[] {
  const history = new LockHistory();
  return epochs.flatMap(([timeMs, lockMs]) => {
    const signals =
      lockMs === undefined
        ? []
        : [{ signal: "1C", lockTime: { minMs: lockMs, belowMs: lockMs + lockMs / 32 + 1 } }];
    return history.observe([{ system: "G", id: 5, signals }], timeMs).map(() => timeMs);
  });
}

test("a lock time that grows, or has stopped growing, is no gap", () => {
  expect(
    gapsOf([
      [0, 1000],
      [1000, 2000],
      [2000, 64_500],
      [3000, 64_500],
    ]),
  ).toEqual([]);
});

test("a shorter lock time is a gap", () => {
  expect(
    gapsOf([
      [0, 9000],
      [1000, 8999],
      [2000, 9999],
    ]),
  ).toEqual([1000]);
});

test("lock that began after the last observation is a gap, however short the one before", () => {
  expect(
    gapsOf([
      [0, 0],
      [1000, 500],
      [2000, 500],
      [3000, 1500],
    ]),
  ).toEqual([1000, 2000]);
});

test("a signal that was away and is still locked, or is away for good, is no gap", () => {
  expect(
    gapsOf([
      [0, 9000],
      [1000, undefined],
      [2000, 11_000],
      [3000, undefined],
    ]),
  ).toEqual([]);
});

test("a signal that comes back within a minute is a gap; after that it is a new one", () => {
  const back = (afterMs: number) =>
    gapsOf([
      [0, 9000],
      [afterMs, 100],
    ]);
  expect([back(60_000), back(60_001)]).toEqual([[60_000], []]);
});

test("epochs told twice or out of order are no gaps", () => {
  expect(
    gapsOf([
      [1000, 9000],
      [1000, 9000],
      [0, 8000],
    ]),
  ).toEqual([]);
});

test("says which signal, and since when it was not seen", () => {
  const history = new LockHistory();
  const satellite = (indicator: number) => ({
    system: "E" as const,
    id: 9,
    signals: [{ signal: "7Q", lockTime: lockTime(indicator, 10)! }, { signal: "1C" }],
  });
  history.observe([satellite(300)], 5000);
  expect(history.observe([satellite(20)], 8000)).toEqual([
    { system: "E", id: 9, signal: "7Q", lastedMs: 3000 },
  ]);
});

test("remembers only the last minute", () => {
  const lock = { minMs: 1, belowMs: 2 };
  fc.assert(
    fc.property(fc.array(fc.nat(1_000_000), { maxLength: 60 }), (times) => {
      const history = new LockHistory();
      for (const [id, timeMs] of times.entries()) {
        history.observe([{ system: "G", id, signals: [{ signal: "1C", lockTime: lock }] }], timeMs);
        const recent = times.slice(0, id + 1).filter((other) => Math.abs(other - timeMs) <= 60_000).length;
        expect(history.size).toBeLessThanOrEqual(recent);
      }
    }),
  );
});
