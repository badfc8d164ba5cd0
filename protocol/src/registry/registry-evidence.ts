import { hotspotId } from "../crypto/did-key.ts";
import { formatEvmAddress } from "../crypto/evm-address.ts";
import { equalBytes } from "../encoding/bytes.ts";
import { formatDuration, formatSeconds } from "../network/format-measurement.ts";
import type { KeyChange } from "../network/key-change.ts";
import type { Evidence } from "../network/registration.ts";
import type { Measurement } from "../network/verdict-message.ts";
import type { Hotspot } from "./registry.ts";

/*
 * Which signed evidence may change the registry. The gateway asks before it accepts a change, verifiers ask for every
 * change that a bundle lists: both apply exactly the same rules.
 */

/**
 * How long after it was signed evidence may still change something. An agent repeats its assertion with every status
 * packet, at least once an hour, so anything older is left over from an outage, or was kept by somebody to be replayed.
 */
export const MAX_EVIDENCE_AGE_MS = 3_600_000;

/** The newest assertion of a hotspot's owner among its registry changes. */
export interface OwnerAssertion {
  /** Number of the status packet. */
  sequence: number;
  payee: Uint8Array | null;
}

/** The owner's newest assertion after one more change; the operator's registrations do not change it. */
export const ownerAssertionAfter = (
  before: OwnerAssertion | undefined,
  evidence: EvidenceFacts,
): OwnerAssertion | undefined =>
  evidence.by === "owner" ? { sequence: evidence.sequence, payee: evidence.assertion.payee } : before;

/**
 * The same of a hotspot that took the place of `old`: it numbers its packets anew, and the payee that its owner asserted
 * with the old key is still the owner's.
 */
export const succeededAssertion = (
  before: OwnerAssertion | undefined,
  old: OwnerAssertion | undefined,
): OwnerAssertion | undefined =>
  old === undefined ? before : { sequence: before?.sequence ?? 0, payee: old.payee };

/** Nothing is asserted of a retired hotspot any more, by its owner or the operator. */
export function retiredProblem(before: Hotspot | undefined): EvidenceProblem | undefined {
  const retired = before?.retired ?? null;
  if (retired === null) return undefined;
  const why = `the key is retired from epoch ${retired.fromEpoch} on`;
  return { reason: "assertion_retired", ...heldBack(retired.fromEpoch, why) };
}

/** Of a hotspot that takes another's place from an epoch on: it asserts nothing before. */
export const waitingProblem = (fromEpoch: number): EvidenceProblem => ({
  reason: "assertion_waits",
  ...heldBack(fromEpoch, `its key takes another's place in epoch ${fromEpoch}`),
});

const heldBack = (fromEpoch: number, why: string) => ({
  measurements: [{ name: "fromEpoch", value: fromEpoch }],
  field: "evidence",
  allowed: `none: ${why}`,
  found: "an assertion",
});

/** The parts of evidence that decide whether it may change anything. */
export type EvidenceFacts =
  | Pick<Extract<Evidence, { by: "owner" }>, "by" | "atMs" | "sequence" | "assertion">
  | Pick<Extract<Evidence, { by: "operator" }>, "by" | "atMs" | "assertion">;

export interface EvidenceProblem {
  reason: keyof typeof EVIDENCE_REASONS;
  measurements: Measurement[];
  /** Which part of the evidence is wrong, what is allowed, and what was found. */
  field: string;
  allowed: string;
  found: string;
}

export interface KeyChangeProblem extends Pick<EvidenceProblem, "field" | "allowed" | "found"> {
  code: "unknown_hotspot" | "key_retired" | "key_taken" | "key_change_ahead";
}

/**
 * Why a change of a key may not be made that is accepted at `atMs`; `undefined` when it may.
 * @param old the hotspot with the old key, before the change; `undefined` where it is not registered
 * @param next the one with the new key before it, if it is registered
 */
export function keyChangeProblem(
  { oldKey, newKey, atMs: signedAtMs }: KeyChange,
  atMs: number,
  { old, next }: { old: Hotspot | undefined; next: Hotspot | undefined },
  { clockSkewMs }: { clockSkewMs: number },
): KeyChangeProblem | undefined {
  const oldId = hotspotId(oldKey);
  if (old === undefined)
    return { code: "unknown_hotspot", field: "key", allowed: "a registered hotspot's", found: oldId };
  const isRetired = [old, next].find((one) => one != null && one.retired !== null);
  if (isRetired !== undefined)
    return {
      code: "key_retired",
      field: "key",
      allowed: "keys in use",
      found: `${isRetired.id}, which is retired`,
    };
  const isTaken = newKey !== null && (equalBytes(oldKey, newKey) || (next?.predecessor ?? null) !== null);
  if (isTaken) {
    const allowed = "another key, which has taken no hotspot's place yet";
    return { code: "key_taken", field: "new key", allowed, found: hotspotId(newKey) };
  }
  if (signedAtMs <= atMs + clockSkewMs) return undefined;
  const allowed = `at most ${atMs + clockSkewMs}, for a change at ${atMs}`;
  return { code: "key_change_ahead", field: "evidence, time of signing", allowed, found: String(signedAtMs) };
}

