import { expect, test } from "bun:test";
import { PhaseTimes, progressLine } from "./progress-line.ts";

function shown(isTerminal: boolean) {
  let now = 0;
  const err: string[] = [];
  const times = new PhaseTimes(() => now);
  const io = { err: (text: string) => err.push(text), isTerminal };
  const line = progressLine(io, times);
  const at = (ms: number, phase: string, done: number, total: number) => {
    now = ms;
    err.length = 0;
    line.onProgress(phase, done, total);
    return err.join("");
  };
  return { at, clear: () => line.clear(), times, err: () => err.join("") };
}

test("a terminal shows a bar, how far, and how fast since the phase began", () => {
  const { at, clear, err } = shown(true);
  expect(at(1000, "packets", 0, 10_000)).toBe("\r\u001b[K[........................] packets: 0 of 10000");
  expect(at(3000, "packets", 5000, 10_000)).toBe(
    "\r\u001b[K[############............] packets: 5000 of 10000, 2500 per second",
  );
  expect(at(3000, "judging", 0, 1)).toBe("\r\u001b[K[........................] judging");
  clear();
  expect(err()).toEndWith("\r\u001b[K");
});

test("elsewhere nothing is shown, and times are taken all the same", () => {
  const { at, clear, times, err } = shown(false);
  expect([
    at(0, "packets", 0, 10),
    at(5, "judging", 0, 1),
    at(12, "packets", 10, 10),
    at(20, "x", 0, 1),
  ]).toEqual(["", "", "", ""]);
  clear();
  expect(err()).toBe("");
  expect([...times.take()]).toEqual([
    ["packets", 13],
    ["judging", 7],
    ["x", 0],
  ]);
  expect([...times.take()]).toEqual([]);
});
