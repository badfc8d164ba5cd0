import { equalBytes } from "../encoding/bytes.ts";
import { formatDuration, formatSeconds } from "../judging/format-measurement.ts";
import type { Evidence } from "../network/registration.ts";
import type { Measurement } from "../network/verdict-message.ts";
import { formatEvmAddress } from "../rewards/evm-address.ts";

/*
 * Which signed word may change the registry next. The gateway asks before it takes a change in, verifiers ask of every
 * change that a bundle lists: what the one makes the other must accept, and nothing else.
 */

/**
 * How long after it was signed a word still changes something. An agent says the same again with every status, at
 * least once an hour, so what comes later than this is a leftover of an outage, or an old word that somebody kept.
 */
export const MAX_EVIDENCE_AGE_MS = 3_600_000;

/** What a hotspot's owner said last, as far as its changes show it. */
export interface OwnerAssertion {
  /** Number of the status packet. */
  sequence: number;
  payee: Uint8Array | null;
}

/** The owner's word after one more change; the operator's leaves it as it is. */
export const ownerAssertionAfter = (
  before: OwnerAssertion | undefined,
  evidence: EvidenceFacts,
): OwnerAssertion | undefined =>
  evidence.by === "owner" ? { sequence: evidence.sequence, payee: evidence.assertion.payee } : before;

/** What of evidence decides whether it may change anything. */
export type EvidenceFacts =
  | Pick<Extract<Evidence, { by: "owner" }>, "by" | "atMs" | "sequence" | "assertion">
  | Pick<Extract<Evidence, { by: "operator" }>, "by" | "atMs" | "assertion">;

export interface EvidenceProblem {
  reason: keyof typeof EVIDENCE_REASONS;
  measurements: Measurement[];
  /** What of the evidence is wrong, what is allowed, and what it is. */
  field: string;
  allowed: string;
  found: string;
}

/**
 * Why evidence may not make the change that is taken in at `atMs`, if so.
 * @param word what the owner said in the changes before
 * @param clockSkewMs how far the owner's clock may be ahead; the operator's word is dated by the network's own
 */
export function evidenceProblem(
  evidence: EvidenceFacts,
  atMs: number,
  word: OwnerAssertion | undefined,
  { clockSkewMs }: { clockSkewMs: number },
): EvidenceProblem | undefined {
  return (
    timeProblem(evidence, atMs, evidence.by === "owner" ? clockSkewMs : 0) ?? orderProblem(evidence, word)
  );
}

function timeProblem(
  { atMs: signedAtMs }: EvidenceFacts,
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
  word: OwnerAssertion | undefined,
): EvidenceProblem | undefined {
  if (evidence.by === "owner") {
    const { sequence } = evidence;
    const newest = word?.sequence ?? 0;
    if (sequence > newest) return undefined;
    return {
      reason: "assertion_superseded",
      measurements: [
        { name: "sequence", value: sequence },
        { name: "newestSequence", value: newest },
      ],
      field: "evidence, sequence number",
      allowed: newest === 0 ? "1 or more" : `above ${newest}, by which the owner said otherwise before`,
      found: String(sequence),
    };
  }
  if (word === undefined || isSamePayee(word.payee, evidence.assertion.payee)) return undefined;
  return {
    reason: "payee_of_owner",
    measurements: [{ name: "sequence", value: word.sequence }],
    field: "evidence, payee",
    allowed: `${payeeText(word.payee)}, as the owner asserted in packet ${word.sequence}`,
    found: `${payeeText(evidence.assertion.payee)}, by the operator's word`,
  };
}

const isSamePayee = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a === null || b === null ? a === b : equalBytes(a, b);

const payeeText = (payee: Uint8Array | null): string => (payee === null ? "none" : formatEvmAddress(payee));

/** Sentences for the technician, and the operator, whose word changes nothing. */
export const EVIDENCE_REASONS = {
  assertion_old: ({ ageMs, allowedMs }) =>
    `What the status packet asserts changes nothing: by the hotspot's clock it was signed ${formatDuration(ageMs)} before it came (${formatDuration(allowedMs)} are allowed). If the next is refused too, set the clock by NTP or GPS.`,
  assertion_ahead: ({ aheadMs, allowedMs }) =>
    `What the status packet asserts changes nothing: the hotspot's clock is ${formatSeconds(aheadMs)} ahead of the gateway's (${formatSeconds(allowedMs)} are allowed). Set it by NTP or GPS.`,
  assertion_superseded: ({ sequence, newestSequence }) =>
    `What the status packet asserts changes nothing: its number ${sequence} is not above ${newestSequence}, by which place or payee were asserted before. Nothing to do if it was only late; else the agent's state was restored from a copy.`,
  payee_of_owner: ({ sequence }) =>
    `The owner asserted another payee in packet ${sequence}, which the operator's word does not replace: repeat the owner's payee, or let the owner assert a new one.`,
} as const satisfies Record<string, (numbers: Readonly<Record<string, number>>) => string>;
