import { reportDeadlineMs } from "../schedule.ts";
import { reportedIndex } from "./group.ts";
import type { JudgingWorld, ReceivedReport, Rule } from "./types.ts";

/** What every report, beacon or witness, must satisfy. */
export interface ReportContext {
  report: ReceivedReport;
  world: JudgingWorld;
}

const reportLate: Rule<ReportContext> = {
  reason: "report_late",
  check({ report, world }) {
    const lateMs = report.receivedAtMs - reportDeadlineMs(reportedIndex(report), world.parameters);
    return lateMs > 0 ? [{ name: "lateMs", value: lateMs }] : undefined;
  },
  explain: ({ lateMs }) =>
    `The report arrived ${((lateMs ?? 0) / 1000).toFixed(1)} s after its deadline: check the internet connection.`,
};

const unknownHotspot: Rule<ReportContext> = {
  reason: "unknown_hotspot",
  check: ({ report, world }) => (world.hotspot(report.hotspotId) === undefined ? [] : undefined),
  explain: () => "This hotspot is not registered in this network: register it or assert its position.",
};

const sequenceReused: Rule<ReportContext> = {
  reason: "sequence_reused",
  check: ({ report, world }) =>
    world.isSequenceReused(report) ? [{ name: "sequence", value: report.packet.sequence }] : undefined,
  explain: ({ sequence }) =>
    `Sequence number ${sequence} was used for two packets: two agents may run with the same key, or state was restored from a copy.`,
};

export const REPORT_RULES: readonly Rule<ReportContext>[] = [reportLate, unknownHotspot, sequenceReused];
