import { sha256 } from "../crypto/sha256.ts";
import { DRAND_KEY_BYTES, type DrandChain } from "../drand/chain.ts";
import { utf8 } from "../encoding/bytes.ts";
import { type CborValue, encodeCbor } from "../encoding/cbor.ts";
import {
  type NetworkParameters,
  PARAMETER_RANGES,
  type ParameterRange,
  type ParametersDocument,
  type ParameterValue,
  type RegionRule,
  WHOLE_PARAMETERS,
  type WholeParameter,
} from "./parameters.ts";
import { parametersProblem } from "./parameters-check.ts";

/*
 * Parameters as a document: named values, in JSON as in CBOR. A reader keeps the names that it does not know, and fills in
 * those that came after the document was signed, so programs of any age agree on its hash.
 */

/** How a value that is not a whole number stands in the document. */
interface Form<T> {
  write(value: T): ParameterValue;
  /** `undefined` where it is another value, or not the only way to write this one. */
  read(value: ParameterValue | undefined): T | undefined;
  needed: string;
  /** What it is where the document does not name it, and never names; without, it must. */
  absent?: T;
}

const text: Form<string> = {
  write: (value) => value,
  read: (value) => (typeof value === "string" ? value : undefined),
  needed: "a text is needed",
};

/** Amounts up to a uint256, which neither JSON nor CBOR has as a number. */
const amount: Form<bigint> = {
  write: (value) => value.toString(),
  read: (value) =>
    typeof value === "string" && /^(0|[1-9]\d{0,77})$/.test(value) ? BigInt(value) : undefined,
  needed: "a whole number as decimal text is needed",
};

const address: Form<Uint8Array> = {
  write: (value) => `0x${value.toHex()}`,
  read: (value) =>
    typeof value === "string" && /^0x[0-9a-f]{40}$/.test(value)
      ? Uint8Array.fromHex(value.slice(2))
      : undefined,
  needed: "0x and 40 lower-case hex digits are needed",
};

const regions: Form<readonly RegionRule[]> = {
  write: (rules) => Object.fromEntries(rules.map(({ id, maxEirpDdbm }) => [id, maxEirpDdbm])),
  read: (value) =>
    typeof value === "object"
      ? Object.entries(value)
          .map(([id, maxEirpDdbm]) => ({ id, maxEirpDdbm: maxEirpDdbm as number }))
          .sort((a, b) => (a.id < b.id ? -1 : 1))
      : undefined,
  needed: "a map of regions is needed",
};

const hexText = (value: unknown, bytes: number): Uint8Array | undefined =>
  typeof value === "string" && /^([0-9a-f]{2})+$/.test(value) && value.length === 2 * bytes
    ? Uint8Array.fromHex(value)
    : undefined;

/** In the words and forms of drand's own chain information. */
const chain: Form<DrandChain | null> = {
  write(value): ParametersDocument {
    if (value === null) return {};
    const { genesisS, hash, periodS, publicKey } = value;
    return { genesisS, hash, periodS, publicKey: publicKey.toHex() };
  },
  read(value) {
    if (typeof value !== "object" || Object.keys(value).length !== 4) return undefined;
    const { genesisS, periodS } = value;
    const hash = hexText(value.hash, 32)?.toHex();
    const publicKey = hexText(value.publicKey, DRAND_KEY_BYTES);
    const isTimed = typeof genesisS === "number" && typeof periodS === "number";
    return isTimed && hash && publicKey ? { genesisS, hash, periodS, publicKey } : undefined;
  },
  needed: "a map of genesisS, hash, periodS and publicKey is needed",
  absent: null,
};

type OtherParameter = Exclude<keyof NetworkParameters, WholeParameter | "absent" | "unknown">;

const FORMS: { [K in OtherParameter]: Form<NetworkParameters[K]> } = {
  network: text,
  ruleSet: text,
  regions,
  poolPerEpoch: amount,
  chainId: amount,
  contract: address,
  drandChain: chain,
};
const OTHER_PARAMETERS = Object.keys(FORMS) as readonly OtherParameter[];

/**
 * All that a version says, sorted by name (by code unit), as `/api/v1/parameters` and a bundle's `parameters.json` have it:
 * whole numbers, amounts as decimal text, bytes as 0x hex, regions by id. Names that were absent when it was signed stay
 * so, unless they have another value now.
 */
export function formatParameters(parameters: NetworkParameters): ParametersDocument {
  const whole = WHOLE_PARAMETERS.filter((name) => !isAbsent(parameters, name)).map(
    (name): [string, ParameterValue] => [name, parameters[name]],
  );
  const others = OTHER_PARAMETERS.filter((name) => !isLeftOut(parameters, name)).map(
    (name): [string, ParameterValue] => [name, written(parameters, name)],
  );
  return sorted([...whole, ...others, ...Object.entries(parameters.unknown)]);
}

const isAbsent = (parameters: NetworkParameters, name: WholeParameter): boolean =>
  parameters.absent.includes(name) && parameters[name] === absentValue(PARAMETER_RANGES[name]);

