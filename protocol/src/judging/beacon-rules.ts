import {
  beaconMessage,
  type DerivedBeacon,
  deriveBeacon,
  scheduledIndex,
  scheduleMessage,
} from "../beacon/derive.ts";
import { formatSeconds, formatTenths } from "../network/format-measurement.ts";
import { REGIONS } from "../radio/regions.ts";
import type { Hotspot } from "../registry/registry.ts";
import { entropyTimeMs, windowOf } from "../time/schedule.ts";
import type { JudgingContext, ReceivedBeacon, Rule } from "./types.ts";

/** A beacon report of a registered hotspot. */
export interface BeaconContext {
  report: ReceivedBeacon;
  hotspot: Hotspot;
  /** The beacon as it follows from report, key and region. */
  derived: DerivedBeacon;
  window: number;
  /** The report that counts for this beacon: the one with the lowest sequence number that passes the report rules. */
  first: ReceivedBeacon;
  judging: JudgingContext;
}

export function beaconContext(
  report: ReceivedBeacon,
  hotspot: Hotspot,
  first: ReceivedBeacon,
  judging: JudgingContext,
): BeaconContext {
  const region = REGIONS[hotspot.region];
  const { entropyIndex, beaconSignature } = report.packet;
  return {
    report,
    hotspot,
    derived: deriveBeacon(report.publicKey, beaconSignature, entropyIndex, region),
    window: windowOf(entropyIndex, judging.parameters.windowPeriods),
    first,
    judging,
  };
}

const duplicate: Rule<BeaconContext> = {
  reason: "duplicate",
  check: ({ report, first }) =>
    report === first ? undefined : [{ name: "firstSequence", value: first.packet.sequence }],
  explain: ({ firstSequence }) => `This beacon was already reported in packet ${firstSequence}.`,
};

const entropyUnknown: Rule<BeaconContext> = {
  reason: "entropy_unknown",
  check: ({ report, judging }) =>
    judging.entropyValue(report.packet.entropyIndex) === undefined
      ? [{ name: "entropyIndex", value: report.packet.entropyIndex }]
      : undefined,
  explain: ({ entropyIndex }) =>
    `No entropy was published with number ${entropyIndex}: the agent must use the network's entropy only.`,
};

const entropyUnproven: Rule<BeaconContext> = {
  reason: "entropy_unproven",
  check: ({ report, judging }) =>
    judging.isEntropyCounted(report.packet.entropyIndex)
      ? undefined
      : [{ name: "entropyIndex", value: report.packet.entropyIndex }],
  explain: ({ entropyIndex }) =>
    `Entropy ${entropyIndex} came without proof that nobody chose it, and by this network's rules no beacon of its period counts. Nothing to do: the hotspot beacons again in its next window.`,
};

const scheduleSignature: Rule<BeaconContext> = {
  reason: "schedule_signature",
  check({ report, window, judging }) {
    const firstIndex = judging.firstEntropyOfWindow(window);
    const entropy = firstIndex === undefined ? undefined : judging.entropyValue(firstIndex);
    if (entropy === undefined) return [{ name: "window", value: window }];
    const message = scheduleMessage(judging.parameters.network, entropy, window);
    const isValid = judging.verifySignature(report.publicKey, message, report.packet.scheduleSignature);
    return isValid ? undefined : [{ name: "window", value: window }];
  },
  explain: ({ window }) =>
    `The schedule signature is not this hotspot's for window ${window}: the agent used other entropy or another key.`,
};

const offSchedule: Rule<BeaconContext> = {
  reason: "off_schedule",
  check({ report, window, judging }) {
    const { scheduleSignature, entropyIndex } = report.packet;
    const scheduled = scheduledIndex(scheduleSignature, window, judging.parameters.windowPeriods);
    return scheduled === entropyIndex
      ? undefined
      : [
          { name: "entropyIndex", value: entropyIndex },
          { name: "scheduledIndex", value: scheduled },
        ];
  },
  explain: ({ entropyIndex, scheduledIndex: scheduled }) =>
    `The beacon was sent in period ${entropyIndex}, but its schedule says ${scheduled}: check that one agent, unchanged, runs with this key.`,
};

