import { omitUndefined } from "@earshot/protocol/runtime";
import type { GpsReading } from "../gps-reading.ts";
import type { IntegrityFinding, WatchReport } from "./integrity-summary.ts";
import { mean, RecentValues, round } from "./recent-values.ts";
import { INTEGRITY_THRESHOLDS as T } from "./thresholds.ts";

type Reported = Pick<
  GpsReading,
  "mode" | "satellitesUsed" | "antenna" | "jamming" | "jammingIndicator" | "spoofing"
>;

/** What the receiver reports of itself: the antenna as it is now, interference and forgery as they were at worst. */
export class ReceiverWatch {
  readonly #recent = new RecentValues<Reported>(T.windowMs);

  add({
    atMs,
    mode,
    satellitesUsed,
    satellites,
    antenna,
    jamming,
    jammingIndicator,
    spoofing,
  }: GpsReading): void {
    const used = satellitesUsed ?? satellites.filter((one) => one.used === true).length;
    this.#recent.add(atMs, { mode, satellitesUsed: used, antenna, jamming, jammingIndicator, spoofing });
  }

  report(elapsedMs: number): WatchReport {
    const reported = this.#recent.values(elapsedMs);
    const antenna = reported.findLast((one) => one.antenna !== undefined)?.antenna;
    const jamming = worst(
      ["critical", "warning", "none"] as const,
      reported.map((one) => one.jamming),
    );
    const spoofing = worst(
      ["affirmed", "indicated", "none"] as const,
      reported.map((one) => one.spoofing),
    );
    const indicators = reported.flatMap(({ jammingIndicator }) => jammingIndicator ?? []);
    const maxJammingIndicator = indicators.length > 0 ? Math.max(...indicators) : undefined;
    const facts = { ...fixFacts(reported), antenna, jamming, maxJammingIndicator, spoofing };
    return { facts: omitUndefined(facts), findings: findingsOf(antenna, jamming, spoofing) };
  }
}

function fixFacts(reported: readonly Reported[]): WatchReport["facts"] {
  const used = reported.map(({ satellitesUsed }) => satellitesUsed ?? 0);
  if (reported.length === 0) return { readings: 0, fixMode: 0 };
  return {
    readings: reported.length,
    fixMode: reported.at(-1)?.mode ?? 0,
    fixPermille: Math.round((1000 * reported.filter(({ mode }) => mode >= 2).length) / reported.length),
    satellitesUsed: { min: Math.min(...used), mean: round(mean(used), 1) },
  };
}

const worst = <S>(order: readonly S[], reported: readonly (S | undefined)[]): S | undefined =>
  order.find((state) => reported.includes(state));

function findingsOf(
  antenna: GpsReading["antenna"],
  jamming: GpsReading["jamming"],
  spoofing: GpsReading["spoofing"],
): IntegrityFinding[] {
  const findings: IntegrityFinding[] = [];
  const add = (code: IntegrityFinding["code"], flag: IntegrityFinding["flag"], text: string) =>
    findings.push({ code, flag, text, measured: {} });
  if (antenna === "open") add("antenna_open", "antenna", "The receiver says that no antenna is connected");
  if (antenna === "short") add("antenna_short", "antenna", "The receiver says that its antenna is shorted");
  // A warning still has a fix, and is no fault.
  if (jamming === "critical") add("jammed", "jamming", "The receiver says that it is jammed");
  if (spoofing === "indicated") add("spoofed", "spoofing", "The receiver says that signals look forged");
  if (spoofing === "affirmed") add("spoofed", "spoofing", "The receiver says that signals are forged");
  return findings;
}
