import type { Random } from "@earshot/protocol";
import { seededRandom } from "@earshot/protocol/virtual-time";

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * A random sequence for one purpose: the same parts always give the same numbers, independently of the order of calls, so
 * that one more hotspot changes nothing for the others.
 */
export function randomFor(...parts: readonly (string | number)[]): Random {
  let hash = FNV_OFFSET;
  for (const char of parts.join("\n")) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), FNV_PRIME);
  return seededRandom(hash);
}

/** A standard normal deviate (Box and Muller, 1958). */
export function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return radius * Math.cos(2 * Math.PI * random());
}

/** Evenly between `min` and `max`. */
export const between = (random: Random, min: number, max: number): number => min + (max - min) * random();
