import { type CborValue, decodeCbor, encodeCbor } from "../encoding/cbor.ts";

/**
 * Two signed statements of one network that contradict each other: that it has stored a report, and a list of what it had
 * from which the report is missing. All that is needed to judge it is in the file, but for the network's root key.
 */
export interface Evidence {
  network: string;
  /** A receipt, or a message with a verdict on the report. */
  confirmation: Uint8Array;
  /** The report, as its hotspot signed it. */
  packet: Uint8Array;
  /** Any version of the network's parameters, as signed: deadlines and epochs are the same in all. */
  parameters: Uint8Array;
  /** All key documents of the network; none where the root key signs. */
  keys: readonly Uint8Array[];
  contradiction: Contradiction;
}

/** What the report is missing from. */
export type Contradiction =
  /** The signed root over the reports about an entropy index, with their ids. */
  | { kind: "index_root"; root: Uint8Array; packetIds: readonly Uint8Array[] }
  /** The manifest of the report's epoch, with the `packets.cbor` that it names. */
  | { kind: "bundle"; manifest: Uint8Array; packets: Uint8Array }
  /** A later manifest, which says that there was no epoch where the report belongs. */
  | { kind: "skipped_epoch"; manifest: Uint8Array };

const TITLE = "earshot-evidence";
const VERSION = 1;
const KINDS: readonly Contradiction["kind"][] = ["index_root", "bundle", "skipped_epoch"];
const ID_BYTES = 32;

/**
 * As a file: a CBOR array, which may grow at its end as messages do.
 *
 *   "earshot-evidence", 1, network, kind, confirmation, packet, parameters, [key document, …], signed list, list
 *
 * `list` are the ids one after the other, `packets.cbor`, or null.
 */
export function encodeEvidence({ contradiction, ...evidence }: Evidence): Uint8Array {
  const { network, confirmation, packet, parameters, keys } = evidence;
  const common = [TITLE, VERSION, network, KINDS.indexOf(contradiction.kind)];
  const [signed, list] = listOf(contradiction);
  return encodeCbor([...common, confirmation, packet, parameters, keys, signed, list]);
}

function listOf(contradiction: Contradiction): [signed: Uint8Array, list: Uint8Array | null] {
  if (contradiction.kind === "skipped_epoch") return [contradiction.manifest, null];
  if (contradiction.kind === "bundle") return [contradiction.manifest, contradiction.packets];
  const { root, packetIds } = contradiction;
  const list = new Uint8Array(packetIds.length * ID_BYTES);
  for (const [i, id] of packetIds.entries()) list.set(id, i * ID_BYTES);
  return [root, list];
}

/** `undefined` for anything else than such a file. */
export function decodeEvidence(file: Uint8Array): Evidence | undefined {
  const decoded = decodeCbor(file);
  if (!decoded.ok || !Array.isArray(decoded.value)) return undefined;
  const [title, version, network, kind, confirmation, packet, parameters, keys, signed, list] =
    decoded.value as CborValue[];
  if (title !== TITLE || typeof version !== "number" || typeof network !== "string") return undefined;
  if (!isBytes(confirmation) || !isBytes(packet) || !isBytes(parameters) || !isBytes(signed))
    return undefined;
  if (!Array.isArray(keys) || !keys.every(isBytes)) return undefined;
  const contradiction = contradictionOf(kind ?? null, signed, list ?? null);
  return contradiction && { network, confirmation, packet, parameters, keys, contradiction };
}

function contradictionOf(kind: CborValue, signed: Uint8Array, list: CborValue): Contradiction | undefined {
  const name = typeof kind === "number" ? KINDS[kind] : undefined;
  if (name === "skipped_epoch") return { kind: name, manifest: signed };
  if (!isBytes(list)) return undefined;
  if (name === "bundle") return { kind: name, manifest: signed, packets: list };
  if (name !== "index_root" || list.length % ID_BYTES !== 0) return undefined;
  const packetIds = Array.from({ length: list.length / ID_BYTES }, (_, i) =>
    list.subarray(i * ID_BYTES, (i + 1) * ID_BYTES),
  );
  return { kind: name, root: signed, packetIds };
}

const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array;
