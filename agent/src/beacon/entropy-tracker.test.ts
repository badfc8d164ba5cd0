import { expect, test } from "bun:test";
import { type Entropy, entropyHash, entropyMessage, signerFromSeed } from "@earshot/protocol";
import { EntropyTracker } from "./entropy-tracker.ts";

const network = signerFromSeed(new Uint8Array(32).fill(1));
const PERIOD_MS = 60_000;
const BASE = 29_000_000;

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
  expect(own.accept(sealed(entropy(BASE), signerFromSeed(new Uint8Array(32).fill(2))))).toMatchObject({
    code: "wrong_signer",
  });
  expect(own.accept(sealed(entropy(BASE), network, "other"))).toMatchObject({ code: "bad_signature" });
  expect(own.accept(new Uint8Array(10)).ok).toBe(false);
  expect(own.latest).toBeUndefined();
  expect(own.accept(sealed(entropy(BASE)))).toMatchObject({ ok: true, chained: undefined });
  expect(own.latest?.index).toBe(BASE);
});

test("refuses an index that does not belong to its time, and what is not newer", () => {
  const own = tracker();
  expect(own.accept(sealed(entropy(BASE, { atMs: BASE * PERIOD_MS - 1 })))).toEqual({
    ok: false,
    code: "wrong_index",
  });
  own.accept(sealed(entropy(BASE)));
  expect(own.accept(sealed(entropy(BASE)))).toEqual({ ok: false, code: "old" });
  expect(own.accept(sealed(entropy(BASE - 1)))).toEqual({ ok: false, code: "old" });
});

test("notes whether the chain goes on", () => {
  const own = tracker();
  const first = entropy(BASE);
  own.accept(sealed(first));
  const second = entropy(BASE + 1, { previousHash: entropyHash(first) });
  expect(own.accept(sealed(second))).toMatchObject({ chained: true });
  expect(own.accept(sealed(entropy(BASE + 2)))).toMatchObject({ chained: false });
  expect(own.accept(sealed(entropy(BASE + 9)))).toMatchObject({ chained: undefined });
});
