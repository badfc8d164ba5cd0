import { formatDuration } from "../network/format-measurement.ts";
import type { Contact, ContactKind } from "./contacts.ts";
import type { ReportContext } from "./report-rules.ts";
import type { ReceivedBeacon, ReceivedWitness, Rule, RuleAnswer } from "./types.ts";

/*
 * HIP 106: who hears others must be heard, and who is heard must hear others. Contacts come from reports that pass every
 * other rule, so that a new hotspot can show both with its first beacon and its first witness report, paid or not; and
 * only from beacons of earlier indexes, so that the order within an index does not matter.
 */

/** Measurements for a contact that is missing or too long ago; `undefined` when there is one within the span. */
function missing(kind: ContactKind, { report, judging }: ReportContext): RuleAnswer {
  const { reciprocityPeriods, entropyPeriodMs } = judging.parameters;
  if (reciprocityPeriods === 0) return undefined;
  const index = report.packet.entropyIndex;
  const latest = judging.contact(report.hotspotId, kind, index);
  if (latest !== undefined && index - latest <= reciprocityPeriods) return undefined;
  const allowed = { name: "allowedMs", value: reciprocityPeriods * entropyPeriodMs };
  return latest === undefined
    ? [allowed]
    : [{ name: "sinceMs", value: (index - latest) * entropyPeriodMs }, allowed];
}

const notWitnessing: Rule<ReportContext> = {
  reason: "not_witnessing",
  check: (context) => missing("witnessed", context),
  explain: ({ sinceMs, allowedMs }) =>
    sinceMs === undefined
      ? "Beacons earn only once the hotspot itself has validly heard another: a new one's first beacons do not. If it stays so, check its receiver, antenna and cable."
      : `This hotspot has validly heard no other for ${formatDuration(sinceMs)} (${formatDuration(allowedMs)} are allowed): check its receiver, antenna and cable.`,
};

const notHeardLately: Rule<ReportContext> = {
  reason: "not_heard_lately",
  check: (context) => missing("beaconed", context),
  explain: ({ sinceMs, allowedMs }) =>
    sinceMs === undefined
      ? "Hearing earns only once a beacon of the hotspot itself was validly heard: before a new one's first beacon it does not. If it stays so, check its transmitter, antenna and cable."
      : `No beacon of this hotspot was validly heard for ${formatDuration(sinceMs)} (${formatDuration(allowedMs)} are allowed): check its transmitter, antenna and cable.`,
};

/** Asked last, after the witnesses are judged. */
export const BEACON_RECIPROCITY_RULES: readonly Rule<ReportContext>[] = [notWitnessing];
export const WITNESS_RECIPROCITY_RULES: readonly Rule<ReportContext>[] = [notHeardLately];

/** The contacts that a beacon gives. @param valid by every rule before those of reciprocity, as the beacon is */
export function contactsOf(beacon: ReceivedBeacon, valid: readonly ReceivedWitness[]): Contact[] {
  if (valid.length === 0) return [];
  const index = beacon.packet.entropyIndex;
  return [
    { hotspotId: beacon.hotspotId, kind: "beaconed", index },
    ...valid.map(({ hotspotId }): Contact => ({ hotspotId, kind: "witnessed", index })),
  ];
}
