import { utf8 } from "../encoding/bytes.ts";
import type { CborValue } from "../encoding/cbor.ts";

/** Why a field was refused. */
type FieldRefusal = "wrong_type" | "out_of_range";

/** How one value is encoded: `write` gives CBOR, `read` takes what `decodeCbor` gave and checks type and range. */
export interface Field<T> {
  write(value: T): CborValue;
  read(value: unknown): T | FieldFailure;
}

export class FieldFailure {
  readonly code: FieldRefusal;
  /** The value found, and what is allowed. */
  readonly value: unknown;
  readonly allowed: string;
  /** Which field, from the outermost inwards: `gnss.integrityFlags`. Empty where it is the value itself. */
  readonly field: string;

  constructor(code: FieldRefusal, value?: unknown, allowed = "other values", field = "") {
    this.code = code;
    this.value = value;
    this.allowed = allowed;
    this.field = field;
  }

  in(name: string): FieldFailure {
    const field = this.field === "" ? name : `${name}.${this.field}`;
    return new FieldFailure(this.code, this.value, this.allowed, field);
  }
}

/** An integer from `min` to `max`, both safe integers. */
export function integer(min: number, max: number): Field<number> {
  const allowed = `whole numbers from ${min} to ${max}`;
  return {
    write: (value) => value,
    read(value) {
      const isWhole = typeof value === "bigint" || Number.isInteger(value);
      if (!isWhole) return new FieldFailure("wrong_type", value, allowed);
      const number = value as number | bigint;
      if (number < min || number > max) return new FieldFailure("out_of_range", value, allowed);
      return Number(number);
    },
  };
}

export function bytes(minLength: number, maxLength = minLength): Field<Uint8Array> {
  const allowed = `${minLength === maxLength ? minLength : `${minLength} to ${maxLength}`} bytes`;
  return {
    write: (value) => value,
    read(value) {
      if (!(value instanceof Uint8Array)) return new FieldFailure("wrong_type", value, allowed);
      const fits = value.length >= minLength && value.length <= maxLength;
      return fits ? value : new FieldFailure("out_of_range", value, allowed);
    },
  };
}

/** Text of at most `maxBytes` in UTF-8 without control characters. */
export function text(maxBytes: number): Field<string> {
  const allowed = `at most ${maxBytes} bytes of UTF-8 without control characters`;
  return {
    write: (value) => value,
    read(value) {
      if (typeof value !== "string") return new FieldFailure("wrong_type", value, allowed);
      const fits = utf8(value).length <= maxBytes && value.isWellFormed() && !/\p{Cc}/u.test(value);
      return fits ? value : new FieldFailure("out_of_range", value, allowed);
    },
  };
}

/** One of a fixed list, sent as its index. */
export function oneOf<const T extends readonly (string | number)[]>(choices: T): Field<T[number]> {
  const place = integer(0, choices.length - 1);
  return {
    write: (value) => choices.indexOf(value),
    read(value) {
      const read = place.read(value);
      return read instanceof FieldFailure ? read : (choices[read] as T[number]);
    },
  };
}

const zeroOrOne = integer(0, 1);
/** Sent as 0 or 1. */
export const flag: Field<boolean> = {
  write: (value) => (value ? 1 : 0),
  read(value) {
    const read = zeroOrOne.read(value);
    return read instanceof FieldFailure ? read : read === 1;
  },
};

/** An amount as decimal text without leading zeros: uint256 has up to 78 digits, more than CBOR's integers hold. */
export const amount: Field<bigint> = {
  write: (value) => value.toString(),
  read(value) {
    if (typeof value !== "string") return new FieldFailure("wrong_type");
    return /^(0|[1-9][0-9]{0,77})$/.test(value) ? BigInt(value) : new FieldFailure("out_of_range");
  },
};

export function nullable<T>(field: Field<T>): Field<T | null> {
  return {
    write: (value) => (value === null ? null : field.write(value)),
    read: (value) => (value === null ? null : field.read(value)),
  };
}

export function list<T>(item: Field<T>, maxLength: number, minLength = 0): Field<T[]> {
  const allowed = `lists of ${minLength} to ${maxLength}`;
  return {
    write: (values) => values.map(item.write),
    read(value) {
      if (!Array.isArray(value)) return new FieldFailure("wrong_type", value, allowed);
      if (value.length > maxLength || value.length < minLength)
        return new FieldFailure("out_of_range", value, allowed);
      const items: T[] = [];
      for (const [i, raw] of value.entries()) {
        const read = item.read(raw);
        if (read instanceof FieldFailure) return read.in(String(i));
        items.push(read);
      }
      return items;
    },
  };
}

type Shape<T> = { [K in keyof T]: Field<T[K]> };

/**
 * An object that is encoded as an array of its fields, in the order in which they are named here, so that it can grow: a
 * reader takes the fields that it knows and ignores what follows them. Fields are never removed or reordered; those that
 * came after format 1 stand in `appended` and are nullable: null where the writer did not know them.
 * A field that the object lacks is written as null.
 */
export function record<T extends object>(shape: Shape<T>): Field<T>;
export function record<T extends object, A extends object>(shape: Shape<T>, appended: Shape<A>): Field<T & A>;
export function record(first: Shape<object>, appended: Shape<object> = {}): Field<object> {
  const shape = Object.entries<Field<unknown>>({ ...first, ...appended });
  const needed = Object.keys(first).length;
  const allowed = `arrays of at least ${needed} fields`;
  return {
    write(object) {
      const values = object as Record<string, unknown>;
      return shape.map(([name, field]) => (values[name] === undefined ? null : field.write(values[name])));
    },
    read(value) {
      if (!Array.isArray(value) || value.length < needed) {
        return new FieldFailure("wrong_type", value, allowed);
      }
      const object: Record<string, unknown> = {};
      for (const [index, [name, field]] of shape.entries()) {
        const read = field.read(value[index] ?? null);
        if (read instanceof FieldFailure) return read.in(name);
        object[name] = read;
      }
      return object;
    },
  };
}

const versionField = integer(1, 0xffff_ffff);

/**
 * A signed payload: `[type, version, fields…]`. The version counts how often fields were appended to the type, from 1. It
 * tells what the writer knew; a reader refuses none for it.
 */
export const versioned = (type: number, version: number, fields: CborValue): CborValue[] => [
  type,
  version,
  ...(fields as readonly CborValue[]),
];

export interface Versioned {
  type: CborValue;
  version: number;
  fields: readonly CborValue[];
}

/** The parts of a payload, whose type is the caller's to judge. */
export function readVersioned(payload: CborValue): Versioned | FieldFailure {
  if (!Array.isArray(payload)) return new FieldFailure("wrong_type", payload, "arrays");
  const [type, written = null, ...fields] = payload as readonly CborValue[];
  const version = versionField.read(written);
  if (version instanceof FieldFailure) return version.in("version");
  return { type: type ?? null, version, fields };
}
