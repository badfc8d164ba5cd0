import type { Measurement } from "../network/verdict-message.ts";
import { EVIDENCE_REASONS } from "../registry/registry-evidence.ts";
import { NOT_DRAWN, NOT_HEARD } from "./proven-beacon.ts";
import { RULE_LISTS, rulesByReport } from "./rule-lists.ts";

type Explain = (numbers: Readonly<Record<string, number>>) => string;

/** The hotspot sent too much: the only refusal after which the agent sends a packet again. */
export const RATE_LIMITED = "rate_limited";

/** Refused before judging: the bytes are not an acceptable packet. */
const BEFORE_JUDGING: Record<string, Explain> = {
  truncated: () => "The packet ends too early: something between agent and gateway cuts it off.",
  trailing_bytes: () => "Bytes follow the packet: something between agent and gateway adds to it.",
  malformed: () => "The packet is not CBOR: something other than the agent publishes on its topic.",
  non_canonical: () => "The packet is not in canonical CBOR: update the agent.",
  too_large: () => "The packet is larger than 1 KiB: update the agent.",
  wrong_tag: () => "The packet is not a COSE_Sign1: something other than the agent publishes on its topic.",
  wrong_alg: () => "The packet is not signed with EdDSA: update the agent.",
  wrong_type: () => "A field of the packet has the wrong type: update the agent.",
  out_of_range: () =>
    "A field of the packet is out of range: update the agent, then check what its devices report.",
  wrong_network: () =>
    "The packet was made for another network: check `network` in the agent's configuration.",
  bad_signature: () =>
    "The signature is not valid: the packet was changed on its way, or signed with another key.",
  inadmissible_key: () => "The key is not an admissible Ed25519 key: make a new one.",
  wrong_topic: () =>
    "The packet was published on the topic of another hotspot or of another type: each agent needs a key and a login of its own.",
  from_future: () =>
    "The report is about a beacon whose entropy is not published yet: something other than the agent made it.",
  too_many_reports: () =>
    "The network accepts no more reports from one hotspot about the beacons of one period: two agents may run with the same key, or the forwarder repeats what it hears.",
  [RATE_LIMITED]: () =>
    "This hotspot sends more than the network accepts from one hotspot: the packet stays in the outbox and is sent again later.",
};

/** The status packet is stored, but its assertion changes nothing in the registry. */
const ASSERTIONS: Record<string, Explain> = EVIDENCE_REASONS;

const OUTCOMES: Record<string, Explain> = {
  ok: () => "Paid.",
  [NOT_HEARD]: () => "No other hotspot validly heard this beacon: check antenna, cable and transmit power.",
  [NOT_DRAWN]: ({ valid }) =>
    `${valid} hotspots heard this beacon validly; others were drawn for payment. Nothing to do here.`,
};

/** Reasons for which bytes are refused before judging. */
export const BEFORE_JUDGING_REASONS: readonly string[] = Object.keys(BEFORE_JUDGING);
/** Reasons for which an assertion or registration changes nothing in the registry. */
export const ASSERTION_REASONS: readonly string[] = Object.keys(ASSERTIONS);
/** Reasons of reports that pass every rule. */
export const OUTCOME_REASONS: readonly string[] = Object.keys(OUTCOMES);

/** Of all rule sets: a reason means the same in each. */
const RULES: Record<"beacon" | "witness", Record<string, Explain>> = { beacon: {}, witness: {} };
for (const { report, ...own } of Object.values(RULE_LISTS).map(rulesByReport)) {
  for (const type of ["beacon", "witness"] as const) {
    for (const { reason, explain } of [...report, ...own[type]]) RULES[type][reason] = explain;
  }
}

/** The sentence that a technician reads. */
export function explainVerdict(verdict: {
  type?: "beacon" | "witness";
  reason: string;
  measurements: readonly Measurement[];
}): string {
  const { type, reason } = verdict;
  const tables = type === undefined ? [RULES.witness, RULES.beacon] : [RULES[type]];
  const table = [...tables, OUTCOMES, BEFORE_JUDGING, ASSERTIONS].find((known) =>
    Object.hasOwn(known, reason),
  );
  const explain = table?.[reason];
  const numbers = Object.fromEntries(verdict.measurements.map(({ name, value }) => [name, value]));
  return explain?.(numbers) ?? `Refused: ${reason}.`;
}
