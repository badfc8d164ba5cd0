/*
 * Exact decimal arithmetic on BigInt. Helium computed with 28 significant digits and rounded the results; here values
 * are rounded only where Helium's formulas round.
 */

/** Quotient of a numerator ≥ 0 and a denominator > 0, halves to even ("banker's rounding"). */
export function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  const twiceRest = 2n * (numerator % denominator);
  const isUp = twiceRest > denominator || (twiceRest === denominator && quotient % 2n === 1n);
  return isUp ? quotient + 1n : quotient;
}

/** Quotient of a numerator ≥ 0 and a denominator > 0, upward. */
export const divideUp = (numerator: bigint, denominator: bigint): bigint =>
  (numerator + denominator - 1n) / denominator;

/**
 * A decimal number as an integer count of 10^-places: `fixed("0.76", 4)` is 7600n.
 * @throws {RangeError} if the text is not a decimal ≥ 0 or has more decimals than `places`
 */
export function fixed(text: string, places: number): bigint {
  const [, whole, decimals = ""] = /^(\d{1,40})(?:\.(\d{1,40}))?$/.exec(text) ?? [];
  if (whole === undefined || decimals.length > places)
    throw new RangeError(`Decimal is "${text}"; digits with at most ${places} decimals are needed`);
  return BigInt(whole + decimals.padEnd(places, "0"));
}

/** The inverse of `fixed`, without trailing zeros: `formatFixed(7600n, 4)` is "0.76". */
export function formatFixed(value: bigint, places: number): string {
  const digits = value.toString().padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places);
  const decimals = digits.slice(digits.length - places).replace(/0+$/, "");
  return decimals === "" ? whole : `${whole}.${decimals}`;
}
