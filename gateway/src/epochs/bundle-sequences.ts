/** Checks outside this repository read bundles through this path; the code is in `bundle/cbor-sequences.ts`. */
export { readPackets } from "../bundle/cbor-sequences.ts";
