import { type BeaconSecret, type DerivedBeacon, deriveBeacon, scheduledIndex } from "../beacon/derive.ts";
import { formatSeconds, formatTenths } from "../network/format-measurement.ts";
import { REGIONS } from "../radio/regions.ts";
import { type Hotspot, headOf } from "../registry/registry.ts";
import { entropyTimeMs, reportDeadlineMs, windowOf } from "../time/schedule.ts";
import type { JudgingContext, ReceivedBeacon, Rule } from "./types.ts";

/** A beacon report of a registered hotspot. */
export interface BeaconContext {
  report: ReceivedBeacon;
  hotspot: Hotspot;
  /** As the report reveals it. */
  secret: BeaconSecret;
  /** The beacon as it follows from report, key, entropy and region. */
  derived: DerivedBeacon;
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
  const { entropyIndex: index, value } = report.packet;
  const { network, windowPeriods } = judging.parameters;
  const secret = { network, value, window: windowOf(index, windowPeriods) };
  // Where there is none the beacon is refused for that.
  const entropy = { index, value: judging.entropyValue(index) ?? NO_ENTROPY };
  const derived = deriveBeacon(report.publicKey, secret, entropy, REGIONS[hotspot.region]);
  return { report, hotspot, secret, derived, first, judging };
}

const NO_ENTROPY = new Uint8Array();

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

const revealedEarly: Rule<BeaconContext> = {
  reason: "revealed_early",
  check({ report, judging }) {
    const deadlineMs = reportDeadlineMs(report.packet.entropyIndex, judging.parameters);
    const earlyMs = deadlineMs - report.receivedAtMs;
    return earlyMs >= 0 ? [{ name: "earlyMs", value: earlyMs }] : undefined;
  },
  explain: ({ earlyMs }) =>
    `The beacon was revealed ${formatSeconds(earlyMs)} before its witnesses' time to report was over, so that others could have copied it: update the agent.`,
};

const notCommitted: Rule<BeaconContext> = {
  reason: "not_committed",
  check: ({ hotspot, secret: { window } }) =>
    headOf(hotspot, window) === undefined ? [{ name: "window", value: window }] : undefined,
  explain: ({ window }) =>
    `This hotspot had not committed to its beacons in window ${window}: a status packet does it, and it counts from the next epoch on. Nothing to do for a new hotspot; otherwise update the agent.`,
};

const wrongValue: Rule<BeaconContext> = {
  reason: "wrong_value",
  check({ report: { publicKey, packet }, hotspot, secret: { window }, judging }) {
    const head = headOf(hotspot, window);
    const isRight = head !== undefined && judging.isChainValue(publicKey, window, packet.value, head);
    return isRight ? undefined : [{ name: "window", value: window }];
  },
  explain: ({ window }) =>
    `The value that was revealed for window ${window} is not the one that this hotspot committed to: another agent may run with this key, or its key was replaced.`,
};

const offSchedule: Rule<BeaconContext> = {
  reason: "off_schedule",
  check({ report: { packet }, secret, judging }) {
    const { windowPeriods } = judging.parameters;
    const first = judging.firstEntropyOfWindow(secret.window);
    const entropy = first === undefined ? undefined : judging.entropyValue(first);
    if (entropy === undefined) return [{ name: "entropyIndex", value: packet.entropyIndex }];
    const scheduled = scheduledIndex(secret, entropy, windowPeriods);
    return scheduled === packet.entropyIndex
      ? undefined
      : [
          { name: "entropyIndex", value: packet.entropyIndex },
          { name: "scheduledIndex", value: scheduled },
        ];
  },
  explain: ({ entropyIndex, scheduledIndex: scheduled }) =>
    `The beacon was sent in period ${entropyIndex}, but its schedule says ${scheduled}: check that one agent, unchanged, runs with this key.`,
};

const windowUsed: Rule<BeaconContext> = {
  reason: "window_used",
  check({ report, secret, judging }) {
    const firstIndex = judging.firstBeaconIndex(report.hotspotId, secret.window);
    return firstIndex !== undefined && firstIndex < report.packet.entropyIndex
      ? [{ name: "firstIndex", value: firstIndex }]
      : undefined;
  },
  explain: ({ firstIndex }) =>
    `One beacon per window: this window's was reported for period ${firstIndex}. Two agents may run with the same key.`,
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
    `The beacon was sent on ${freqHz} Hz, but its value gives ${derivedFreqHz} Hz: check the agent's region.`,
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
    `The beacon was sent with SF${spreadingFactor} at ${bandwidthHz} Hz, but its value gives SF${derivedSpreadingFactor} at ${derivedBandwidthHz} Hz: check the agent's region.`,
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
  revealedEarly,
  entropyUnknown,
  entropyUnproven,
  notCommitted,
  wrongValue,
  offSchedule,
  windowUsed,
  outsideValidity,
  wrongChannel,
  wrongDataRate,
  powerTooHigh,
];
