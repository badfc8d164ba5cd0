/** Time and chance that a simulation repeats exactly. Apart from `testing.ts`, which loads a property-test library. */
export { ManualClock } from "./manual-clock.ts";
export { seededRandom } from "./seeded-random.ts";
