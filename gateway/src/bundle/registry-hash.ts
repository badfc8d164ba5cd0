import {
  ASSERTED_CHANGE,
  type ChangeRecord,
  commitmentRecord,
  compareBytes,
  type Hotspot,
  type RegistryChange,
  readU32,
  registryChangeHash,
  sha256,
  u32,
  utf8,
} from "@earshot/protocol";

/** One hotspot of the registry, as a bundle shows it. */
export interface ShownHotspot {
  /** With the commitments that count in the epoch, but for those to chains that were over before it. */
  hotspot: Hotspot;
  /** In order; the last made it what it is. */
  changes: readonly RegistryChange[];
  /** Epoch of the first bundle that it is in. */
  sinceEpoch: number;
}

export const sortedById = (shown: readonly ShownHotspot[]): ShownHotspot[] =>
  shown.toSorted((a, b) => (a.hotspot.id < b.hotspot.id ? -1 : 1));

/** The registry before any change. */
export const EMPTY_REGISTRY_HASH = new Uint8Array(32);

const LABEL = utf8("earshot-registry");

/**
 * `registryHash` of an epoch: of the whole registry that it is judged by, although its bundle shows only who took part. Each
 * epoch with changes that count from it on adds SHA-256("earshot-registry" ‖ hash before ‖ epoch ‖ key, kind and hash of each
 * change, in that order).
 * @param records of the epochs after that of `before`, in order of epoch, key and kind
 */
export function registryHashAfter(before: Uint8Array, records: readonly ChangeRecord[]): Uint8Array {
  let hash = before;
  for (let i = 0; i < records.length; ) {
    const { fromEpoch } = records[i] as ChangeRecord;
    const parts: Uint8Array[] = [];
    for (; records[i]?.fromEpoch === fromEpoch; i++) {
      const { publicKey, kind, hash: change } = records[i] as ChangeRecord;
      parts.push(publicKey, u32(kind), change);
    }
    hash = sha256(LABEL, hash, u32(fromEpoch), new Uint8Array(Buffer.concat(parts)));
  }
  return hash;
}

/** As an item of `changes.cbor`: epoch (u32), key, kind (u32), hash. */
const RECORD_BYTES = 72;

export const changeRecordBytes = ({ fromEpoch, publicKey, kind, hash }: ChangeRecord): Uint8Array =>
  new Uint8Array(Buffer.concat([u32(fromEpoch), publicKey, u32(kind), hash]));

export const readChangeRecord = (bytes: Uint8Array): ChangeRecord | undefined =>
  bytes.length === RECORD_BYTES
    ? {
        fromEpoch: readU32(bytes, 0),
        publicKey: bytes.slice(4, 36),
        kind: readU32(bytes, 36),
        hash: bytes.slice(40),
      }
    : undefined;

/** The records of these hotspots' changes that count from an epoch after the one before, in order. */
export function recordsOf(
  shown: readonly ShownHotspot[],
  { epoch, previousEpoch }: { epoch: number; previousEpoch: number | null },
): ChangeRecord[] {
  const isNew = ({ fromEpoch }: { fromEpoch: number }) =>
    fromEpoch > (previousEpoch ?? -1) && fromEpoch <= epoch;
  const records = shown.flatMap(({ hotspot: { publicKey, commitments }, changes }): ChangeRecord[] => [
    ...changes.filter(isNew).map((change) => ({
      fromEpoch: change.fromEpoch,
      publicKey,
      kind: ASSERTED_CHANGE,
      hash: registryChangeHash(publicKey, change),
    })),
    ...commitments.filter(isNew).map((commitment) => commitmentRecord(publicKey, commitment)),
  ]);
  return records.sort(inOrder);
}

export const inOrder = (a: ChangeRecord, b: ChangeRecord): number =>
  a.fromEpoch - b.fromEpoch || compareBytes(a.publicKey, b.publicKey) || a.kind - b.kind;

const DENIALS_LABEL = utf8("earshot-denials");

/** `denialsHash` of an epoch: SHA-256("earshot-denials" ‖ SHA-256 of each message in force), in order of subject. */
export const denialsHash = (messages: readonly Uint8Array[]): Uint8Array =>
  sha256(DENIALS_LABEL, ...messages.map((message) => sha256(message)));