const windowUsed: Rule<BeaconContext> = {
  reason: "window_used",
  check({ report, window, judging }) {
    const firstIndex = judging.firstBeaconIndex(report.hotspotId, window);
    return firstIndex !== undefined && firstIndex < report.packet.entropyIndex
      ? [{ name: "firstIndex", value: firstIndex }]
      : undefined;
  },
  explain: ({ firstIndex }) =>
    `One beacon per window: this window's was reported for period ${firstIndex}. Two agents may run with the same key.`,
};

const beaconSignatureRule: Rule<BeaconContext> = {
  reason: "beacon_signature",
  check({ report, window, judging }) {
    const entropy = judging.entropyValue(report.packet.entropyIndex);
    if (entropy === undefined) return [];
    const message = beaconMessage(judging.parameters.network, entropy, window);
    const isValid = judging.verifySignature(report.publicKey, message, report.packet.beaconSignature);
    return isValid ? undefined : [];
  },
  explain: () =>
    "The beacon signature is not this hotspot's for that period: the agent used other entropy or another key.",
};

const outsideValidity: Rule<BeaconContext> = {
  reason: "outside_validity",
  check({ report, judging: { parameters } }) {
    const afterMs = report.packet.atMs - entropyTimeMs(report.packet.entropyIndex, parameters);
    const { clockSkewMs, entropyValidityMs } = parameters;
    const isValid = afterMs >= -clockSkewMs && afterMs <= entropyValidityMs + clockSkewMs;
    return isValid ? undefined : [{ name: "afterEntropyMs", value: afterMs }];
  },
  explain: ({ afterEntropyMs }) =>
    `The beacon was sent ${formatSeconds(afterEntropyMs)} after its entropy: check the hotspot's clock (NTP or GPS).`,
};

const wrongChannel: Rule<BeaconContext> = {
  reason: "wrong_channel",
  check: ({ report, derived }) =>
    report.packet.freqHz === derived.freqHz
      ? undefined
      : [
          { name: "freqHz", value: report.packet.freqHz },
          { name: "derivedFreqHz", value: derived.freqHz },
        ],
  explain: ({ freqHz, derivedFreqHz }) =>
    `The beacon was sent on ${freqHz} Hz, but its signature gives ${derivedFreqHz} Hz: check the agent's region.`,
};

const wrongDataRate: Rule<BeaconContext> = {
  reason: "wrong_data_rate",
  check: ({ report: { packet }, derived }) =>
    packet.spreadingFactor === derived.spreadingFactor && packet.bandwidthHz === derived.bandwidthHz
      ? undefined
      : [
          { name: "spreadingFactor", value: packet.spreadingFactor },
          { name: "bandwidthHz", value: packet.bandwidthHz },
          { name: "derivedSpreadingFactor", value: derived.spreadingFactor },
          { name: "derivedBandwidthHz", value: derived.bandwidthHz },
        ],
  explain: ({ spreadingFactor, bandwidthHz, derivedSpreadingFactor, derivedBandwidthHz }) =>
    `The beacon was sent with SF${spreadingFactor} at ${bandwidthHz} Hz, but its signature gives SF${derivedSpreadingFactor} at ${derivedBandwidthHz} Hz: check the agent's region.`,
};

const powerTooHigh: Rule<BeaconContext> = {
  reason: "power_too_high",
  check({ report, hotspot, judging }) {
    const eirpDdbm = report.packet.powerDbm * 10 + hotspot.antennaGainDdbi;
    const maxEirpDdbm = judging.parameters.regions.find(({ id }) => id === hotspot.region)?.maxEirpDdbm ?? 0;
    return eirpDdbm > maxEirpDdbm
      ? [
          { name: "eirpDdbm", value: eirpDdbm },
          { name: "maxEirpDdbm", value: maxEirpDdbm },
        ]
      : undefined;
  },
  explain: ({ eirpDdbm, maxEirpDdbm }) =>
    `${formatTenths(eirpDdbm)} dBm EIRP is above the region's ${formatTenths(maxEirpDdbm)} dBm: check transmit power and antenna gain.`,
};

export const BEACON_RULES: readonly Rule<BeaconContext>[] = [
  duplicate,
  entropyUnknown,
  entropyUnproven,
  scheduleSignature,
  offSchedule,
  windowUsed,
  beaconSignatureRule,
  outsideValidity,
  wrongChannel,
  wrongDataRate,
  powerTooHigh,
];
