import type { RegionId } from "./radio/regions.ts";

/** What the network knows of a hotspot: judged against, paid to. */
export interface Hotspot {
  /** `hotspotId(publicKey)`. */
  id: string;
  publicKey: Uint8Array;
  latE7: number;
  lonE7: number;
  elevationM: number;
  antennaGainDdbi: number;
  region: RegionId;
  /** EVM address, 20 bytes; without one the amount waits under the zero address. */
  payee: Uint8Array | null;
  registeredAtMs: number;
  /** The signed status packet that asserted this (open registration), or null (listed by the operator). */
  evidence: Uint8Array | null;
}