/**
 * Why evidence may not make a change that is accepted at `atMs`; `undefined` when it may.
 * @param newest the owner's newest assertion in the changes before
 * @param clockSkewMs how far the owner's clock may be ahead; registrations are dated by the network's own clock
 */
export function evidenceProblem(
  evidence: EvidenceFacts,
  atMs: number,
  newest: OwnerAssertion | undefined,
  { clockSkewMs }: { clockSkewMs: number },
): EvidenceProblem | undefined {
  return (
    evidenceTimeProblem(evidence.atMs, atMs, evidence.by === "owner" ? clockSkewMs : 0) ??
    orderProblem(evidence, newest)
  );
}

/** Why evidence that was signed at `signedAtMs` may not change anything at `atMs`. @param skewMs how far its clock may be ahead */
export function evidenceTimeProblem(
  signedAtMs: number,
  atMs: number,
  skewMs: number,
): EvidenceProblem | undefined {
  const ageMs = atMs - signedAtMs;
  if (ageMs >= -skewMs && ageMs <= MAX_EVIDENCE_AGE_MS) return undefined;
  const isAhead = ageMs < 0;
  return {
    reason: isAhead ? "assertion_ahead" : "assertion_old",
    measurements: [
      isAhead ? { name: "aheadMs", value: -ageMs } : { name: "ageMs", value: ageMs },
      { name: "allowedMs", value: isAhead ? skewMs : MAX_EVIDENCE_AGE_MS },
    ],
    field: "evidence, time of signing",
    allowed: `from ${atMs - MAX_EVIDENCE_AGE_MS} to ${atMs + skewMs}, for a change at ${atMs}`,
    found: String(signedAtMs),
  };
}

function orderProblem(
  evidence: EvidenceFacts,
  newest: OwnerAssertion | undefined,
): EvidenceProblem | undefined {
  if (evidence.by === "owner") {
    const { sequence } = evidence;
    const newestSequence = newest?.sequence ?? 0;
    if (sequence > newestSequence) return undefined;
    return {
      reason: "assertion_superseded",
      measurements: [
        { name: "sequence", value: sequence },
        { name: "newestSequence", value: newestSequence },
      ],
      field: "evidence, sequence number",
      allowed:
        newestSequence === 0 ? "1 or more" : `above ${newestSequence}, that of the owner's newest assertion`,
      found: String(sequence),
    };
  }
  if (newest === undefined || isSamePayee(newest.payee, evidence.assertion.payee)) return undefined;
  return {
    reason: "payee_of_owner",
    measurements: [{ name: "sequence", value: newest.sequence }],
    field: "evidence, payee",
    allowed: `${payeeText(newest.payee)}, as the owner asserted in packet ${newest.sequence}`,
    found: `${payeeText(evidence.assertion.payee)}, by the operator's registration`,
  };
}

const isSamePayee = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a === null || b === null ? a === b : equalBytes(a, b);

const payeeText = (payee: Uint8Array | null): string => (payee === null ? "none" : formatEvmAddress(payee));

/** Sentences for the technician or the operator whose evidence changes nothing. */
export const EVIDENCE_REASONS = {
  assertion_old: ({ ageMs, allowedMs }) =>
    `The status packet's assertion was not accepted: by the hotspot's clock it was signed ${formatDuration(ageMs)} before it arrived (${formatDuration(allowedMs)} are allowed). If the next is refused too, set the clock by NTP or GPS.`,
  assertion_ahead: ({ aheadMs, allowedMs }) =>
    `The status packet's assertion was not accepted: the hotspot's clock is ${formatSeconds(aheadMs)} ahead of the gateway's (${formatSeconds(allowedMs)} are allowed). Set it by NTP or GPS.`,
  assertion_waits: ({ fromEpoch }) =>
    `The status packet's assertion was not accepted yet: this key takes another's place from epoch ${fromEpoch} on. Nothing to do: the agent repeats it.`,
  assertion_retired: ({ fromEpoch }) =>
    `The status packet's assertion was not accepted: its key was replaced or revoked from epoch ${fromEpoch} on. Run the agent with the new key.`,
  assertion_superseded: ({ sequence, newestSequence }) =>
    `The status packet's assertion was not accepted: its sequence number ${sequence} is not above ${newestSequence}, that of the newest assertion. Nothing to do if it was only late; otherwise the agent's state was restored from a copy.`,
  payee_of_owner: ({ sequence }) =>
    `The owner asserted another payee in packet ${sequence}, which the operator's registration cannot replace: repeat the owner's payee, or let the owner assert a new one.`,
  commitment_chain: ({ chain, currentChain }) =>
    `The status packet commits to chain ${chain} of beacons, and only the current one, ${currentChain}, and the next are accepted. Nothing to do if the packet was only late; otherwise update the agent.`,
  commitment_conflict: ({ chain }) =>
    `This hotspot has committed to other beacons of chain ${chain} before, and the first commitment counts: another agent may run with this key, or the agent is of another version than it was.`,
} as const satisfies Record<string, (numbers: Readonly<Record<string, number>>) => string>;
