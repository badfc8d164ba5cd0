import { expect, test } from "bun:test";
import { Concentrators } from "./concentrators.ts";

const TURN_MS = Math.ceil(2 ** 32 / 1000);

test("a count of microseconds is told while one concentrator's alone were heard in a turn of its counter", () => {
  const concentrators = new Concentrators();
  const told = (elapsedMs: number) => concentrators.counter(77, elapsedMs);
  concentrators.see(undefined, 0);
  expect(told(0)).toBe(77);
  concentrators.see("aa", 0);
  concentrators.see("aa", 1000);
  expect(told(1000)).toBe(77);
  expect(concentrators.counter(undefined, 1000)).toBeNull();
  // Another takes its place.
  concentrators.see("bb", 2000);
  expect(told(2000)).toBeNull();
  expect(told(1000 + TURN_MS)).toBeNull();
  expect(told(1000 + TURN_MS + 1)).toBe(77);
});

test("however many names somebody makes up, the latest are known", () => {
  const concentrators = new Concentrators();
  for (let i = 0; i < 1000; i++) {
    concentrators.see(`made up ${i}`, i);
    concentrators.see("aa", i);
    if (i > 0) expect(concentrators.counter(77, i + TURN_MS)).toBeNull();
  }
});
