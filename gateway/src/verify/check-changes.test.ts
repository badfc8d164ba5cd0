import { expect, test } from "bun:test";
import {
  type AcceptedCommitment,
  type ChangeRecord,
  commitmentRecord,
  type Hotspot,
  type Manifest,
  registryChangeHash,
} from "@earshot/protocol";
import { writeByteStrings } from "../bundle/cbor-sequences.ts";
import {
  changeRecordBytes,
  EMPTY_REGISTRY_HASH,
  inOrder,
  recordsOf,
  registryHashAfter,
  type ShownHotspot,
} from "../bundle/registry-hash.ts";
import { hotspot } from "../store/test-data.ts";
import { runCheck } from "./check.ts";
import { changesAfter, checkChanges, type KnownChanges, readChanges } from "./check-changes.ts";

const EPOCH = 20;
const span = { epoch: EPOCH, previousEpoch: EPOCH - 1 };
const key = (n: number) => new Uint8Array(32).fill(n);
const change = (fromEpoch: number, n = 1) => ({
  ...{ fromEpoch, atMs: fromEpoch * 1000 + n, evidence: Uint8Array.of(n) },
});

const shownAs = (n: number, ...changes: ReturnType<typeof change>[]): ShownHotspot => ({
  hotspot: { ...hotspot({ id: `z${n}` }), publicKey: key(n) } as Hotspot,
  ...{ changes, sinceEpoch: EPOCH },
});

/** One new in this epoch, one that moves, and one that has not changed. */
const SHOWN = [shownAs(1, change(EPOCH)), shownAs(2, change(12), change(EPOCH)), shownAs(3, change(12))];
/** Those and one that no bundle shows. */
const RECORDS = [
  ...recordsOf(SHOWN, span),
  { fromEpoch: EPOCH, publicKey: key(9), kind: 0, hash: key(99) },
].sort(inOrder);
const EARLIER = recordsOf([shownAs(2, change(12)), shownAs(3, change(12))], {
  epoch: 19,
  previousEpoch: null,
});
const KNOWN = changesAfter(new Map(), EARLIER);
const BEFORE = registryHashAfter(EMPTY_REGISTRY_HASH, EARLIER);
const MANIFEST = { ...span, registryHash: registryHashAfter(BEFORE, RECORDS) };

interface Told {
  records?: ChangeRecord[];
  shown?: ShownHotspot[];
  manifest?: Partial<Manifest>;
  known?: KnownChanges;
  isComplete?: boolean;
}

function checked({
  records = RECORDS,
  shown = SHOWN,
  manifest,
  known = KNOWN,
  isComplete = true,
}: Told = {}) {
  const before = { registryHash: BEFORE, known, isComplete };
  const result = runCheck(checkChanges(records, shown, { ...MANIFEST, ...manifest }, before, 0));
  return result.ok ? "holds" : `${result.difference.file}: ${result.difference.at}`;
}

/** Signed again over the changed records, so that nothing but what was announced and shown contradicts them. */
const signedAgain = (records: ChangeRecord[]): Told => ({
  records,
  manifest: { registryHash: registryHashAfter(BEFORE, records) },
});

test("changes that are recorded and shown alike hold", () => {
  expect(checked()).toBe("holds");
  expect(registryHashAfter(BEFORE, [])).toEqual(BEFORE);
});

test("a record that the manifest's hash does not have is found, and one that is missing", () => {
  expect(checked({ records: RECORDS.slice(1) })).toBe("manifest.cbor: registryHash");
  expect(checked({ records: [...RECORDS, { ...RECORDS[0], publicKey: key(200) } as ChangeRecord] })).toBe(
    "manifest.cbor: registryHash",
  );
});

test("a change that is shown and not recorded, or recorded and not shown, is named", () => {
  const without = RECORDS.filter(({ publicKey }) => publicKey[0] !== 1);
  expect(checked(signedAgain(without))).toBe("changes.cbor: hotspot z1, hash of a change");
  const hidden = [shownAs(1, change(EPOCH)), shownAs(2, change(12)), shownAs(3, change(12))];
  expect(checked({ shown: hidden })).toBe("changes.cbor: hotspot z2, hash of a change");
});

