import { type Assertion, cellOf, decodePacket, type Hotspot, type Registration } from "@earshot/protocol";

/** What a hotspot's owner signed about it, and the packet that holds it. */
export interface AssertedHotspot {
  id: string;
  assertion: Assertion;
  /** Sequence number of the packet: the highest counts, whatever the order of arrival. */
  sequence: number;
  receivedAtMs: number;
  evidence: Uint8Array;
}

/** What the operator registers of a hotspot; signed and dated when it is accepted. */
export type OperatorRegistration = Omit<Registration, "atMs">;

/** What of an assertion makes a difference, as one text: positions in one cell are one position. */
export const factsOf = (assertion: Assertion): string => factsText({ ...assertion, cell: cellOf(assertion) });

export const knownFacts = (hotspot: Hotspot): string => factsText(hotspot);

const factsText = ({
  cell,
  elevationM,
  antennaGainDdbi,
  region,
  payee,
}: Omit<Assertion, "latE7" | "lonE7"> & { cell: string }): string =>
  [cell, elevationM, antennaGainDdbi, region, payee?.toHex() ?? ""].join();

/** Sequence number of the packet in which the owner asserted what is known; -1 if the operator registered it. */
export function evidenceSequence({ change }: Hotspot): number {
  const result = decodePacket(change.evidence);
  return result.ok ? result.decoded.packet.sequence : -1;
}
