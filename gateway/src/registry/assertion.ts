import { type Assertion, type Hotspot, REGIONS, type RegionId } from "@earshot/protocol";

/** What a hotspot's owner signed about it, and the packet that says so. */
export interface AssertedHotspot {
  id: string;
  publicKey: Uint8Array;
  assertion: Assertion;
  /** Sequence number of the packet: the highest counts, whatever the order of arrival. */
  sequence: number;
  receivedAtMs: number;
  evidence: Uint8Array;
}

const isRegion = (region: string): region is RegionId => Object.hasOwn(REGIONS, region);

/** `undefined` when the region is not one in which beacons can be judged. */
export function hotspotFromAssertion(asserted: AssertedHotspot): Hotspot | undefined {
  const { id, publicKey, assertion, receivedAtMs, evidence } = asserted;
  const { region } = assertion;
  if (!isRegion(region)) return undefined;
  return { id, publicKey, ...assertion, region, registeredAtMs: receivedAtMs, evidence };
}

const factsOf = (hotspot: Hotspot) =>
  [
    hotspot.latE7,
    hotspot.lonE7,
    hotspot.elevationM,
    hotspot.antennaGainDdbi,
    hotspot.region,
    hotspot.payee?.toHex() ?? null,
  ].join();

/** Whether both say the same about the hotspot, on whatever evidence. */
export const isSameHotspot = (a: Hotspot, b: Hotspot): boolean => factsOf(a) === factsOf(b);
