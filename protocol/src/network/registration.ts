import { type DecodedPacket, decodePacket } from "../packet/codec.ts";
import { bytes, record } from "../packet/fields.ts";
import type { Assertion } from "../packet/packet.ts";
import { assertionFields, timeMs } from "../packet/shapes.ts";
import { messageCodec, type Signatories } from "./message.ts";

/** The operator's assertion about a hotspot: the same that its owner would make in a status packet. */
export interface Registration extends Assertion {
  /** The hotspot's, 32 bytes. */
  publicKey: Uint8Array;
  atMs: number;
}

export const registrationMessage = messageCodec<Registration>(
  10,
  record<Registration>({ publicKey: bytes(32), atMs: timeMs, ...assertionFields }),
  1,
  { role: "registry", atMs: ({ atMs }) => atMs },
);

/** The content of a registry change's evidence, and who signed it. */
export type Evidence =
  /** Not verified yet: its signature is over `signedBytes`. */
  | {
      by: "owner";
      publicKey: Uint8Array;
      /** When it was signed, by the hotspot's clock. */
      atMs: number;
      assertion: Assertion;
      sequence: number;
      packet: DecodedPacket;
    }
  /** Verified. */
  | { by: "operator"; publicKey: Uint8Array; atMs: number; assertion: Assertion };

/**
 * Decodes a change's evidence; `undefined` when it is neither an assertion nor a registration signed by the network.
 *
 * @param keys the network's, or its only one
 */
export function readEvidence(
  evidence: Uint8Array,
  network: string,
  keys: Uint8Array | Signatories,
): Evidence | undefined {
  const result = decodePacket(evidence);
  if (!result.ok) return readRegistration(evidence, network, keys);
  const { packet, publicKey } = result.decoded;
  if (packet.type !== "status" || packet.assertion === null) return undefined;
  const { atMs, assertion, sequence } = packet;
  return { by: "owner", publicKey, atMs, assertion, sequence, packet: result.decoded };
}

function readRegistration(
  evidence: Uint8Array,
  network: string,
  keys: Uint8Array | Signatories,
): Evidence | undefined {
  const opened = registrationMessage.open(evidence, network, keys);
  if (!opened.ok) return undefined;
  const { publicKey, atMs, ...assertion } = opened.value;
  return { by: "operator", publicKey, atMs, assertion };
}