test("another change than the recorded one is named: another time, epoch or evidence", () => {
  for (const told of [
    change(EPOCH, 2),
    { ...change(EPOCH), atMs: 5 },
    { ...change(EPOCH), evidence: key(1) },
  ]) {
    expect(checked({ shown: [shownAs(1, told), ...SHOWN.slice(1)] })).toContain("hotspot z1");
  }
});

test("an old change that no bundle before has recorded is named, unless those are not all known", () => {
  const older = [...SHOWN.slice(0, 2), shownAs(3, change(11))];
  expect(checked({ shown: older })).toBe("changes.cbor: hotspot z3, in bundles before, hash of a change");
  expect(checked({ shown: older, isComplete: false })).toBe("holds");
});

test("a hotspot that was forgotten and came back begins anew", () => {
  const twice = changesAfter(KNOWN, [
    { fromEpoch: 15, publicKey: key(3), kind: 0, hash: registryChangeHash(key(3), change(15)) },
  ]);
  expect(checked({ shown: [...SHOWN.slice(0, 2), shownAs(3, change(15))], known: twice })).toBe("holds");
  expect(checked({ known: twice })).toContain("hotspot z3, in bundles before");
});

const committed = (n: number, ...commitments: AcceptedCommitment[]): ShownHotspot => {
  const shown = SHOWN[n - 1] as ShownHotspot;
  return { ...shown, hotspot: { ...shown.hotspot, commitments } };
};
const toChain = (chain: number, fromEpoch: number, n = 1): AcceptedCommitment => ({
  ...{ chain, fromEpoch, head: key(n), atMs: fromEpoch * 1000, evidence: Uint8Array.of(n) },
});
const recordsWith = (shown: ShownHotspot[]) =>
  [...recordsOf(shown, span), ...RECORDS.filter(({ publicKey }) => publicKey[0] === 9)].sort(inOrder);

test("so is a commitment that is shown and not recorded, recorded and not shown, or another than the recorded one", () => {
  const shown = [committed(1, toChain(4, EPOCH), toChain(5, EPOCH)), ...SHOWN.slice(1)];
  const records = signedAgain(recordsWith(shown));
  const at = "changes.cbor: hotspot z1, commitments, hash of a change";
  expect(checked({ ...records, shown })).toBe("holds");
  expect(checked({ shown })).toBe(at);
  expect(checked(records)).toBe(at);
  for (const other of [toChain(5, EPOCH, 2), { ...toChain(5, EPOCH), atMs: 5 }, toChain(6, EPOCH)]) {
    expect(checked({ ...records, shown: [committed(1, toChain(4, EPOCH), other), ...SHOWN.slice(1)] })).toBe(
      at,
    );
  }
});

test("a commitment dated before the bundles that would have had it is named", () => {
  const shown = [...SHOWN.slice(0, 2), committed(3, toChain(4, 12))];
  const known = changesAfter(KNOWN, [commitmentRecord(key(3), toChain(4, 12))]);
  expect(checked({ shown, known })).toBe("holds");
  const at = "changes.cbor: hotspot z3, commitments, in bundles before, hash of a change";
  expect(checked({ shown })).toBe(at);
  expect(checked({ shown: [...SHOWN.slice(0, 2), committed(3, toChain(4, 12, 2))], known })).toBe(at);
  expect(checked({ shown, isComplete: false })).toBe("holds");
});

function read(items: Uint8Array[]) {
  const result = runCheck(readChanges(writeByteStrings(items), span));
  return result.ok ? result.value : result.difference.expected;
}

test("the file is read as it is written, and in one form only", () => {
  const items = RECORDS.map(changeRecordBytes);
  expect(read(items)).toEqual(RECORDS);
  expect(read([])).toEqual([]);
  expect(read(items.toReversed())).toBe("records in order of epoch, key and kind");
  expect(read([items[0], items[0]] as Uint8Array[])).toBe("records in order of epoch, key and kind");
  expect(read([new Uint8Array(71)])).toBe("epoch, key, kind and hash");
  const early = changeRecordBytes({ ...(RECORDS[0] as ChangeRecord), fromEpoch: EPOCH - 1 });
  expect(read([early])).toBe(`a change from epoch ${EPOCH} to ${EPOCH}`);
  const result = runCheck(readChanges(Uint8Array.of(0x58), span));
  expect(result).toMatchObject({ ok: false, difference: { found: "unreadable bytes at 0" } });
});
