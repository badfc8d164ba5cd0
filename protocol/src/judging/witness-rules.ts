import { HEARING_RULES } from "./hearing-rules.ts";
import { LEVEL_RULES } from "./level-rules.ts";
import type { Rule } from "./types.ts";
import { isOfFrame, type MatchedContext, type WitnessContext } from "./witness-context.ts";

const noBeacon: Rule<WitnessContext> = {
  reason: "no_beacon",
  check: ({ beacon }) => (beacon === undefined ? [] : undefined),
  explain: () =>
    "The beaconer did not reveal this beacon in time, or none that is registered sent it: nothing can be proven with it, for you or for it. Nothing to do here.",
};

const payloadMismatch: Rule<MatchedContext> = {
  reason: "payload_mismatch",
  check: ({ report, beacon }) => (isOfFrame(report, beacon.derived.frame) ? undefined : []),
  explain: () =>
    "The frame heard is not the one that the beaconer revealed: somebody sent a changed or made-up frame.",
};

const beaconRefused: Rule<Pick<MatchedContext, "beacon">> = {
  reason: "beacon_refused",
  check: ({ beacon }) => (beacon.refusal === undefined ? undefined : []),
  explain: () => "The beacon itself was refused, so its witnesses cannot be paid. Nothing to do here.",
};

const selfWitness: Rule<MatchedContext> = {
  reason: "self_witness",
  check: ({ report, beacon }) => (report.hotspotId === beacon.report.hotspotId ? [] : undefined),
  explain: () => "A hotspot cannot witness its own beacon.",
};

const duplicate: Rule<MatchedContext> = {
  reason: "duplicate",
  check: ({ report, first }) =>
    first === undefined || report === first
      ? undefined
      : [{ name: "firstSequence", value: first.packet.sequence }],
  explain: ({ firstSequence }) => `This beacon was already witnessed in packet ${firstSequence}.`,
};

const edgeDenied: Rule<MatchedContext> = {
  reason: "edge_denied",
  check({ report, beacon, judging }) {
    const denial = judging.edgeDenial(report.publicKey, beacon.report.publicKey);
    return denial && [{ name: "untilEpoch", value: denial.untilEpoch }];
  },
  explain: ({ untilEpoch }) =>
    `What these two hotspots report of each other is denied payment until epoch ${untilEpoch}: the network's list of denials gives the reason and the evidence.`,
};

/** The only rule that needs no beacon; it is asked first. */
export const BEACON_EXISTS_RULE = noBeacon;
/** Asked again at the end: reciprocity may refuse a beacon after its witnesses were judged. */
export const BEACON_REFUSED_RULE = beaconRefused;

export const WITNESS_RULES: readonly Rule<MatchedContext>[] = [
  beaconRefused,
  payloadMismatch,
  selfWitness,
  duplicate,
  edgeDenied,
  ...HEARING_RULES,
  ...LEVEL_RULES,
];
