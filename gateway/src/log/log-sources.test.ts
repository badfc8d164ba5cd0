import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  DEFAULT_PARAMETERS,
  indexRootMessage,
  packetsRoot,
  sha256,
  signerFromSeed,
  utf8,
} from "@earshot/protocol";
import { judgedFromMs } from "@earshot/protocol/omission";
import { formatProof, parseProof } from "@earshot/protocol/tlog";
import { KeyRing } from "../keys/key-ring.ts";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import { entropyRecord, storedEpoch, storedPacket } from "../store/test-data.ts";
import { LogSources, type Missing } from "./log-sources.ts";
import { ManifestProofs } from "./manifest-proofs.ts";

const NETWORK = "testnet-1";
const PARAMETERS = { ...DEFAULT_PARAMETERS, network: NETWORK };
const AT_MS = Date.UTC(2026, 5, 1);
const signer = signerFromSeed(new Uint8Array(32).fill(3));
const manifest = (bundle: string) => utf8(`manifest of ${bundle}`);

let store: Store;
let statements: Uint8Array[];
let sources: LogSources;

beforeEach(async () => {
  store = await openStore("sqlite://:memory:");
  statements = [];
  const clock = { now: () => AT_MS };
  sources = new LogSources({
    ...{ store, parameters: PARAMETERS, clock },
    statements: () => statements,
    bundles: { manifest },
    signer: KeyRing.ofRoot(NETWORK, signer, clock),
  });
});
afterEach(() => store.close());

/** Logs all that is missing, portion by portion. */
async function logAll(): Promise<Missing[]> {
  const portions: Missing[] = [];
  for (;;) {
    const missing = await sources.next();
    if (missing.entries.length === 0) return portions;
    portions.push(missing);
    await store.addToLog({ position: await store.logSize(), ...missing, hashes: [], note: "" });
    sources.added(missing);
  }
}

const numbers = (portions: readonly Missing[], of: string) =>
  portions.flatMap(({ entries }) => entries).flatMap(({ kind, number }) => (kind === of ? [number] : []));
const upTo = (count: number, first = 0) => Array.from({ length: count }, (_, i) => first + i);

test("an old network's log is made in portions, each kind in its order, with gaps where it was down", async () => {
  const indexes = [...upTo(300, 1), ...upTo(300, 1000)];
  for (const index of indexes) await store.addEntropy(entropyRecord(index), utf8(`entropy ${index}`));
  await store.addJudgement(1200, [], [], []);
  for (const epoch of upTo(600)) {
    const bundle = `bundle ${epoch}`;
    await store.addEpoch(
      { ...storedEpoch(epoch), bundle, manifestHash: sha256(manifest(bundle)) },
      [],
      [],
      0,
    );
  }
  const portions = await logAll();
  expect(Math.max(...portions.map(({ entries }) => entries.length))).toBe(256);
  expect(numbers(portions, "entropy")).toEqual(indexes);
  expect(numbers(portions, "index")).toEqual(indexes.filter((index) => index <= 1200));
  expect(numbers(portions, "manifest")).toEqual(upTo(600));
  expect(await logAll()).toEqual([]);
});

test("an index root is over the reports about its index that came before it is judged, and one without any says so", async () => {
  for (const index of [7, 8]) await store.addEntropy(entropyRecord(index), utf8(`entropy ${index}`));
  const report = { entropyIndex: 7, receivedAtMs: judgedFromMs({ entropyIndex: 7 }, PARAMETERS) - 1 };
  const ids = ["aa", "bb", "cc"].map((byte) => byte.repeat(32));
  await store.addPackets(ids.map((id, i) => storedPacket({ ...report, id, sequence: i + 1 })));
  await store.addPackets([
    storedPacket({ ...report, id: "dd".repeat(32), sequence: 9, receivedAtMs: report.receivedAtMs + 1 }),
  ]);
  await store.addJudgement(8, [], [], []);
  const roots = (await logAll())
    .flatMap(({ entries }) => entries)
    .flatMap(({ kind, message }) => (kind === "index" ? [indexRootMessage.open(message, NETWORK)] : []));
  expect(roots).toMatchObject([
    {
      ok: true,
      value: { index: 7, atMs: AT_MS, count: 3, root: packetsRoot(ids.map((id) => Uint8Array.fromHex(id))) },
    },
    { ok: true, value: { index: 8, count: 0, root: packetsRoot([]) } },
  ]);
});

test("a statement is logged once, whatever it is handed in as", async () => {
  statements = [utf8("one"), utf8("two")];
  expect((await logAll()).flatMap(({ entries }) => entries)).toEqual(
    statements.map((message) => ({ kind: "statement" as const, number: 0, message })),
  );
  statements = [utf8("one"), utf8("two"), utf8("three")];
  expect(await logAll()).toHaveLength(1);
  sources.forget();
  expect(await logAll()).toEqual([]);
  expect((await store.logStatements()).map(({ message }) => Buffer.from(message).toString())).toEqual([
    "one",
    "two",
    "three",
  ]);
});

test("a manifest that is not the recorded one is never logged", async () => {
  await store.addEpoch({ ...storedEpoch(4), bundle: "changed" }, [], [], 0);
  expect(sources.next()).rejects.toThrow("The manifest of epoch 4 is missing or was changed in changed");
});

test("bundles without a proof get theirs, the oldest first, as far as the checkpoint reaches", async () => {
  for (const epoch of upTo(200)) {
    await store.addEpoch({ ...storedEpoch(epoch), bundle: `bundle ${epoch}` }, [], [], 0);
  }
  const kept = new Map([["bundle 0", "kept"]]);
  const order: string[] = [];
  const proofs = new ManifestProofs({
    store,
    bundles: {
      hasProof: (name) => kept.has(name),
      keepProof(name, proof) {
        order.push(name);
        kept.set(name, proof);
      },
    },
    log: {
      prove: async (_kind, epoch, { size, note }) =>
        epoch >= size
          ? undefined
          : formatProof({ extra: undefined, index: epoch, hashes: [], checkpoint: note }),
    },
  });
  expect(await proofs.keep({ size: 150, note: "first\n" })).toEqual(upTo(149, 1));
  expect(order).toEqual(upTo(149, 1).map((epoch) => `bundle ${epoch}`));
  // More cosignatures below the same checkpoint; then a newer one, which the older epochs do not need.
  expect(await proofs.keep({ size: 150, note: "second\n" })).toEqual([]);
  expect(parseProof(kept.get("bundle 149") ?? "")?.checkpoint).toBe("second\n");
  expect(await proofs.keep({ size: 500, note: "third\n" })).toEqual(upTo(50, 150));
  expect(parseProof(kept.get("bundle 149") ?? "")?.checkpoint).toBe("second\n");
  expect(kept.get("bundle 0")).toBe("kept");
});
