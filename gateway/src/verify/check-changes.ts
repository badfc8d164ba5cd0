import {
  type AcceptedCommitment,
  ASSERTED_CHANGE,
  type ChangeRecord,
  chainOfRecord,
  commitmentRecord,
  hotspotId,
  type Manifest,
  registryChangeHash,
} from "@earshot/protocol";
import { MANIFEST_FILE } from "../bundle/bundle.ts";
import { readByteStrings } from "../bundle/cbor-sequences.ts";
import {
  EMPTY_REGISTRY_HASH,
  inOrder,
  readChangeRecord,
  registryHashAfter,
  type ShownHotspot,
} from "../bundle/registry-hash.ts";
import { type Check, differ, expectEqual } from "./check.ts";

/*
 * `changes.cbor`: every change of the registry that counts from this epoch (or a skipped one before it), by key and hash.
 * The manifest's registryHash stands for all of them since the network began, whoever took part, so none can be slipped in
 * or left out later.
 */

const FILE = "changes.cbor";

/** What the bundles so far named, by key in hex. */
export type KnownChanges = ReadonlyMap<string, KnownRecords>;

interface KnownRecords {
  /** Hashes of its changes, in order. */
  changes: readonly string[];
  /** Its newest commitment to each chain. */
  commitments: ReadonlyMap<number, string>;
}

/** In order, each once, and of the epochs since the manifest before. */
export function* readChanges(
  bytes: Uint8Array,
  { epoch, previousEpoch }: Pick<Manifest, "epoch" | "previousEpoch">,
): Check<ChangeRecord[]> {
  const read = readByteStrings(bytes);
  if (!read.ok) {
    return yield* differ(FILE, `item ${read.item + 1}`, "a record", `unreadable bytes at ${read.offset}`);
  }
  const first = (previousEpoch ?? -1) + 1;
  const records: ChangeRecord[] = [];
  for (const [i, item] of read.items.entries()) {
    const record = readChangeRecord(item);
    const at = `item ${i + 1}`;
    if (record === undefined)
      return yield* differ(FILE, at, "epoch, key, kind and hash", `${item.length} bytes`);
    const before = records.at(-1);
    if (before !== undefined && inOrder(before, record) >= 0) {
      yield* differ(FILE, at, "records in order of epoch, key and kind", hotspotId(record.publicKey));
    }
    if (record.fromEpoch < first || record.fromEpoch > epoch) {
      yield* differ(FILE, at, `a change from epoch ${first} to ${epoch}`, String(record.fromEpoch));
    }
    records.push(record);
  }
  return records;
}

interface Before {
  /** `registryHash` of the manifest before; undefined where that is not known. */
  registryHash: Uint8Array | undefined;
  known: KnownChanges;
  isComplete: boolean;
}

/**
 * That the hash follows from these records, and that the hotspots shown have exactly the changes that the records name.
 * @param fromChain commitments to earlier chains are shown no more
 */
export function* checkChanges(
  records: readonly ChangeRecord[],
  shown: readonly ShownHotspot[],
  { previousEpoch, registryHash }: Pick<Manifest, "previousEpoch" | "registryHash">,
  before: Before,
  fromChain: number,
): Check<void> {
  const hashBefore = previousEpoch === null ? EMPTY_REGISTRY_HASH : before.registryHash;
  if (hashBefore !== undefined) {
    const expected = registryHashAfter(hashBefore, records).toHex();
    yield* expectEqual(MANIFEST_FILE, "registryHash", expected, registryHash.toHex());
  }
  const asserted = records.filter(({ kind }) => kind === ASSERTED_CHANGE);
  const own = Map.groupBy(asserted, ({ publicKey }) => publicKey.toHex());
  const committed = Map.groupBy(
    records.filter((record) => (chainOfRecord(record) ?? -1) >= fromChain),
    ({ publicKey }) => publicKey.toHex(),
  );
  for (const { hotspot, changes } of shown) {
    const key = hotspot.publicKey.toHex();
    const hashes = changes.map((change) => registryChangeHash(hotspot.publicKey, change).toHex());
    const first = changes.findIndex(({ fromEpoch }) => fromEpoch > (previousEpoch ?? -1));
    const old = first < 0 ? hashes : hashes.slice(0, first);
    const at = `hotspot ${hotspot.id}`;
    yield* expectSame(at, hashes.slice(old.length), own.get(key)?.map(({ hash }) => hash.toHex()) ?? []);
    if (before.isComplete && old.length > 0) {
      // It may have been forgotten and come back: then earlier records are of before that.
      const known = before.known.get(key)?.changes.slice(-old.length) ?? [];
      yield* expectSame(`${at}, in bundles before`, old, known);
    }
    yield* checkCommitmentRecords(hotspot, committed.get(key) ?? [], previousEpoch, before);
  }
}

function* checkCommitmentRecords(
  { id, publicKey, commitments }: ShownHotspot["hotspot"],
  records: readonly ChangeRecord[],
  previousEpoch: number | null,
  { known, isComplete }: Before,
): Check<void> {
  const hashOf = (commitment: AcceptedCommitment) => commitmentRecord(publicKey, commitment).hash.toHex();
  const at = `hotspot ${id}, commitments`;
  const isNew = ({ fromEpoch }: AcceptedCommitment) => fromEpoch > (previousEpoch ?? -1);
  const shown = commitments.filter(isNew).map(hashOf);
  yield* expectSame(at, shown.toSorted(), records.map(({ hash }) => hash.toHex()).toSorted());
  if (!isComplete) return;
  const told = known.get(publicKey.toHex())?.commitments;
  for (const commitment of commitments) {
    if (isNew(commitment)) continue;
    const recorded = told?.get(commitment.chain) ?? "none";
    yield* expectSame(`${at}, in bundles before`, [hashOf(commitment)], [recorded]);
  }
}

function* expectSame(at: string, told: readonly string[], recorded: readonly string[]): Check<void> {
  for (let i = 0; i < Math.max(told.length, recorded.length); i++) {
    const [expected, found] = [told[i] ?? "no such change", recorded[i] ?? "none"];
    yield* expectEqual(FILE, `${at}, hash of a change`, expected, found, "as registry.json shows it");
  }
}

/** What is known after the epoch. */
export function changesAfter(before: KnownChanges, records: readonly ChangeRecord[]): KnownChanges {
  if (records.length === 0) return before;
  const all = new Map(before);
  for (const record of records) {
    const [key, hash, chain] = [record.publicKey.toHex(), record.hash.toHex(), chainOfRecord(record)];
    const { changes, commitments } = all.get(key) ?? { changes: [], commitments: new Map<number, string>() };
    if (chain === undefined) all.set(key, { changes: [...changes, hash], commitments });
    else {
      // Those to chains that are over are shown no more.
      const staying = [...commitments].filter(([other]) => other >= chain - 2);
      all.set(key, { changes, commitments: new Map([...staying, [chain, hash]]) });
    }
  }
  return all;
}
