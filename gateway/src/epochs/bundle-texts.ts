import {
  formatParameters,
  type Hotspot,
  type MerkleTree,
  type NetworkParameters,
  parseParameters,
  type SequenceRange,
  type Settlement,
  type Verdict,
} from "@earshot/protocol";
import { registrySchema, sequencesSchema, storedLeafSchema } from "./bundle-schemas.ts";

/*
 * The JSON files of a bundle (described in `bundle.ts`). Keys are written in one order and lists are sorted, so that
 * the same content is the same text. Readers give a text that says what is wrong, never an exception: what they read
 * may come from anybody.
 */

type Payment = Settlement["payments"][number];
export type TextRead<T> = { ok: true; value: T } | { ok: false; problem: string };

const hex = (bytes: Uint8Array): string => `0x${bytes.toHex()}`;
const json = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`;
const lines = (values: readonly unknown[]): string =>
  values.map((value) => `${JSON.stringify(value)}\n`).join("");

/** Keys in alphabetical order: objects with the same parameters may have them in another one. */
export const formatParametersFile = (parameters: NetworkParameters): string =>
  json(Object.fromEntries(Object.entries(formatParameters(parameters)).sort(([a], [b]) => (a < b ? -1 : 1))));

export function formatRegistry(hotspots: readonly Hotspot[]): string {
  const sorted = hotspots.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return json(
    sorted.map((hotspot) => ({
      id: hotspot.id,
      publicKey: hex(hotspot.publicKey),
      latE7: hotspot.latE7,
      lonE7: hotspot.lonE7,
      elevationM: hotspot.elevationM,
      antennaGainDdbi: hotspot.antennaGainDdbi,
      region: hotspot.region,
      payee: hotspot.payee && hex(hotspot.payee),
      registeredAtMs: hotspot.registeredAtMs,
      evidence: hotspot.evidence && hex(hotspot.evidence),
    })),
  );
}

export function formatSequences(used: ReadonlyMap<string, readonly SequenceRange[]>): string {
  const entries = [...used].filter(([, ranges]) => ranges.length > 0).sort(([a], [b]) => (a < b ? -1 : 1));
  return json(
    Object.fromEntries(entries.map(([id, ranges]) => [id, ranges.map(({ first, last }) => [first, last])])),
  );
}

export const formatVerdicts = (verdicts: readonly Verdict[]): string =>
  lines(
    verdicts
      .toSorted((a, b) => (a.packetId < b.packetId ? -1 : 1))
      .map(({ packetId, hotspotId, beaconKey, type, outcome, reason, measurements }) => ({
        packetId,
        hotspotId,
        beaconKey,
        type,
        outcome,
        reason,
        measurements: measurements.map(({ name, value }) => ({ name, value })),
      })),
  );

export const formatLeaves = (payments: readonly Payment[]): string =>
  lines(
    payments
      .toSorted((a, b) => (a.hotspotId < b.hotspotId ? -1 : 1))
      .map(({ hotspotId, payee, cumulative, delta }) => ({
        hotspot: hotspotId,
        payee: hex(payee),
        cumulative: cumulative.toString(),
        delta: delta.toString(),
      })),
  );

export const formatTree = (tree: MerkleTree): string => json(tree.dump());

/** Strict UTF-8, or the text could differ from the bytes that were hashed. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function readJson(text: string): TextRead<unknown> {
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    return { ok: false, problem: `not JSON: ${message(error)}` };
  }
}

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

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
    return { ok: false, problem: message(error) };
  }
}

export function readRegistry(text: string): TextRead<Hotspot[]> {
  const read = parsed(text, registrySchema);
  if (!read.ok) return read;
  const unsorted = read.value.find(({ id }, i) => i > 0 && id <= (read.value[i - 1] as Hotspot).id);
  if (unsorted !== undefined)
    return { ok: false, problem: `hotspot ${unsorted.id} is out of order or there twice` };
  return canonical(read.value, text, formatRegistry);
}

export function readSequences(text: string): TextRead<Map<string, SequenceRange[]>> {
  const read = parsed(text, sequencesSchema);
  return read.ok ? canonical(read.value, text, formatSequences) : read;
}

/** Cumulative amounts before the epoch, as the bundle's own leaves tell them: cumulative − delta. */
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

/** One content, one text: whatever else a text says, in other order or twice, is not a bundle's. */
function canonical<T>(value: T, text: string, format: (value: T) => string): TextRead<T> {
  const expected = format(value).split("\n");
  const found = text.split("\n");
  const line = expected.findIndex((content, i) => content !== found[i]);
  if (line < 0 && expected.length === found.length) return { ok: true, value };
  return { ok: false, problem: `line ${(line < 0 ? expected.length : line) + 1} is not in canonical form` };
}
