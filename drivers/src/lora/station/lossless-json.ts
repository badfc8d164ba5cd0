import { asNumber } from "../../link/as-number.ts";

/**
 * A JSON value whose whole numbers are exact: those beyond ±(2^53 − 1) are `bigint`. Basics Station's `xtime` has 63
 * bits, and `JSON.parse` alone would change its last digits.
 */
export type LosslessJson = null | boolean | number | bigint | string | LosslessJson[] | LosslessObject;
export interface LosslessObject {
  [key: string]: LosslessJson;
}

/** The type library does not name the third argument yet: the number as the text has it (ECMAScript 2026). */
type ReviveFromSource = (key: string, value: LosslessJson, context?: { source?: string }) => LosslessJson;

const WHOLE = /^-?\d{16,40}$/;

const revive: ReviveFromSource = (_key, value, context) => {
  const source = context?.source;
  if (typeof value !== "number" || Number.isSafeInteger(value) || source === undefined) return value;
  return WHOLE.test(source) ? BigInt(source) : value;
};

/** The one object that the text is; `undefined` for anything else, however deeply nested. */
export function parseLosslessObject(text: string): LosslessObject | undefined {
  try {
    const value: LosslessJson = JSON.parse(text, revive as (key: string, value: unknown) => unknown);
    return isObject(value) ? value : undefined;
  } catch {
    // SyntaxError, or RangeError for nesting that exhausts the stack.
    return undefined;
  }
}

function isObject(value: LosslessJson | undefined): value is LosslessObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The field as it is, for what may have several types. Inherited properties are no fields. */
export function fieldOf(object: LosslessObject, key: string): LosslessJson | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** A finite number in [least, most], also as text; anything else is `undefined`. */
export function numberOf(
  object: LosslessObject,
  key: string,
  least: number,
  most: number,
): number | undefined {
  const value = asNumber(fieldOf(object, key));
  return value !== undefined && value >= least && value <= most ? value : undefined;
}

/** As `numberOf`, whole numbers only. */
export function integerOf(
  object: LosslessObject,
  key: string,
  least: number,
  most: number,
): number | undefined {
  const value = numberOf(object, key, least, most);
  return Number.isInteger(value) ? value : undefined;
}

const WHOLE_TEXT = /^[+-]?\d{1,40}$/;

/** A whole number of any size, also as text. */
export function bigintOf(object: LosslessObject, key: string): bigint | undefined {
  const value = fieldOf(object, key);
  if (typeof value === "bigint") return value;
  if (typeof value === "string" && WHOLE_TEXT.test(value)) return BigInt(value.replace("+", ""));
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : undefined;
}

export function textOf(object: LosslessObject, key: string): string | undefined {
  const value = fieldOf(object, key);
  return typeof value === "string" ? value : undefined;
}

export function objectOf(object: LosslessObject, key: string): LosslessObject | undefined {
  const value = fieldOf(object, key);
  return isObject(value) ? value : undefined;
}
