import { expect, test } from "bun:test";
import { type Entropy, entropyHash, entropyMessage, signerFromSeed } from "@earshot/protocol";
import { EntropyTracker } from "./entropy-tracker.ts";

const network = signerFromSeed(new Uint8Array(32).fill(1));
const PERIOD_MS = 60_000;
const BASE = 29_000_000;
const NOW_MS = BASE * PERIOD_MS + 20;

const entropy = (index: number, changes: Partial<Entropy> = {}): Entropy => ({
  index,
  atMs: index * PERIOD_MS + 5,
  value: new Uint8Array(32).fill(index % 256),
  previousHash: new Uint8Array(32),
  periodMs: PERIOD_MS,
  validityMs: 180_000,
  windowPeriods: 360,
  windowValue: new Uint8Array(32),
  ...changes,
});
const sealed = (value: Entropy, signer = network, name = "test") => entropyMessage.seal(value, signer, name);
const tracker = () => new EntropyTracker("test", network.publicKey);

test("takes what the network signed, and nothing else", () => {
  const own = tracker();
  expect(own.accept(sealed(entropy(BASE), signerFromSeed(new Uint8Array(32).fill(2))), NOW_MS)).toMatchObject(
    {
      code: "wrong_signer",
    },
  );
  expect(own.accept(sealed(entropy(BASE), network, "other"), NOW_MS)).toMatchObject({
    code: "bad_signature",
  });
  expect(own.accept(new Uint8Array(10), NOW_MS).ok).toBe(false);
  expect(own.latest).toBeUndefined();
  expect(own.accept(sealed(entropy(BASE)), NOW_MS)).toMatchObject({ ok: true, chained: undefined });
  expect(own.latest?.index).toBe(BASE);
});

test("refuses an index that does not belong to its time, and what is not newer", () => {
  const own = tracker();
  expect(own.accept(sealed(entropy(BASE, { atMs: BASE * PERIOD_MS - 1 })), NOW_MS)).toEqual({
    ok: false,
    code: "wrong_index",
  });
  own.accept(sealed(entropy(BASE)), NOW_MS);
  expect(own.accept(sealed(entropy(BASE)), NOW_MS)).toEqual({ ok: false, code: "old" });
  expect(own.accept(sealed(entropy(BASE - 1)), NOW_MS)).toEqual({ ok: false, code: "old" });
});

test("notes whether the chain goes on", () => {
  const own = tracker();
  const first = entropy(BASE);
  own.accept(sealed(first), NOW_MS);
  const second = entropy(BASE + 1, { previousHash: entropyHash(first) });
  expect(own.accept(sealed(second), NOW_MS)).toMatchObject({ chained: true });
  expect(own.accept(sealed(entropy(BASE + 2)), NOW_MS)).toMatchObject({ chained: false });
  expect(own.accept(sealed(entropy(BASE + 9)), NOW_MS)).toMatchObject({ chained: undefined });
});

test("what the network published with its clock ahead stops nobody once it is right again", () => {
  const own = tracker();
  expect(own.accept(sealed(entropy(BASE)), NOW_MS).ok).toBe(true);
  expect(own.accept(sealed(entropy(BASE + 1440)), NOW_MS).ok).toBe(true);
  const minuteLaterMs = NOW_MS + PERIOD_MS;
  expect(own.accept(sealed(entropy(BASE + 1)), minuteLaterMs)).toMatchObject({ ok: true });
  expect(own.latest?.index).toBe(BASE + 1);
  expect(own.accept(sealed(entropy(BASE)), minuteLaterMs)).toEqual({ ok: false, code: "old" });
  expect(own.accept(sealed(entropy(BASE + 2)), minuteLaterMs)).toMatchObject({ ok: true });
});
