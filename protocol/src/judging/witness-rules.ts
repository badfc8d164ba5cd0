import type { DerivedBeacon } from "../beacon/derive.ts";
import { equalBytes } from "../bytes.ts";
import { distanceM } from "../geo.ts";
import { freeSpaceLossDb } from "../radio/propagation.ts";
import type { Hotspot } from "../registry.ts";
import type { JudgingWorld, ReceivedBeacon, ReceivedWitness, Rule } from "./types.ts";

/** The beacon that a witness report is about, as judged. */
export interface JudgedBeacon {
  report: ReceivedBeacon;
  hotspot: Hotspot;
  derived: DerivedBeacon;
  /** The beacon rule that refused it, if one did. */
  refusal: string | undefined;
}

/** A witness report of a registered hotspot. */
export interface WitnessContext {
  report: ReceivedWitness;
  hotspot: Hotspot;
  /** The hotspot's first report, by sequence, of the frame that was sent. */
  first: ReceivedWitness | undefined;
  /** Absent when nobody registered reported that beacon in time. */
  beacon: JudgedBeacon | undefined;
  world: JudgingWorld;
}

/** A witness report whose beacon is known: what the rules below the first look at. */
type MatchedContext = WitnessContext & { beacon: JudgedBeacon; distanceM: number };

/** Radios tune in steps (61 Hz on SX127x) and forwarders print kHz; channels lie 100 kHz and more apart. */
const FREQUENCY_TOLERANCE_HZ = 1000;

const noBeacon: Rule<WitnessContext> = {
  reason: "no_beacon",
  check: ({ beacon }) => (beacon === undefined ? [] : undefined),
  explain: () => "The beaconer did not report this beacon in time, so nothing can be proven with it.",
};

const payloadMismatch: Rule<MatchedContext> = {
  reason: "payload_mismatch",
  check: ({ report, beacon }) => (equalBytes(report.packet.frame, beacon.derived.frame) ? undefined : []),
  explain: () =>
    "The frame heard is not the one that the beaconer's signature gives: somebody sent a copy or an invention.",
};

const beaconRefused: Rule<MatchedContext> = {
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

const wrongFrequency: Rule<MatchedContext> = {
  reason: "wrong_frequency",
  check({ report, beacon }) {
    const offsetHz = report.packet.freqHz - beacon.derived.freqHz;
    return Math.abs(offsetHz) > FREQUENCY_TOLERANCE_HZ ? [{ name: "offsetHz", value: offsetHz }] : undefined;
  },
  explain: ({ offsetHz }) =>
    `Heard ${offsetHz} Hz away from where it was sent: check the packet forwarder's channel plan.`,
};

const wrongDataRate: Rule<MatchedContext> = {
  reason: "wrong_data_rate",
  check: ({ report: { packet }, beacon: { derived } }) =>
    packet.spreadingFactor === derived.spreadingFactor && packet.bandwidthHz === derived.bandwidthHz
      ? undefined
      : [
          { name: "spreadingFactor", value: packet.spreadingFactor },
          { name: "bandwidthHz", value: packet.bandwidthHz },
          { name: "sentSpreadingFactor", value: derived.spreadingFactor },
          { name: "sentBandwidthHz", value: derived.bandwidthHz },
        ],
  explain: ({ spreadingFactor, bandwidthHz, sentSpreadingFactor, sentBandwidthHz }) =>
    `Heard with SF${spreadingFactor} at ${bandwidthHz} Hz, but it was sent with SF${sentSpreadingFactor} at ${sentBandwidthHz} Hz: a radio cannot do that.`,
};

const tooClose: Rule<MatchedContext> = {
  reason: "too_close",
  check: ({ distanceM, world: { parameters } }) =>
    distanceM < parameters.minDistanceM
      ? [
          { name: "distanceM", value: distanceM },
          { name: "minDistanceM", value: parameters.minDistanceM },
        ]
      : undefined,
  explain: ({ distanceM, minDistanceM }) =>
    `The beaconer stands ${distanceM} m away; coverage is proven from ${minDistanceM} m.`,
};

const tooFar: Rule<MatchedContext> = {
  reason: "too_far",
  check: ({ distanceM, world: { parameters } }) =>
    distanceM > parameters.maxDistanceM
      ? [
          { name: "distanceM", value: distanceM },
          { name: "maxDistanceM", value: parameters.maxDistanceM },
        ]
      : undefined,
  explain: ({ distanceM, maxDistanceM }) =>
    `The beaconer is asserted ${distanceM} m away, more than ${maxDistanceM} m: check the asserted location.`,
};

/** The strongest signal that free space allows, tenths of a dBm, rounded; both gains as asserted. */
function freeSpaceBoundDdbm({ report, hotspot, beacon, distanceM }: MatchedContext): number {
  const lossDb = freeSpaceLossDb(distanceM, report.packet.freqHz);
  const gainsDdb = beacon.hotspot.antennaGainDdbi + hotspot.antennaGainDdbi;
  return Math.round(beacon.report.packet.powerDbm * 10 + gainsDdb - lossDb * 10);
}

const rssiAboveFreeSpace: Rule<MatchedContext> = {
  reason: "rssi_above_free_space",
  check(context) {
    const { rssiDbm } = context.report.packet;
    const boundDdbm = freeSpaceBoundDdbm(context);
    return rssiDbm * 10 > boundDdbm
      ? [
          { name: "rssiDbm", value: rssiDbm },
          { name: "boundDdbm", value: boundDdbm },
          { name: "distanceM", value: context.distanceM },
        ]
      : undefined;
  },
  explain({ rssiDbm = 0, boundDdbm = 0, distanceM }) {
    const excess = Math.round(rssiDbm - boundDdbm / 10);
    return `RSSI ${rssiDbm} dBm is ${excess} dB stronger than free space allows at ${distanceM} m: check the asserted location and antenna gain.`;
  },
};

/** First the one rule that needs no beacon, then those that compare with it. */
export const BEACON_EXISTS_RULE = noBeacon;

export const WITNESS_RULES: readonly Rule<MatchedContext>[] = [
  payloadMismatch,
  beaconRefused,
  selfWitness,
  duplicate,
  wrongFrequency,
  wrongDataRate,
  tooClose,
  tooFar,
  rssiAboveFreeSpace,
];

/** Adds what several rules measure, once. */
export const matched = (context: WitnessContext, beacon: JudgedBeacon): MatchedContext => ({
  ...context,
  beacon,
  distanceM: distanceM(beacon.hotspot, context.hotspot),
});
