import { Encoder, Tag } from "cbor-x/index-no-eval";
import type { CddlEntry, CddlRules, CddlType } from "./cddl-parser.ts";

/** What a general CBOR library makes of the bytes is what is held against the description. */
const codec = new Encoder({ useRecords: false, mapsAsObjects: false, tagUint8Array: false });

/** Whether `bytes` are CBOR as the rule describes. */
export function isDescribed(rules: CddlRules, rule: string, bytes: Uint8Array): boolean {
  return matchesEncoded(rules, { kind: "name", name: rule }, bytes);
}

function matchesEncoded(rules: CddlRules, type: CddlType, bytes: Uint8Array): boolean {
  let value: unknown;
  try {
    value = codec.decode(bytes);
  } catch {
    return false;
  }
  return matches(rules, type, value);
}

/** The prelude of CDDL (RFC 8610, appendix D), as far as it is used. */
const PRELUDE: Record<string, (value: unknown) => boolean> = {
  bstr: (value) => value instanceof Uint8Array,
  tstr: (value) => typeof value === "string",
  null: (value) => value === null,
  int: (value) => isInteger(value),
};

/** Whether a decoded value is as the type describes. */
export function matches(rules: CddlRules, type: CddlType, value: unknown): boolean {
  switch (type.kind) {
    case "choice":
      return type.options.some((option) => matches(rules, option, value));
    case "range":
      return isInteger(value) && value >= type.min && value <= type.max;
    case "value":
      return type.value === value;
    case "name":
      return matchesName(rules, type.name, value);
    case "tag":
      return value instanceof Tag && tagOf(value) === type.tag && matches(rules, type.content, value.value);
    case "array":
      return Array.isArray(value) && matchesArray(rules, type.entries, value);
    case "map":
      return value instanceof Map && matchesMap(rules, type.entries, value);
    case "control":
      return matchesControl(rules, type, value);
  }
}

const isInteger = (value: unknown): value is number | bigint =>
  typeof value === "bigint" || Number.isInteger(value);

/** The library's types leave the number out. */
const tagOf = (value: Tag): number => (value as Tag & { tag: number }).tag;

function matchesName(rules: CddlRules, name: string, value: unknown): boolean {
  const rule = rules.get(name);
  if (rule !== undefined) return matches(rules, rule, value);
  const known = PRELUDE[name];
  if (known === undefined) throw new TypeError(`No rule explains ${name}`);
  return known(value);
}

/** Each entry takes as many elements as it can: enough, because no entry here is followed by one like it. */
function matchesArray(rules: CddlRules, entries: readonly CddlEntry[], values: readonly unknown[]): boolean {
  let at = 0;
  for (const { min, max, type } of entries) {
    let count = 0;
    while (count < max && at < values.length && matches(rules, type, values[at])) {
      count++;
      at++;
    }
    if (count < min) return false;
  }
  return at === values.length;
}

/** A key that is given by its value is cut (RFC 8610, section 3.5.4): no other entry takes it. */
function matchesMap(rules: CddlRules, entries: readonly CddlEntry[], map: Map<unknown, unknown>): boolean {
  const cut = new Set(entries.flatMap(({ key }) => (key?.kind === "value" ? [key.value as unknown] : [])));
  const found = entries.map(({ key, type }) =>
    [...map].filter(
      ([k, v]) =>
        key !== undefined &&
        (key.kind === "value" || !cut.has(k)) &&
        matches(rules, key, k) &&
        matches(rules, type, v),
    ),
  );
  const counted = entries.every(({ min, max }, i) => {
    const count = found[i]?.length ?? 0;
    return count >= min && count <= max;
  });
  return counted && found.flat().length === map.size;
}

function matchesControl(
  rules: CddlRules,
  { operator, target, argument }: Extract<CddlType, { kind: "control" }>,
  value: unknown,
): boolean {
  if (!matches(rules, target, value)) return false;
  if (operator === ".and") return matches(rules, argument, value);
  if (operator === ".cbor") return matchesEncoded(rules, argument, value as Uint8Array);
  if (operator === ".size") return matches(rules, argument, sizeOf(value));
  if (operator === ".regexp" && argument.kind === "value") {
    return new RegExp(`^(?:${argument.value})$`, "u").test(value as string);
  }
  throw new TypeError(`Control ${operator} is not known here`);
}

/** In bytes, of text too (RFC 8610, section 3.8.1). */
function sizeOf(value: unknown): number {
  return typeof value === "string" ? Buffer.byteLength(value) : (value as Uint8Array).length;
}
