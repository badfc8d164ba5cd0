import { type Field, integer, list } from "./fields.ts";

/**
 * Which payloads a program writes or reads: the entry at place k is the newest version of type k + 1 that it knows, 0 where
 * it knows none.
 */
export type Formats = number[];

/** More types than there will be. */
export const MAX_FORMATS = 48;

export const formatsField: Field<Formats> = list(integer(0, 255), MAX_FORMATS);

interface Format {
  typeNumber: number;
  version: number;
}

export function formatsOf(known: readonly Format[]): Formats {
  const formats: number[] = new Array(Math.max(0, ...known.map(({ typeNumber }) => typeNumber))).fill(0);
  for (const { typeNumber, version } of known) formats[typeNumber - 1] = version;
  return formats;
}
