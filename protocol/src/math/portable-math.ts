/*
 * Sine, cosine, arc tangent, logarithm and power of ten made of + − × ÷ and square root alone. IEEE 754 fixes the
 * results of these to the last bit; ECMA-262 leaves those of all other functions open, and Bun and Deno do differ in
 * the last bits of Math.sin, Math.cos, Math.asin and Math.log10. With these every engine gets the same number, so that
 * it is also rounded to the same. Errors are below 1e-14.
 */

/** π/2 as a number of 33 bits, exact when multiplied by a small integer, and the rest (Cody and Waite, 1980). */
const HALF_PI_HEAD = 1.570_796_326_734_125_6;
const HALF_PI_TAIL = 6.077_100_506_506_192e-11;
const LN_2 = Math.LN2;
const LN_10 = Math.LN10;
/** ln 2 as a number of 32 bits and the rest. */
const LN_2_HEAD = 0.693_147_180_369_123_8;
const LN_2_TAIL = 1.908_214_929_270_587_7e-10;

/** 1, −1/3!, 1/5! …: of x·p(x²) for the sine; 1, −1/2!, 1/4! … of p(x²) for the cosine, both good to |x| ≤ π/4. */
const SINE = alternatingFactorials(1, 19);
const COSINE = alternatingFactorials(0, 18);
/** 1, −1/3, 1/5 …: of x·p(x²), good to |x| ≤ 0.2; without the signs those of the inverse hyperbolic tangent. */
const ARC_TANGENT = Array.from({ length: 13 }, (_, i) => (i % 2 === 0 ? 1 : -1) / (2 * i + 1));
const INVERSE_TANH = ARC_TANGENT.map(Math.abs);
/** 1, 1, 1/2!, 1/3! …, good to |x| ≤ ln 2 / 2. */
const EXPONENTIAL = Array.from({ length: 17 }, (_, i) => 1 / factorial(i));

function factorial(n: number): number {
  return n < 2 ? 1 : n * factorial(n - 1);
}

function alternatingFactorials(first: number, last: number): number[] {
  const count = (last - first) / 2 + 1;
  return Array.from({ length: count }, (_, i) => (i % 2 === 0 ? 1 : -1) / factorial(first + 2 * i));
}

/** Horner's rule: c0 + c1·x + c2·x² + … */
function polynomial(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * x + (coefficients[i] as number);
  return sum;
}

/** sin(x + quarters·π/2) for |x| ≤ π/4. */
function sineOfQuarter(x: number, quarters: number): number {
  const square = x * x;
  const value = quarters % 2 === 0 ? x * polynomial(SINE, square) : polynomial(COSINE, square);
  return quarters % 4 === 0 || quarters % 4 === 1 ? value : -value;
}

function sineAfter(x: number, quarters: number): number {
  const turns = Math.round(x / (Math.PI / 2));
  const rest = x - turns * HALF_PI_HEAD - turns * HALF_PI_TAIL;
  return sineOfQuarter(rest, (((turns + quarters) % 4) + 4) % 4);
}

/** @param x radians, for angles of some turns */
export const sin = (x: number): number => sineAfter(x, 0);

/** @param x radians, for angles of some turns */
export const cos = (x: number): number => sineAfter(x, 1);

/** The angle of the point (x, y) in the first quadrant, radians, 0 to π/2; 0 of the origin. */
export function atan2(y: number, x: number): number {
  if (y > x) return Math.PI / 2 - atan2(x, y);
  return x === 0 ? 0 : 4 * smallArcTangent(halved(halved(y / x)));
}

const smallArcTangent = (x: number): number => x * polynomial(ARC_TANGENT, x * x);

/** Tangent of half the angle whose tangent is given. */
const halved = (tangent: number): number => tangent / (1 + Math.sqrt(1 + tangent * tangent));

const bits = new DataView(new ArrayBuffer(8));
const EXPONENT_BIAS = 1023;

/** 2^exponent, for exponents from −1022 to 1023. */
function powerOfTwo(exponent: number): number {
  bits.setUint32(0, (exponent + EXPONENT_BIAS) << 20);
  bits.setUint32(4, 0);
  return bits.getFloat64(0);
}

/** Of a positive normal number. */
function exponentOf(x: number): number {
  bits.setFloat64(0, x);
  return (bits.getUint32(0) >>> 20) - EXPONENT_BIAS;
}

/** @param x positive, from 2.3e-308 on */
export function log10(x: number): number {
  let exponent = exponentOf(x);
  let mantissa = x * powerOfTwo(-exponent);
  if (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent += 1;
  }
  const z = (mantissa - 1) / (mantissa + 1);
  return (exponent * LN_2 + 2 * z * polynomial(INVERSE_TANH, z * z)) / LN_10;
}

/** 10^x, for |x| up to 300. */
export function exp10(x: number): number {
  const exponent = Math.round((x * LN_10) / LN_2);
  const rest = x * LN_10 - exponent * LN_2_HEAD - exponent * LN_2_TAIL;
  return polynomial(EXPONENTIAL, rest) * powerOfTwo(exponent);
}
