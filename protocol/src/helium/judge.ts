import type { Rule } from "../judging/types.ts";
import { BEFORE_LAST_BEACON, HELIUM_BEACON_RECIPROCITY, HELIUM_BEACON_RULES } from "./beacon-rules.ts";
import type {
  HeliumAssertion,
  HeliumBeaconReport,
  HeliumContext,
  HeliumInvalid,
  HeliumWitnessReport,
} from "./types.ts";
import { HELIUM_WITNESS_RECIPROCITY, HELIUM_WITNESS_RULES } from "./witness-rules.ts";

/** A witness report as judged. */
interface HeliumWitnessVerdict {
  report: HeliumWitnessReport;
  /** `selected` is paid; `unselected` is valid, but came after the paid ones. */
  status: "selected" | "unselected" | "invalid";
  invalid: HeliumInvalid | undefined;
  /** Whose fault it is. */
  side: "beaconer" | "witness" | undefined;
}

/** What later judgements depend on: Helium recorded it while it judged. */
interface HeliumRecords {
  /** The beaconer has beaconed at the report's receive time. */
  isBeacon: boolean;
  /** The beacon satisfied rules 1 to 7 and had a witness report, if only a worthless one: hole 9 of the reference. */
  isWitnessedBeacon: boolean;
  /** Reports that passed rules 1 to 12: those hotspots have witnessed. */
  witnesses: HeliumWitnessReport[];
}

export interface HeliumJudgement {
  beacon: HeliumBeaconReport;
  /** Absent when the beacon is valid; then all its witnesses are invalid too. */
  invalid: HeliumInvalid | undefined;
  /** By receive time. */
  witnesses: HeliumWitnessVerdict[];
  records: HeliumRecords;
}

/** Judges one beacon report with the witness reports of the same payload, in whatever order they are given. */
export function judgeHeliumBeacon(
  beacon: HeliumBeaconReport,
  witnessReports: readonly HeliumWitnessReport[],
  judging: HeliumContext,
): HeliumJudgement {
  const reports = witnessReports.toSorted(byReceiveTime);
  const context = { report: beacon, hotspot: judging.hotspot(beacon.hotspotKey), judging };
  const invalid = firstInvalid(HELIUM_BEACON_RULES, context);
  const beaconer = context.hotspot?.asserted;
  if (invalid !== undefined || beaconer === undefined) {
    const isBeacon = !BEFORE_LAST_BEACON.includes(invalid?.reason ?? "");
    const records = { isBeacon, isWitnessedBeacon: false, witnesses: [] };
    return { beacon, invalid, witnesses: reports.map((report) => byBeaconer(report, invalid)), records };
  }
  const judged = judgeWitnesses(beacon, beaconer, reports, judging);
  const records = {
    isBeacon: true,
    isWitnessedBeacon: reports.length > 0,
    witnesses: judged.filter(({ invalid }) => invalid === undefined).map(({ report }) => report),
  };
  const unreciprocal = firstInvalid([HELIUM_BEACON_RECIPROCITY], context);
  const witnesses =
    unreciprocal === undefined
      ? select(judged.map(withReciprocity), judging.settings.maxPaidWitnesses)
      : reports.map((report) => byBeaconer(report, unreciprocal));
  return { beacon, invalid: unreciprocal, witnesses, records };
}

interface JudgedWitness {
  report: HeliumWitnessReport;
  invalid: HeliumInvalid | undefined;
  checkReciprocity: () => HeliumInvalid | undefined;
}

function judgeWitnesses(
  beacon: HeliumBeaconReport,
  beaconer: HeliumAssertion,
  reports: readonly HeliumWitnessReport[],
  judging: HeliumContext,
): JudgedWitness[] {
  const firstWitnessAtMs = reports[0]?.receivedAtMs ?? beacon.receivedAtMs;
  const seen = new Set<string>();
  return reports.map((report) => {
    const isRepeated = seen.has(report.hotspotKey);
    seen.add(report.hotspotKey);
    const hotspot = judging.hotspot(report.hotspotKey);
    const context = { report, hotspot, beacon, beaconer, firstWitnessAtMs, isRepeated, judging };
    const checkReciprocity = () => firstInvalid([HELIUM_WITNESS_RECIPROCITY], context);
    return { report, invalid: firstInvalid(HELIUM_WITNESS_RULES, context), checkReciprocity };
  });
}

const withReciprocity = ({ report, invalid, checkReciprocity }: JudgedWitness) => ({
  report,
  invalid: invalid ?? checkReciprocity(),
});

/** Hole 3 of the reference (section 2.5): the fastest are paid, so a better connection earns more. */
function select(
  judged: readonly Pick<JudgedWitness, "report" | "invalid">[],
  maxPaid: number,
): HeliumWitnessVerdict[] {
  let paid = 0;
  return judged.map(({ report, invalid }) => {
    if (invalid !== undefined) return { report, status: "invalid", invalid, side: "witness" };
    return { report, status: paid++ < maxPaid ? "selected" : "unselected", invalid, side: undefined };
  });
}

const byBeaconer = (
  report: HeliumWitnessReport,
  invalid: HeliumInvalid | undefined,
): HeliumWitnessVerdict => ({ report, status: "invalid", invalid, side: "beaconer" });

/** The first rule in the list that refuses. */
function firstInvalid<C>(rules: readonly Rule<C>[], context: C): HeliumInvalid | undefined {
  for (const rule of rules) {
    const measurements = rule.check(context);
    if (measurements !== undefined) return { reason: rule.reason, measurements };
  }
  return undefined;
}

export const byReceiveTime = (
  a: { receivedAtMs: number; id: string },
  b: { receivedAtMs: number; id: string },
): number => a.receivedAtMs - b.receivedAtMs || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/** Latest receive times by hotspot, as in Helium's tables of last beacons and last witnesses. */
export interface HeliumHistory {
  lastBeaconMs: Map<string, number>;
  lastWitnessedBeaconMs: Map<string, number>;
  lastWitnessMs: Map<string, number>;
}

/** A copy to be changed, of an earlier history or empty. */
export const heliumHistory = (before?: HeliumHistory): HeliumHistory => ({
  lastBeaconMs: new Map(before?.lastBeaconMs),
  lastWitnessedBeaconMs: new Map(before?.lastWitnessedBeaconMs),
  lastWitnessMs: new Map(before?.lastWitnessMs),
});

/** Adds one judgement. The last judged counts, not the latest received. */
export function record(history: HeliumHistory, { beacon, records }: HeliumJudgement): void {
  const { hotspotKey, receivedAtMs } = beacon;
  if (records.isBeacon) history.lastBeaconMs.set(hotspotKey, receivedAtMs);
  if (records.isWitnessedBeacon) history.lastWitnessedBeaconMs.set(hotspotKey, receivedAtMs);
  for (const witness of records.witnesses)
    history.lastWitnessMs.set(witness.hotspotKey, witness.receivedAtMs);
}
