import type { ReceivedPacket, SequenceRange } from "@earshot/protocol";
import { type Check, differ } from "./check.ts";

const FILE = "sequences.json";

export type UsedSequences = ReadonlyMap<string, readonly SequenceRange[]>;

/** Ascending runs that do not touch, of numbers in any order. */
export function runsOf(numbers: Iterable<number>): SequenceRange[] {
  const runs: SequenceRange[] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && number <= last.last + 1) last.last = Math.max(last.last, number);
    else runs.push({ first: number, last: number });
  }
  return runs;
}

/** Adds runs to runs. */
function merge(a: readonly SequenceRange[], b: readonly SequenceRange[]): SequenceRange[] {
  const merged: SequenceRange[] = [];
  for (const run of [...a, ...b].sort((x, y) => x.first - y.first)) {
    const last = merged.at(-1);
    if (last !== undefined && run.first <= last.last + 1) last.last = Math.max(last.last, run.last);
    else merged.push({ ...run });
  }
  return merged;
}

/** The numbers used up to and including an epoch, of the hotspots of which that is known. */
export function usedAfter(
  before: UsedSequences,
  packets: readonly ReceivedPacket[],
): Map<string, SequenceRange[]> {
  const used = new Map([...before].map(([id, runs]) => [id, [...runs]]));
  const numbers = new Map<string, number[]>();
  for (const { hotspotId, packet } of packets) {
    const list = numbers.get(hotspotId) ?? [];
    numbers.set(hotspotId, list);
    list.push(packet.sequence);
  }
  for (const [id, list] of numbers) used.set(id, merge(used.get(id) ?? [], runsOf(list)));
  return used;
}

/** Only hotspots with a packet in the epoch are listed. */
export function* checkListed(used: UsedSequences, packets: readonly ReceivedPacket[]): Check<void> {
  const present = new Set(packets.map(({ hotspotId }) => hotspotId));
  const stray = [...used.keys()].find((id) => !present.has(id));
  if (stray !== undefined) yield* differ(FILE, `hotspot ${stray}`, "no entry: it has no packet", "an entry");
}

/**
 * Compares what a bundle says of earlier epochs with what their bundles say.
 * @param isComplete whether the bundles go back to the network's first
 */
export function* checkUsed(
  found: UsedSequences,
  known: UsedSequences,
  packets: readonly ReceivedPacket[],
  isComplete: boolean,
): Check<void> {
  for (const id of new Set(packets.map(({ hotspotId }) => hotspotId))) {
    const expected = known.get(id) ?? (isComplete ? [] : undefined);
    if (expected === undefined) continue;
    const [wanted, got] = [show(expected), show(found.get(id) ?? [])];
    if (wanted !== got) yield* differ(FILE, `hotspot ${id}`, wanted, got);
  }
}

const show = (runs: readonly SequenceRange[]): string =>
  runs.length === 0 ? "none" : runs.map(({ first, last }) => `${first}-${last}`).join(" ");
