import type { Random } from "./time/clock.ts";

/** Time and random numbers that a simulation repeats exactly. */
export { ManualClock } from "./time/manual-clock.ts";

/** A small seeded generator (mulberry32) for simulations and tests. Not for keys. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
