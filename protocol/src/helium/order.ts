import type { RuleOrder } from "../judging/rule-lists.ts";
import type { Measurement } from "../network/verdict-message.ts";
import { HELIUM_BEACON_RECIPROCITY, HELIUM_BEACON_RULES } from "./beacon-rules.ts";
import { HELIUM_WITNESS_RECIPROCITY, HELIUM_WITNESS_RULES } from "./witness-rules.ts";

/** Beacon reports without entropy, and witness reports without a beacon report: Helium dropped them after a while. */
export const STALE = "stale";
/** A valid beacon that nobody validly heard, worth nothing. */
export const NOT_HEARD = "not_heard";
/** A valid witness that came after those that are paid: rule 14. */
export const UNSELECTED = "unselected";

const BEACON = [...HELIUM_BEACON_RULES, HELIUM_BEACON_RECIPROCITY];
const WITNESS = [...HELIUM_WITNESS_RULES, HELIUM_WITNESS_RECIPROCITY];

/** All reasons in the order in which the rules are asked. */
export const HELIUM_RULE_ORDER: RuleOrder = {
  report: [STALE],
  beacon: BEACON.map(({ reason }) => reason),
  witness: WITNESS.map(({ reason }) => reason),
};

type Explain = (numbers: Readonly<Record<string, number>>) => string;

const OUTCOMES: Record<string, Explain> = {
  ok: () => "Paid.",
  [STALE]: () => "No entropy or no beacon report belongs to this report.",
  [NOT_HEARD]: () => "No other hotspot validly heard this beacon: check antenna, cable and transmit power.",
  [UNSELECTED]: () => "Others reported this beacon sooner; only the first are paid.",
};

const BY_BEACONER = "byBeaconer";

/** The sentence that a technician reads, `undefined` for a reason that this rule set does not have. */
export function explainHelium(verdict: {
  type: "beacon" | "witness";
  reason: string;
  measurements: readonly Measurement[];
}): string | undefined {
  const numbers = Object.fromEntries(verdict.measurements.map(({ name, value }) => [name, value]));
  if (Object.hasOwn(OUTCOMES, verdict.reason)) return OUTCOMES[verdict.reason]?.(numbers);
  const isBeaconers = verdict.type === "witness" && numbers[BY_BEACONER] === 1;
  const rules: readonly { reason: string; explain: Explain }[] =
    verdict.type === "beacon" || isBeaconers ? BEACON : WITNESS;
  const sentence = rules.find(({ reason }) => reason === verdict.reason)?.explain(numbers);
  return isBeaconers && sentence !== undefined ? `Of the beacon that was heard: ${sentence}` : sentence;
}