const isLeftOut = (parameters: NetworkParameters, name: OtherParameter): boolean =>
  "absent" in FORMS[name] && parameters[name] === FORMS[name].absent;

const absentValue = ([, , absent]: ParameterRange): number | undefined => absent;

const written = <K extends OtherParameter>(parameters: NetworkParameters, name: K): ParameterValue =>
  FORMS[name].write(parameters[name]);

function sorted(entries: readonly (readonly [string, ParameterValue])[]): ParametersDocument {
  const inOrder = entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    inOrder.map(([name, value]) => [name, typeof value === "object" ? sorted(Object.entries(value)) : value]),
  );
}

/**
 * Reads a document, of a program of whatever age.
 * @throws {TypeError | RangeError} naming the value that is wrong and what is needed
 */
export function parseParameters(json: unknown): NetworkParameters {
  if (!isMap(json)) throw new TypeError("Parameters are not an object of names and values");
  const document = Object.fromEntries(
    Object.entries(json).map(([name, value]) => [name, checkedValue(name, value, MAX_DEPTH)]),
  );
  const whole = WHOLE_PARAMETERS.map((name) => [name, document[name] ?? absentValue(PARAMETER_RANGES[name])]);
  const others = OTHER_PARAMETERS.map((name) => [name, readOther(document, name)]);
  const parameters = {
    ...(Object.fromEntries(whole) as Record<WholeParameter, number>),
    ...(Object.fromEntries(others) as Pick<NetworkParameters, OtherParameter>),
    absent: WHOLE_PARAMETERS.filter((name) => document[name] === undefined),
    unknown: sorted(Object.entries(document).filter(([name]) => !isKnown(name))),
  };
  const problem = parametersProblem(parameters);
  if (problem !== undefined) throw new RangeError(`Cannot use parameters: ${problem}`);
  return parameters;
}

export const isKnown = (name: string): boolean =>
  Object.hasOwn(PARAMETER_RANGES, name) || Object.hasOwn(FORMS, name);

function readOther(document: ParametersDocument, name: OtherParameter): unknown {
  const form: Form<unknown> = FORMS[name];
  if (document[name] === undefined && "absent" in form) return form.absent;
  const value = form.read(document[name]);
  if (value === undefined) {
    throw new RangeError(`${name} is ${shown(document[name])}; ${form.needed}`);
  }
  return value;
}

/** Names of parameters and, in a map, of regions and whatever will have names. */
const isName = (name: string): boolean => /^[A-Za-z][A-Za-z0-9._-]{0,63}$/.test(name);
/** Longer than any value so far; a document has no use for more. */
const MAX_TEXT_BYTES = 1024;
/** Of maps in maps. */
const MAX_DEPTH = 4;

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

const shown = (value: unknown): string =>
  typeof value === "object"
    ? isMap(value)
      ? "a map"
      : "a list, bytes or null"
    : String(value).slice(0, 100);

/** A value as any program may write it, whether this one knows the name or not. @throws {RangeError} */
function checkedValue(name: string, value: unknown, depth: number): ParameterValue {
  if (!isName(name))
    throw new RangeError(
      `Parameters have the name ${JSON.stringify(name)}; 1 to 64 of A-Z, a-z, 0-9, ".", "_" and "-", a letter first, are allowed`,
    );
  if (typeof value === "number" && Number.isSafeInteger(value)) return value + 0;
  if (typeof value === "string" && isText(value)) return value;
  if (isMap(value) && depth > 0) {
    const entries = Object.entries(value);
    return Object.fromEntries(entries.map(([key, inner]) => [key, checkedValue(key, inner, depth - 1)]));
  }
  throw new RangeError(`${name} is ${shown(value)}; a whole number, a text or a map of them is allowed`);
}

const isText = (value: string): boolean =>
  value.isWellFormed() && utf8(value).length <= MAX_TEXT_BYTES && !/\p{Cc}/u.test(value);

/** The document as a map for CBOR, whose deterministic encoding sorts it. */
export const parametersMap = (document: ParametersDocument): ReadonlyMap<string, CborValue> =>
  new Map(
    Object.entries(document).map(([name, value]): [string, CborValue] => [
      name,
      typeof value === "object" ? parametersMap(value) : value,
    ]),
  );

/** `parametersMap` undone, for `parseParameters` to check. */
export const documentOfMap = (map: ReadonlyMap<string, CborValue>): Record<string, unknown> =>
  Object.fromEntries(
    [...map].map(([name, value]) => [name, value instanceof Map ? documentOfMap(value) : value]),
  );

const HASH_LABEL = utf8("earshot-parameters");

/** SHA-256 over a label and the canonical CBOR of all named values, known to this program or not. */
export const parametersHash = (parameters: NetworkParameters): Uint8Array =>
  sha256(HASH_LABEL, encodeCbor(parametersMap(formatParameters(parameters))));
