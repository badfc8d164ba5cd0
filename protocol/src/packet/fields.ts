import { utf8 } from "../bytes.ts";
import type { CborValue } from "../cbor.ts";

/** Why a field was refused; `undefined` means that it stands. */
export type FieldRefusal = "wrong_type" | "out_of_range";

/** How one value travels: `write` gives CBOR, `read` takes what `decodeCbor` gave and checks type and range. */
export interface Field<T> {
  write(value: T): CborValue;
  read(value: unknown): T | FieldFailure;
}

export class FieldFailure {
  readonly code: FieldRefusal;
  constructor(code: FieldRefusal) {
    this.code = code;
  }
}

const WRONG_TYPE = new FieldFailure("wrong_type");
const OUT_OF_RANGE = new FieldFailure("out_of_range");

/** An integer from `min` to `max`, both safe integers. */
export function integer(min: number, max: number): Field<number> {
  return {
    write: (value) => value,
    read(value) {
      if (typeof value !== "number" && typeof value !== "bigint") return WRONG_TYPE;
      if (typeof value === "number" && !Number.isInteger(value)) return WRONG_TYPE;
      return value < min || value > max ? OUT_OF_RANGE : Number(value);
    },
  };
}

export function bytes(minLength: number, maxLength = minLength): Field<Uint8Array> {
  return {
    write: (value) => value,
    read(value) {
      if (!(value instanceof Uint8Array)) return WRONG_TYPE;
      return value.length < minLength || value.length > maxLength ? OUT_OF_RANGE : value;
    },
  };
}

/** Text of at most `maxBytes` in UTF-8 without control characters. */
export function text(maxBytes: number): Field<string> {
  return {
    write: (value) => value,
    read(value) {
      if (typeof value !== "string") return WRONG_TYPE;
      return utf8(value).length > maxBytes || /\p{Cc}/u.test(value) ? OUT_OF_RANGE : value;
    },
  };
}

/** One of a fixed list, sent as its index. */
export function oneOf<const T extends readonly (string | number)[]>(choices: T): Field<T[number]> {
  return {
    write: (value) => choices.indexOf(value),
    read(value) {
      if (typeof value !== "number" && typeof value !== "bigint") return WRONG_TYPE;
      const choice = choices[Number(value)];
      return choice === undefined ? OUT_OF_RANGE : choice;
    },
  };
}

/** Sent as 0 or 1. */
export const flag: Field<boolean> = {
  write: (value) => (value ? 1 : 0),
  read(value) {
    const read = integer(0, 1).read(value);
    return read instanceof FieldFailure ? read : read === 1;
  },
};

export function nullable<T>(field: Field<T>): Field<T | null> {
  return {
    write: (value) => (value === null ? null : field.write(value)),
    read: (value) => (value === null ? null : field.read(value)),
  };
}

export function list<T>(item: Field<T>, maxLength: number): Field<T[]> {
  return {
    write: (values) => values.map(item.write),
    read(value) {
      if (!Array.isArray(value)) return WRONG_TYPE;
      if (value.length > maxLength) return OUT_OF_RANGE;
      const items: T[] = [];
      for (const raw of value) {
        const read = item.read(raw);
        if (read instanceof FieldFailure) return read;
        items.push(read);
      }
      return items;
    },
  };
}

type Shape<T> = { [K in keyof T]: Field<T[K]> };

/** An object that travels as an array of its fields, in the order in which they are named here. */
export function record<T extends object>(shape: Shape<T>): Field<T> {
  const names = Object.keys(shape) as (keyof T)[];
  return {
    write: (value) => names.map((name) => shape[name].write(value[name])),
    read(value) {
      if (!Array.isArray(value) || value.length !== names.length) return WRONG_TYPE;
      const object: Partial<T> = {};
      for (const [index, name] of names.entries()) {
        const read = shape[name].read(value[index]);
        if (read instanceof FieldFailure) return read;
        object[name] = read;
      }
      return object as T;
    },
  };
}
