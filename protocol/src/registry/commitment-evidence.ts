import { type Commitment, chainOf } from "../beacon/chain.ts";
import { equalBytes } from "../encoding/bytes.ts";
import { type DecodedPacket, decodePacket } from "../packet/codec.ts";
import type { NetworkParameters } from "../parameters/parameters.ts";
import { windowOf } from "../time/schedule.ts";
import type { AcceptedCommitment } from "./registry.ts";
import { type EvidenceProblem, evidenceTimeProblem } from "./registry-evidence.ts";

/*
 * Which commitments of status packets count. The gateway asks before it accepts one, verifiers ask for every one that a
 * bundle lists: both apply exactly the same rules.
 */

/** What a status packet commits to. Not verified yet: its signature is over `signedBytes`. */
export interface AnnouncedCommitments {
  publicKey: Uint8Array;
  /** When it was signed, by the hotspot's clock. */
  atMs: number;
  commitments: readonly Commitment[];
  packet: DecodedPacket;
}

/** `undefined` when the bytes are no status packet that commits to anything. */
export function readCommitments(evidence: Uint8Array): AnnouncedCommitments | undefined {
  const result = decodePacket(evidence);
  if (!result.ok) return undefined;
  const { packet, publicKey } = result.decoded;
  if (packet.type !== "status" || packet.commitments === null) return undefined;
  return { publicKey, atMs: packet.atMs, commitments: packet.commitments, packet: result.decoded };
}

type Clockwork = Pick<NetworkParameters, "entropyPeriodMs" | "windowPeriods" | "clockSkewMs">;

/** The chain of the moment. Besides it the next one may be committed to, and no other. */
export const chainAtMs = (
  atMs: number,
  { entropyPeriodMs, windowPeriods }: Pick<Clockwork, "entropyPeriodMs" | "windowPeriods">,
): number => chainOf(windowOf(Math.floor(atMs / entropyPeriodMs), windowPeriods));

/** The chain of an epoch's first window: commitments to earlier ones are in no bundle of this epoch or later. */
export const firstChainOf = (
  epoch: number,
  { epochPeriods, windowPeriods }: Pick<NetworkParameters, "epochPeriods" | "windowPeriods">,
): number => chainOf(windowOf(epoch * epochPeriods, windowPeriods));

/**
 * Why a commitment may not be accepted at `atMs`; `undefined` when it may.
 * @param signedAtMs when the status packet was signed
 * @param accepted the commitments accepted before: of each chain the first counts
 */
export function commitmentProblem(
  { chain, head }: Commitment,
  { signedAtMs, atMs }: { signedAtMs: number; atMs: number },
  accepted: readonly Pick<AcceptedCommitment, "chain" | "head">[],
  parameters: Clockwork,
): EvidenceProblem | undefined {
  const late = evidenceTimeProblem(signedAtMs, atMs, parameters.clockSkewMs);
  if (late !== undefined) return late;
  const current = chainAtMs(atMs, parameters);
  if (chain !== current && chain !== current + 1) {
    return {
      reason: "commitment_chain",
      measurements: [
        { name: "chain", value: chain },
        { name: "currentChain", value: current },
      ],
      field: "evidence, chain",
      allowed: `${current} or ${current + 1}`,
      found: String(chain),
    };
  }
  const other = accepted.find((known) => known.chain === chain && !equalBytes(known.head, head));
  if (other === undefined) return undefined;
  return {
    reason: "commitment_conflict",
    measurements: [{ name: "chain", value: chain }],
    field: `evidence, head of chain ${chain}`,
    allowed: `${other.head.toHex()}, the first that was accepted`,
    found: head.toHex(),
  };
}
