import { equalBytes } from "../encoding/bytes.ts";
import type { Rule } from "../judging/types.ts";
import { isNewInterval, isReciprocal, isWithinLifespan, RECIPROCITY_MS } from "./timing.ts";
import type { HeliumBeaconReport, HeliumContext, HeliumHotspot } from "./types.ts";

/** What the beacon rules judge by; from rule 3 on the hotspot is registered and asserted. */
interface HeliumBeaconContext {
  report: HeliumBeaconReport;
  hotspot: HeliumHotspot | undefined;
  judging: HeliumContext;
}

type BeaconRule = Rule<HeliumBeaconContext>;

const gatewayNotFound: BeaconRule = {
  reason: "gateway_not_found",
  check: ({ hotspot }) => (hotspot === undefined ? [] : undefined),
  explain: () => "This hotspot is not registered.",
};

const notAsserted: BeaconRule = {
  reason: "not_asserted",
  check: ({ hotspot }) => (hotspot?.asserted === undefined ? [] : undefined),
  explain: () => "This hotspot has asserted no location, or one in no known region.",
};

const denied: BeaconRule = {
  reason: "denied",
  check: ({ report, judging }) => (judging.denylist.deniesHotspot(report.hotspotKey) ? [] : undefined),
  explain: () => "This hotspot is on the denylist.",
};

const entropyExpired: BeaconRule = {
  reason: "entropy_expired",
  check({ report, judging }) {
    const entropyMs = judging.entropyTimeMs(report);
    const holds = isWithinLifespan(report.receivedAtMs, entropyMs, judging.settings.entropyLifespanS);
    return holds ? undefined : [{ name: "afterEntropyMs", value: report.receivedAtMs - entropyMs }];
  },
  explain: ({ afterEntropyMs }) =>
    `The report arrived ${((afterEntropyMs ?? 0) / 1000).toFixed(1)} s after its entropy: check clock and connection.`,
};

const invalidCapability: BeaconRule = {
  reason: "invalid_capability",
  check: ({ hotspot }) => (hotspot?.isFullHotspot ? undefined : []),
  explain: () => "Only full hotspots take part; this one carries data only.",
};

/** Holes 5 and 6: even a refused beacon uses up the interval, and Helium itself read and wrote it in a race. */
const irregularInterval: BeaconRule = {
  reason: "irregular_interval",
  check({ report, judging }) {
    const lastMs = judging.lastBeaconMs(report.hotspotKey);
    if (isNewInterval(report.receivedAtMs, lastMs, judging.settings.beaconIntervalMs)) return undefined;
    return [{ name: "sinceLastMs", value: report.receivedAtMs - (lastMs ?? 0) }];
  },
  explain: ({ sinceLastMs }) =>
    `One beacon per interval: the last was ${Math.round((sinceLastMs ?? 0) / 1000)} s before.`,
};

/**
 * Payload, frequency and data rate must be as derived again. Two of the reference's holes (section 2.5) are kept:
 * hole 1, the payload does not depend on the key, so a beacon can be claimed by anybody who recovers its local entropy;
 * hole 2 (rule 7b), the reported power is not compared with the region's limit: Helium had switched that off for packet
 * forwarders that choose another power, and so removed the bound of rule 12.
 */
const invalidPacket: BeaconRule = {
  reason: "invalid_packet",
  check({ report, hotspot, judging }) {
    const expected = hotspot?.asserted && judging.expectedBeacon(report, hotspot.asserted);
    if (expected === undefined) return [];
    const holds =
      equalBytes(report.data, expected.data) &&
      report.freqHz === expected.freqHz &&
      report.dataRate === expected.dataRate;
    return holds
      ? undefined
      : [
          { name: "freqHz", value: report.freqHz },
          { name: "expectedFreqHz", value: expected.freqHz },
        ];
  },
  explain: ({ freqHz, expectedFreqHz }) =>
    `The beacon is not the one that its entropy gives for this region (sent on ${freqHz} Hz, expected ${expectedFreqHz} Hz).`,
};

/** Rule 8, asked after the witnesses are judged. */
const gatewayNoValidWitnesses: BeaconRule = {
  reason: "gateway_no_valid_witnesses",
  check({ report, judging }) {
    const lastMs = judging.lastWitnessMs(report.hotspotKey);
    if (isReciprocal(report.receivedAtMs, lastMs)) return undefined;
    return lastMs === undefined ? [] : [{ name: "sinceWitnessMs", value: report.receivedAtMs - lastMs }];
  },
  explain: () =>
    `This hotspot has not validly heard another for ${RECIPROCITY_MS / 3_600_000} hours: check its receiver.`,
};

/** Rules 1 to 7, in order. */
export const HELIUM_BEACON_RULES: readonly BeaconRule[] = [
  gatewayNotFound,
  notAsserted,
  denied,
  entropyExpired,
  invalidCapability,
  irregularInterval,
  invalidPacket,
];

/** Rule 8. */
export const HELIUM_BEACON_RECIPROCITY = gatewayNoValidWitnesses;

/** Reports refused by one of these were not recorded as the hotspot's last beacon. */
export const BEFORE_LAST_BEACON: readonly string[] = [gatewayNotFound.reason, notAsserted.reason];
