/** Fakes for time and chance, for tests and for simulations in virtual time. */
export { ManualClock } from "./manual-clock.ts";
export { seededRandom } from "./seeded-random.ts";
