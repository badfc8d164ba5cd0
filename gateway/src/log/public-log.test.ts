import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { signerFromSeed, utf8 } from "@earshot/protocol";
import {
  decodeEntries,
  entryHash,
  parseCheckpoint,
  parseNote,
  parseProof,
  rootOf,
  SIGNATURE_TYPES,
  signatureOf,
  verifyConsistency,
  verifyProofOf,
} from "@earshot/protocol/tlog";
import { openStore } from "../store/open-store.ts";
import type { LogAddition, Store } from "../store/store.ts";
import type { Missing } from "./log-sources.ts";
import { PublicLog, type SignedHead } from "./public-log.ts";

const signer = signerFromSeed(new Uint8Array(32).fill(5));
const message = (n: number) => utf8(`message ${n}`);

/** Messages that are to be logged: those from `logThrough` on are missing. */
class Source {
  made = 0;
  readonly store: Store;
  constructor(store: Store) {
    this.store = store;
  }
  async next(): Promise<Missing> {
    const first = ((await this.store.logThrough("entropy")) ?? -1) + 1;
    const last = Math.min(this.made, first + 100) - 1;
    const entries = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => ({
      ...{ kind: "entropy" as const, number: first + i, message: message(first + i) },
    }));
    return { entries, through: entries.length > 0 ? { entropy: last } : {} };
  }
  added() {}
  forget() {}
}

let store: Store;
let source: Source;
/** Every checkpoint that was published, in order. */
let published: SignedHead[];

beforeEach(async () => {
  store = await openStore("sqlite://:memory:");
  source = new Source(store);
  published = [];
});
afterEach(() => store.close());

const open = (over: Pick<Store, "addToLog"> = store) =>
  new PublicLog({
    store: { ...store, addToLog: (addition) => over.addToLog(addition) },
    sources: source,
    origin: "earshot/test",
    signer: () => signer,
    onCheckpoint: async (head) => void published.push(head),
  });

const headOf = ({ note }: SignedHead) => {
  const checkpoint = parseCheckpoint(parseNote(note) ?? { text: "" });
  if (checkpoint === undefined) throw new Error(`no checkpoint: ${note}`);
  return checkpoint;
};
const leaves = (count: number) => Array.from({ length: count }, (_, i) => entryHash(message(i)));

test("each checkpoint is signed, is over all that is stored, and continues the one before", async () => {
  const log = open();
  for (const made of [1, 2, 255, 256, 257, 700]) {
    source.made = made;
    await log.advance();
  }
  const key = { name: "earshot/test", type: SIGNATURE_TYPES.log, publicKey: signer.publicKey };
  for (const head of published) {
    expect(headOf(head)).toEqual({
      origin: "earshot/test",
      size: head.size,
      root: rootOf(leaves(head.size)),
    });
    expect(signatureOf(parseNote(head.note) ?? { text: "", signatures: [] }, key)).toBeObject();
  }
  expect(published.map(({ size }) => size)).toEqual([1, 2, 102, 202, 255, 256, 257, 357, 457, 557, 657, 700]);
  for (const [i, head] of published.slice(1).entries()) {
    const old = headOf(published[i] as SignedHead);
    expect(verifyConsistency(old, headOf(head), await log.consistency(old.size, head.size))).toBe(true);
  }
  await log.advance();
  expect(published).toHaveLength(12);
});

test("a run that goes on after another continues its log, wherever it ended", async () => {
  for (const made of [3, 256, 300, 600]) {
    source.made = made;
    const log = open();
    await log.advance();
    expect(log.head?.size).toBe(made);
    expect(headOf(log.head as SignedHead).root).toEqual(rootOf(leaves(made)));
  }
});

describe("a store that fails", () => {
  const failing = (isWritten: boolean, times: number) => ({
    left: times,
    async addToLog(addition: LogAddition) {
      const fails = this.left-- > 0;
      if (isWritten || !fails) await store.addToLog(addition);
      if (fails) throw new Error("disk full");
    },
  });

  test.each([
    ["without having written", false],
    ["although it has written", true],
  ])(
    "%s: nothing is published before it is stored, and no two checkpoints disagree",
    async (_how, isWritten) => {
      const log = open(failing(isWritten, 2));
      for (source.made = 10; source.made <= 60; source.made += 10) {
        await log.advance().catch((error: unknown) => {
          expect(String(error)).toContain("disk full");
          expect(log.problem).toContain("Nothing can be appended");
        });
        expect(log.head?.size ?? 0).toBeLessThanOrEqual(await store.logSize());
      }
      expect(log.problem).toBeUndefined();
      expect(log.head?.size).toBe(60);
      for (const head of published) expect(headOf(head).root).toEqual(rootOf(leaves(head.size)));
    },
  );
});

test("entries that are not those of the checkpoint are never signed", async () => {
  source.made = 5;
  await open().advance();
  const entry = { kind: "entropy" as const, number: 5, message: message(5) };
  const other = { position: 5, entries: [entry], hashes: [], through: { entropy: 5 } };
  await store.addToLog({ ...other, note: published[0]?.note ?? "" });
  source.made = 9;
  const log = open();
  expect(log.advance()).rejects.toThrow("6 entries are not those of its checkpoint (5)");
  expect(await store.logSize()).toBe(6);
  expect(log.problem).toContain("Nothing can be appended");
});

test("its tiles hold what they should, and none is served before it is below a checkpoint", async () => {
  source.made = 600;
  const log = open();
  expect(await log.tile({ level: 0, index: 0, width: 1 })).toBeUndefined();
  await log.advance();
  const all = leaves(600);
  expect(await log.tile({ level: 0, index: 1, width: 256 })).toEqual(Buffer.concat(all.slice(256, 512)));
  expect(await log.tile({ level: 0, index: 2, width: 88 })).toEqual(Buffer.concat(all.slice(512)));
  expect(await log.tile({ level: 1, index: 0, width: 2 })).toEqual(
    Buffer.concat([rootOf(all.slice(0, 256)), rootOf(all.slice(256, 512))]),
  );
  const entries = await log.tile({ level: "entries", index: 2, width: 88 });
  expect(entries && decodeEntries(entries)?.map((entry) => Buffer.from(entry).toString())).toEqual(
    Array.from({ length: 88 }, (_, i) => `message ${512 + i}`),
  );
  const [beyond, level2] = [
    { level: 0, index: 2, width: 89 },
    { level: 2, index: 0, width: 1 },
  ];
  for (const name of [beyond, level2, { level: 0, index: 3, width: 256 }]) {
    expect(await log.tile(name)).toBeUndefined();
  }
});

test("a proof has all that is needed to check it", async () => {
  source.made = 300;
  const log = open();
  await log.advance();
  const proof = parseProof((await log.prove("entropy", 17, log.head as SignedHead)) ?? "");
  expect(proof?.extra).toEqual(message(17));
  expect(proof && verifyProofOf(message(17), proof)).toMatchObject({ ok: true, checkpoint: { size: 300 } });
  expect(proof && verifyProofOf(message(18), proof)).toMatchObject({ ok: false });
  expect(await log.prove("entropy", 300, log.head as SignedHead)).toBeUndefined();
  expect(await log.prove("entropy", 17, published[0] as SignedHead)).toBeDefined();
  expect(await log.prove("entropy", 250, { ...(published[0] as SignedHead) })).toBeUndefined();
});
