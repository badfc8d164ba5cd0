/** Fakes for time and chance, packets and scenarios, for tests and for simulations in virtual time. */
export { entropyValue, Scenario, type Station, verdictOn } from "./judging/scenario.ts";
export * from "./packet/arbitraries.ts";
export { longestPackets, typicalPackets } from "./packet/samples.ts";
export * from "./virtual-time.ts";
