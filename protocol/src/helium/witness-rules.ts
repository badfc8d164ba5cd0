import { equalBytes } from "../encoding/bytes.ts";
import { LINK_RULES, type WitnessRule } from "./link-rules.ts";
import { isReciprocal, isWithinLifespan, RECIPROCITY_MS, witnessLag } from "./timing.ts";

const duplicate: WitnessRule = {
  reason: "duplicate",
  check: ({ isRepeated }) => (isRepeated ? [] : undefined),
  explain: () => "This hotspot had already reported the beacon.",
};

const gatewayNotFound: WitnessRule = {
  reason: "gateway_not_found",
  check: ({ hotspot }) => (hotspot === undefined ? [] : undefined),
  explain: () => "This hotspot is not registered.",
};

const notAsserted: WitnessRule = {
  reason: "not_asserted",
  check: ({ hotspot }) => (hotspot?.asserted === undefined ? [] : undefined),
  explain: () => "This hotspot has asserted no location, or one in no known region.",
};

const denied: WitnessRule = {
  reason: "denied",
  check: ({ report, judging }) => (judging.denylist.deniesHotspot(report.hotspotKey) ? [] : undefined),
  explain: () => "This hotspot is on the denylist.",
};

const deniedEdge: WitnessRule = {
  reason: "denied_edge",
  check: ({ report, beacon, judging }) =>
    judging.denylist.deniesEdge(beacon.hotspotKey, report.hotspotKey) ? [] : undefined,
  explain: () => "What these two hotspots report of each other is on the denylist.",
};

const selfWitness: WitnessRule = {
  reason: "self_witness",
  check: ({ report, beacon }) => (report.hotspotKey === beacon.hotspotKey ? [] : undefined),
  explain: () => "A hotspot cannot witness its own beacon.",
};

const entropyExpired: WitnessRule = {
  reason: "entropy_expired",
  check({ report, beacon, judging }) {
    const entropyMs = judging.entropyTimeMs(beacon);
    const holds = isWithinLifespan(report.receivedAtMs, entropyMs, judging.settings.entropyLifespanS);
    return holds ? undefined : [{ name: "afterEntropyMs", value: report.receivedAtMs - entropyMs }];
  },
  explain: ({ afterEntropyMs }) =>
    `The report arrived ${((afterEntropyMs ?? 0) / 1000).toFixed(1)} s after the beacon's entropy: check the connection.`,
};

const tooLate: WitnessRule = {
  reason: "too_late",
  check({ report, beacon, firstWitnessAtMs }) {
    const { lagMs, maxLagMs } = witnessLag(beacon.receivedAtMs, firstWitnessAtMs, report.receivedAtMs);
    return lagMs > maxLagMs
      ? [
          { name: "lagMs", value: lagMs },
          { name: "maxLagMs", value: maxLagMs },
        ]
      : undefined;
  },
  explain: ({ lagMs, maxLagMs }) =>
    `The report arrived ${lagMs} ms after the first on this beacon; ${maxLagMs} ms are allowed.`,
};

const invalidPacket: WitnessRule = {
  reason: "invalid_packet",
  check: ({ report, beacon }) => (equalBytes(report.data, beacon.data) ? undefined : []),
  explain: () => "What was heard is not what the beaconer sent.",
};

const invalidCapability: WitnessRule = {
  reason: "invalid_capability",
  check: ({ hotspot }) => (hotspot?.isFullHotspot ? undefined : []),
  explain: () => "Only full hotspots take part; this one carries data only.",
};

/** Rule 13, asked when beacon and witness pass all others. */
const gatewayNoValidBeacons: WitnessRule = {
  reason: "gateway_no_valid_beacons",
  check({ report, judging }) {
    const lastMs = judging.lastWitnessedBeaconMs(report.hotspotKey);
    if (isReciprocal(report.receivedAtMs, lastMs)) return undefined;
    return lastMs === undefined ? [] : [{ name: "sinceBeaconMs", value: report.receivedAtMs - lastMs }];
  },
  explain: () =>
    `No beacon of this hotspot was heard for ${RECIPROCITY_MS / 3_600_000} hours: check its transmitter.`,
};

/** Rules 1 to 12, in order, repeats first. */
export const HELIUM_WITNESS_RULES: readonly WitnessRule[] = [
  duplicate,
  gatewayNotFound,
  notAsserted,
  denied,
  deniedEdge,
  selfWitness,
  entropyExpired,
  tooLate,
  invalidPacket,
  invalidCapability,
  ...LINK_RULES,
];

/** Rule 13. */
export const HELIUM_WITNESS_RECIPROCITY = gatewayNoValidBeacons;
