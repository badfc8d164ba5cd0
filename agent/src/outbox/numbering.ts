import { MAX_RECEIPT_RANGES, type SequenceRange } from "@earshot/protocol/hotspot";

/** No receipt moves the numbering by more; a later one may move it further. */
export const MAX_JUMP = 2 ** 24;
/** No receipt moves the numbering into the upper half of the 2^32 numbers: only the agent's own packets count up there. */
export const JUMP_CEILING = 2 ** 31;
/** So many unused numbers in a row are enough to continue in. */
export const FREE_RANGE = 2 ** 16;

/** What a receipt did to the numbering. */
export type Numbering =
  | { state: "kept" }
  /** `target`: where it has to get; beyond `to` when the step was cut to `MAX_JUMP`. */
  | { state: "moved"; from: number; to: number; target: number }
  /** No free range can be reached within the limits. */
  | { state: "blocked"; from: number; target: number };

/**
 * The next number to use, given the numbers that the gateway has from this hotspot: `next`, unless numbers from there
 * on are in use. They are when this outbox was lost or restored from a copy, or when another agent has a copy of the key.
 */
export function numberingAfter(used: readonly SequenceRange[], next: number): Numbering {
  const target = firstFreeRange(used, next);
  if (target === next) return { state: "kept" };
  const to = Math.min(target, next + MAX_JUMP);
  return to > JUMP_CEILING
    ? { state: "blocked", from: next, target }
    : { state: "moved", from: next, to, target };
}

function firstFreeRange(used: readonly SequenceRange[], next: number): number {
  const lowest = used[0]?.first ?? 0;
  // A full list leaves the lower runs out: below its first, numbers may be in use.
  let at = used.length >= MAX_RECEIPT_RANGES ? Math.max(next, Math.min(lowest, next + MAX_JUMP)) : next;
  for (const { first, last } of used) {
    if (last < at) continue;
    if (first - at >= FREE_RANGE) break;
    at = last + 1;
  }
  return at;
}
