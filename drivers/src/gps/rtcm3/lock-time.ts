/** How long a signal has been tracked without a cycle slip: at least `minMs`, and less than `belowMs`. */
export interface LockTime {
  minMs: number;
  /** Infinity for the last value of the scale. */
  belowMs: number;
}

/**
 * The lock time that an indicator stands for, or undefined for a reserved one.
 *
 * 4 bits (DF402): 0 is below 32 ms, each further one doubles. 10 bits (DF407): whole milliseconds to 64, then 32 steps
 * for each doubling, up to 704.
 */
export function lockTime(indicator: number, bits: number): LockTime | undefined {
  const [minOf, last] = bits === 10 ? [fineMinMs, 704] : [coarseMinMs, 15];
  if (indicator > last) return undefined;
  return {
    minMs: minOf(indicator),
    belowMs: indicator === last ? Number.POSITIVE_INFINITY : minOf(indicator + 1),
  };
}

function coarseMinMs(indicator: number): number {
  return indicator === 0 ? 0 : 2 ** (indicator + 4);
}

function fineMinMs(indicator: number): number {
  if (indicator < 64) return indicator;
  const doubling = Math.floor(indicator / 32) - 1;
  return 2 ** doubling * (indicator - 32 * doubling);
}
