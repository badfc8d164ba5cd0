/** Virtual time and sample packets, for tests of other packages. */
export { typicalPackets } from "./packet/samples.ts";
export * from "./virtual-time.ts";
