import {
  type LatestContacts,
  type NetworkParameters,
  parseParameters,
  type SequenceRange,
} from "@earshot/protocol";
import { errorText } from "@earshot/protocol/runtime";
import {
  contactsSchema,
  type RegistryEntry,
  registrySchema,
  sequencesSchema,
  storedLeafSchema,
} from "./json-schemas.ts";
import { formatParametersFile, formatSequences } from "./json-texts.ts";

/*
 * Readers of a bundle's JSON files. They return a problem as text and never throw: what they read may
 * come from anybody.
 */

export type TextRead<T> = { ok: true; value: T } | { ok: false; problem: string };

/** Strict UTF-8, or the text could differ from the bytes that were hashed. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of a file, or what is wrong with it. */
export function readText(bytes: Uint8Array): TextRead<string> {
  try {
    return { ok: true, value: decoder.decode(bytes) };
  } catch {
    return { ok: false, problem: "not UTF-8" };
  }
}

export function readParametersFile(text: string): TextRead<NetworkParameters> {
  const read = readJson(text);
  if (!read.ok) return read;
  try {
    const value = parseParameters(read.value);
    return canonical(value, text, formatParametersFile);
  } catch (error) {
    return { ok: false, problem: errorText(error) };
  }
}

/** Entries in order of id, each once. The verifier checks the canonical form: it formats the registry again. */
export function readRegistry(text: string): TextRead<RegistryEntry[]> {
  const read = parsed(text, registrySchema);
  if (!read.ok) return read;
  const unsorted = read.value.find(({ id }, i) => i > 0 && id <= (read.value[i - 1] as RegistryEntry).id);
  if (unsorted === undefined) return read;
  return { ok: false, problem: `hotspot ${unsorted.id} is out of order or there twice` };
}

export function readSequences(text: string): TextRead<Map<string, SequenceRange[]>> {
  const read = parsed(text, sequencesSchema);
  return read.ok ? canonical(read.value, text, formatSequences) : read;
}

/** The verifier checks the canonical form: it formats the contacts again. */
export function readContacts(text: string): TextRead<Map<string, LatestContacts>> {
  const read = parsed(text, contactsSchema);
  if (!read.ok) return read;
  const contacts = read.value.map(({ hotspot, ...latest }): [string, LatestContacts] => [hotspot, latest]);
  return { ok: true, value: new Map(contacts) };
}

/** Cumulative amounts before the epoch, from the bundle's own leaves: cumulative − delta. */
export function readAmountsBefore(text: string): TextRead<Map<string, bigint>> {
  const before = new Map<string, bigint>();
  for (const [i, line] of text.split("\n").slice(0, -1).entries()) {
    const leaf = parsed(line, storedLeafSchema);
    if (!leaf.ok) return { ok: false, problem: `line ${i + 1}: ${leaf.problem}` };
    const { hotspot, cumulative, delta } = leaf.value;
    if (delta > cumulative) return { ok: false, problem: `line ${i + 1}: delta is larger than cumulative` };
    before.set(hotspot, cumulative - delta);
  }
  return { ok: true, value: before };
}

function readJson(text: string): TextRead<unknown> {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return { ok: false, problem: `not JSON: ${errorText(error)}` };
  }
}

interface Schema<T> {
  safeParse(
    value: unknown,
  ):
    | { success: true; data: T }
    | { success: false; error: { issues: { path: PropertyKey[]; message: string }[] } };
}

function parsed<T>(text: string, schema: Schema<T>): TextRead<T> {
  const read = readJson(text);
  if (!read.ok) return read;
  const result = schema.safeParse(read.value);
  if (result.success) return { ok: true, value: result.data };
  const [issue] = result.error.issues;
  return { ok: false, problem: `${issue?.path.map(String).join(".")}: ${issue?.message}` };
}

/** One content has one text: any other order, spacing or repetition is not canonical. */
function canonical<T>(value: T, text: string, format: (value: T) => string): TextRead<T> {
  const expected = format(value).split("\n");
  const found = text.split("\n");
  const line = expected.findIndex((content, i) => content !== found[i]);
  if (line < 0 && expected.length === found.length) return { ok: true, value };
  return { ok: false, problem: `line ${(line < 0 ? expected.length : line) + 1} is not in canonical form` };
}
