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
