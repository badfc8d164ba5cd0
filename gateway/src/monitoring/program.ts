import { NETWORK_FORMATS } from "@earshot/protocol";
import manifest from "../../package.json" with { type: "json" };

/** This program, as it tells hotspots, auditors and operators. */
export const PROGRAM = { version: manifest.version, formats: NETWORK_FORMATS };
