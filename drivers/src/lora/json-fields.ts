import { asNumber } from "../link/as-number.ts";
import type { TolerantObject } from "./tolerant-json.ts";

/** A finite number in [least, most], also as text; anything else (`nan`, `inf`, null, absent) is `undefined`. */
export function numberField(
  object: TolerantObject,
  key: string,
  least: number,
  most: number,
): number | undefined {
  const value = asNumber(object.get(key));
  return value !== undefined && value >= least && value <= most ? value : undefined;
}

/** As `numberField`, whole numbers only. */
export function integerField(
  object: TolerantObject,
  key: string,
  least: number,
  most: number,
): number | undefined {
  const value = numberField(object, key, least, most);
  return Number.isInteger(value) ? value : undefined;
}

export function stringField(object: TolerantObject, key: string): string | undefined {
  const value = object.get(key);
  return typeof value === "string" ? value : undefined;
}

type Defined<T> = { [K in keyof T]: undefined extends T[K] ? never : K }[keyof T];

/** The object without its `undefined` properties. */
export function definedOnly<T extends object>(
  fields: T,
): Pick<T, Defined<T>> & Partial<{ [K in Exclude<keyof T, Defined<T>>]: Exclude<T[K], undefined> }> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as ReturnType<typeof definedOnly<T>>;
}
