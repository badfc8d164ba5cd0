import { MAX_RECEIPT_RANGES, type SequenceRange } from "@earshot/protocol/hotspot";

/** No receipt moves the numbering by more; a later one may move it further. */
export const MAX_JUMP = 2 ** 24;
/** Of 2^32 numbers the upper half is the agent's own to count in: no receipt moves the numbering there. */
export const JUMP_CEILING = 2 ** 31;
/** So many unused numbers in a row are room enough to go on in. */
export const ROOM = 2 ** 16;

/** What a receipt did to the numbering. */
export type Numbering =
  | { state: "kept" }
  /** `target`: where it has to get, beyond `to` when the step was bounded. */
  | { state: "moved"; from: number; to: number; target: number }
  /** Numbers in use leave no place that may be jumped to. */
  | { state: "blocked"; from: number; target: number };

/**
 * Where to go on counting when the gateway has these numbers of ours: where we are, unless numbers from there on are
 * in use. They are when this outbox was lost or restored from a copy, or when another agent runs with a copy of its key.
 */
export function numberingBeside(used: readonly SequenceRange[], next: number): Numbering {
  const target = firstRoom(used, next);
  if (target === next) return { state: "kept" };
  const to = Math.min(target, next + MAX_JUMP);
  return to > JUMP_CEILING
    ? { state: "blocked", from: next, target }
    : { state: "moved", from: next, to, target };
}

function firstRoom(used: readonly SequenceRange[], next: number): number {
  const lowest = used[0]?.first ?? 0;
  // A full list leaves the lower runs out: below its first, numbers may be in use.
  let at = used.length >= MAX_RECEIPT_RANGES ? Math.max(next, Math.min(lowest, next + MAX_JUMP)) : next;
  for (const { first, last } of used) {
    if (last < at) continue;
    if (first - at >= ROOM) break;
    at = last + 1;
  }
  return at;
}
