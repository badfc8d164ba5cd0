import { formatDuration, formatSeconds } from "../network/format-measurement.ts";
import type { Hotspot } from "../registry/registry.ts";
import { deadlineMs, entropyTimeMs, epochOf } from "../time/schedule.ts";
import { counterMismatch, timeAhead } from "./clock-rules.ts";
import { GNSS_RULES } from "./gnss-rules.ts";
import type { JudgingContext, ReceivedReport, Rule } from "./types.ts";

/** What the rules for all reports, of beacons and witnesses, judge by. */
export interface ReportContext {
  report: ReceivedReport;
  judging: JudgingContext;
}

/** A report of a registered hotspot. */
export interface HotspotContext extends ReportContext {
  hotspot: Hotspot;
}

const reportLate: Rule<ReportContext> = {
  reason: "report_late",
  check({ report, judging }) {
    const { type, entropyIndex } = report.packet;
    const lateMs = report.receivedAtMs - deadlineMs(type, entropyIndex, judging.parameters);
    return lateMs > 0 ? [{ name: "lateMs", value: lateMs }] : undefined;
  },
  explain: ({ lateMs }) =>
    `The report arrived ${formatSeconds(lateMs)} after its deadline: check the internet connection.`,
};

const unknownHotspot: Rule<ReportContext> = {
  reason: "unknown_hotspot",
  check: ({ report, judging }) => (judging.hotspot(report.hotspotId) === undefined ? [] : undefined),
  explain: () => "This hotspot is not registered in this network: register it or assert its position.",
};

const keyRetired: Rule<ReportContext> = {
  reason: "key_retired",
  check({ report, judging }) {
    const retired = judging.hotspot(report.hotspotId)?.retired ?? null;
    return retired === null ? undefined : [{ name: "fromEpoch", value: retired.fromEpoch }];
  },
  explain: ({ fromEpoch }) =>
    `This key was replaced or revoked by who has it, from epoch ${fromEpoch} on: run the agent with the hotspot's new key. If you did neither, somebody else has the key.`,
};

const sequenceReused: Rule<ReportContext> = {
  reason: "sequence_reused",
  check: ({ report, judging }) =>
    judging.isSequenceReused(report) ? [{ name: "sequence", value: report.packet.sequence }] : undefined,
  explain: ({ sequence }) =>
    `Sequence number ${sequence} was used for two packets: two agents may run with the same key, or state was restored from a copy.`,
};

const denied: Rule<HotspotContext> = {
  reason: "denied",
  check({ report, judging }) {
    const denial = judging.denial(report.publicKey);
    return denial && [{ name: "untilEpoch", value: denial.untilEpoch }];
  },
  explain: ({ untilEpoch }) =>
    `This hotspot is denied payment until epoch ${untilEpoch}: the network's list of denials gives the reason and the evidence.`,
};

const regionNotAllowed: Rule<HotspotContext> = {
  reason: "region_not_allowed",
  check: ({ hotspot, judging }) =>
    judging.parameters.regions.some(({ id }) => id === hotspot.region) ? undefined : [],
  explain: () =>
    "The region that this hotspot asserts is not one of this network's: check the region in the agent's configuration.",
};

const oldVersion: Rule<HotspotContext> = {
  reason: "old_version",
  check({ report, judging: { parameters } }) {
    const { minVersionsFromEpoch, minBeaconVersion, minWitnessVersion } = parameters;
    if (epochOf(report.packet.entropyIndex, parameters) < minVersionsFromEpoch) return undefined;
    const neededVersion = report.packet.type === "beacon" ? minBeaconVersion : minWitnessVersion;
    if (report.version >= neededVersion) return undefined;
    return [
      { name: "version", value: report.version },
      { name: "neededVersion", value: neededVersion },
    ];
  },
  explain: ({ version, neededVersion }) =>
    `The report has version ${version}, and the network takes none below ${neededVersion}: update the agent.`,
};

const inCooldown: Rule<HotspotContext> = {
  reason: "in_cooldown",
  check({ report, hotspot: { relocatedAtMs }, judging: { parameters } }) {
    if (relocatedAtMs === null) return undefined;
    const endMs = relocatedAtMs + parameters.relocationCooldownMs;
    const remainingMs = endMs - entropyTimeMs(report.packet.entropyIndex, parameters);
    return remainingMs > 0 ? [{ name: "remainingMs", value: remainingMs }] : undefined;
  },
  explain: ({ remainingMs }) =>
    `This hotspot was moved and is paid again from ${formatDuration(remainingMs)} after this beacon on. Nothing to do but wait.`,
};

/** Which reports count at all: one that fails here is treated as if it had not arrived. */
export const ADMISSION_RULES: readonly Rule<ReportContext>[] = [
  reportLate,
  unknownHotspot,
  keyRetired,
  sequenceReused,
];

/** Rules about the hotspot, its clocks and its GNSS receiver. */
export const HOTSPOT_RULES: readonly Rule<HotspotContext>[] = [
  denied,
  regionNotAllowed,
  oldVersion,
  inCooldown,
  timeAhead,
  counterMismatch,
  ...GNSS_RULES,
];
