import type { NetworkParameters } from "../parameters/parameters.ts";
import { isTimely } from "./group.ts";
import type { ReceivedReport, ReportTimes } from "./types.ts";

/**
 * What `JudgingContext.earlierReport` answers for each of an epoch's reports, by packet id. Costs n log n of a hotspot's
 * reports, however it numbers them.
 */
export function earlierReports(
  reports: readonly ReceivedReport[],
  parameters: NetworkParameters,
): Map<string, ReportTimes> {
  const found = new Map<string, ReportTimes>();
  for (const own of Map.groupBy(reports, ({ hotspotId }) => hotspotId).values()) {
    const candidates = new Candidates(own.filter((report) => isTimely(report, parameters)));
    // Indexes descend, so the candidates become fewer: one that is skipped once is skipped for good.
    for (const report of own.toSorted((a, b) => b.packet.entropyIndex - a.packet.entropyIndex)) {
      const earlier = candidates.before(report.packet.sequence, report.packet.entropyIndex);
      if (earlier !== undefined) found.set(report.id, earlier);
    }
  }
  return found;
}

/** Reports with one sequence number, in order of id; those before `next` are skipped. */
interface Numbered {
  sequence: number;
  reports: ReceivedReport[];
  next: number;
}

/** A hotspot's timely reports by sequence number; must be asked about descending indexes. */
class Candidates {
  readonly #numbers: Numbered[];
  /** Union-find: of a number whose reports are all skipped a place below it, of others the place itself. */
  readonly #below: number[];

  constructor(reports: readonly ReceivedReport[]) {
    this.#numbers = [...Map.groupBy(reports, ({ packet }) => packet.sequence)]
      .map(([sequence, own]) => ({ sequence, reports: own.sort((a, b) => (a.id < b.id ? -1 : 1)), next: 0 }))
      .sort((a, b) => a.sequence - b.sequence);
    this.#below = this.#numbers.map((_, place) => place);
  }

  /** The one with the highest number below `sequence` that is about this index or an earlier one. */
  before(sequence: number, index: number): ReportTimes | undefined {
    for (let place = this.#atOrBelow(this.#firstFrom(sequence) - 1); ; ) {
      const numbered = this.#numbers[place];
      if (numbered === undefined) return undefined;
      const { reports } = numbered;
      let report = reports[numbered.next];
      while (report !== undefined && report.packet.entropyIndex > index) report = reports[++numbered.next];
      if (report !== undefined) {
        const { entropyIndex, atMs, tmstUs } = report.packet;
        return { entropyIndex, atMs, tmstUs };
      }
      this.#below[place] = place - 1;
      place = this.#atOrBelow(place - 1);
    }
  }

  /** The highest place up to this one that is not skipped, -1 if there is none; compresses the path. */
  #atOrBelow(place: number): number {
    const below = this.#below;
    let end = place;
    while (end >= 0 && below[end] !== end) end = below[end] as number;
    for (let at = place; at > end; ) {
      const next = below[at] as number;
      below[at] = end;
      at = next;
    }
    return end;
  }

  /** Place of the first number that is not below this one, by binary search. */
  #firstFrom(sequence: number): number {
    let [low, high] = [0, this.#numbers.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#numbers[middle] as Numbered).sequence < sequence) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
