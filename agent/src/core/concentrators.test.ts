import { expect, test } from "bun:test";
import fc from "fast-check";
import { Concentrators } from "./concentrators.ts";

const TURN_MS = Math.ceil(2 ** 32 / 1000);

test("a counter is reported while no other concentrator was heard within a turn of the counter", () => {
  const concentrators = new Concentrators();
  const reported = (elapsedMs: number) => concentrators.counter(77, elapsedMs);
  concentrators.heardFrom(undefined, 0);
  expect(reported(0)).toBe(77);
  concentrators.heardFrom("aa", 0);
  concentrators.heardFrom("aa", 1000);
  expect(reported(1000)).toBe(77);
  expect(concentrators.counter(undefined, 1000)).toBeNull();
  // Another takes its place.
  concentrators.heardFrom("bb", 2000);
  expect(reported(2000)).toBeNull();
  expect(reported(1000 + TURN_MS)).toBeNull();
  expect(reported(1000 + TURN_MS + 1)).toBe(77);
});

test("in whatever order they are heard, none is reported while more than one was heard in the last turn", () => {
  const sighting = fc.record({
    name: fc.constantFrom("aa", "bb", "cc"),
    afterMs: fc.integer({ min: 0, max: TURN_MS }),
  });
  fc.assert(
    fc.property(fc.array(sighting), fc.integer({ min: 0, max: TURN_MS + 1 }), (sightings, laterMs) => {
      const concentrators = new Concentrators();
      const lastMs = new Map<string, number>();
      let elapsedMs = 0;
      for (const { name, afterMs } of sightings) {
        elapsedMs += afterMs;
        concentrators.heardFrom(name, elapsedMs);
        lastMs.set(name, elapsedMs);
      }
      elapsedMs += laterMs;
      const heard = [...lastMs.values()].filter((ms) => elapsedMs - ms <= TURN_MS);
      expect(concentrators.counter(77, elapsedMs)).toBe(heard.length > 1 ? null : 77);
    }),
  );
});
