import { expect, test } from "bun:test";
import { type Entropy, entropyHash, entropyMessage, signerFromSeed } from "@earshot/protocol";
import { EntropyTracker } from "./entropy-tracker.ts";

const network = signerFromSeed(new Uint8Array(32).fill(1));
const PERIOD_MS = 60_000;
const BASE = 29_000_000;
const NOW_MS = BASE * PERIOD_MS + 20;
const at = (nowMs: number) => ({ nowMs, elapsedMs: nowMs - NOW_MS });

const entropy = (index: number, changes: Partial<Entropy> = {}): Entropy => ({
  index,
  atMs: index * PERIOD_MS + 5,
  value: new Uint8Array(32).fill(index % 256),
  previousHash: new Uint8Array(32),
  periodMs: PERIOD_MS,
  validityMs: 180_000,
  windowPeriods: 360,
  windowValue: new Uint8Array(32),
  reportDeadlineMs: null,
  revealDeadlineMs: null,
  source: null,
  state: null,
  ...changes,
});
const sealed = (value: Entropy, signer = network, name = "test") => entropyMessage.seal(value, signer, name);
const tracker = () => new EntropyTracker("test", network.publicKey);

test("accepts what the network signed, and nothing else", () => {
  const own = tracker();
  expect(
    own.accept(sealed(entropy(BASE), signerFromSeed(new Uint8Array(32).fill(2))), at(NOW_MS)),
  ).toMatchObject({
    code: "wrong_signer",
  });
  expect(own.accept(sealed(entropy(BASE), network, "other"), at(NOW_MS))).toMatchObject({
    code: "bad_signature",
  });
  expect(own.accept(new Uint8Array(10), at(NOW_MS)).ok).toBe(false);
  expect(own.latest).toBeUndefined();
  expect(own.accept(sealed(entropy(BASE)), at(NOW_MS))).toMatchObject({ ok: true, chained: undefined });
  expect(own.latest?.index).toBe(BASE);
});

test("refuses an index that does not belong to its time, and what is not newer", () => {
  const own = tracker();
  expect(own.accept(sealed(entropy(BASE, { atMs: BASE * PERIOD_MS - 1 })), at(NOW_MS))).toEqual({
    ok: false,
    code: "wrong_index",
  });
  own.accept(sealed(entropy(BASE)), at(NOW_MS));
  expect(own.accept(sealed(entropy(BASE)), at(NOW_MS))).toMatchObject({ ok: false, code: "old" });
  expect(own.accept(sealed(entropy(BASE - 1)), at(NOW_MS))).toMatchObject({ ok: false, code: "old" });
});

test("notes whether the chain continues", () => {
  const own = tracker();
  const first = entropy(BASE);
  own.accept(sealed(first), at(NOW_MS));
  const second = entropy(BASE + 1, { previousHash: entropyHash(first) });
  expect(own.accept(sealed(second), at(NOW_MS))).toMatchObject({ chained: true });
  expect(own.accept(sealed(entropy(BASE + 2)), at(NOW_MS))).toMatchObject({ chained: false });
  expect(own.accept(sealed(entropy(BASE + 9)), at(NOW_MS))).toMatchObject({ chained: undefined });
});

test("what the network published with its clock ahead stops nobody once it is right again", () => {
  const own = tracker();
  expect(own.accept(sealed(entropy(BASE)), at(NOW_MS)).ok).toBe(true);
  expect(own.accept(sealed(entropy(BASE + 1440)), at(NOW_MS)).ok).toBe(true);
  const minuteLaterMs = NOW_MS + PERIOD_MS;
  expect(own.accept(sealed(entropy(BASE + 1)), at(minuteLaterMs))).toMatchObject({ ok: true });
  expect(own.latest?.index).toBe(BASE + 1);
  expect(own.accept(sealed(entropy(BASE)), at(minuteLaterMs))).toMatchObject({ ok: false, code: "old" });
  expect(own.accept(sealed(entropy(BASE + 2)), at(minuteLaterMs))).toMatchObject({ ok: true });
});

test("live entropy behind one of the future is accepted, also where this machine's clock is wrong too", () => {
  for (const offMs of [73 * 365 * 86_400_000, -56 * 365 * 86_400_000]) {
    const own = tracker();
    const accept = (value: Entropy, elapsedMs: number) =>
      own.accept(sealed(value), { nowMs: NOW_MS + offMs + elapsedMs, elapsedMs });
    const first = entropy(BASE);
    accept(first, 0);
    accept(entropy(BASE + 86_400), 10_000);
    const second = entropy(BASE + 1, { previousHash: entropyHash(first) });
    const third = entropy(BASE + 2, { previousHash: entropyHash(second) });
    const fourth = entropy(BASE + 3, { previousHash: entropyHash(third) });
    const answers = [
      accept(second, 60_000),
      accept(second, 61_000),
      accept(third, 120_000),
      accept(fourth, 180_000),
    ];
    expect(answers.at(-1)?.ok).toBe(true);
    expect(answers.filter(({ ok }) => ok).length).toBeGreaterThanOrEqual(2);
    expect(own.latest?.index).toBe(BASE + 3);
  }
});

test("a broker that repeats old ones, at once or unchained, moves nothing back", () => {
  const own = tracker();
  const ahead = { nowMs: NOW_MS + 86_400_000, elapsedMs: 0 };
  const first = entropy(BASE - 9);
  const second = entropy(BASE - 8, { previousHash: entropyHash(first) });
  own.accept(sealed(entropy(BASE)), ahead);
  for (const old of [first, second]) expect(own.accept(sealed(old), ahead).ok).toBe(false);
  const later = (elapsedMs: number) => ({ ...ahead, elapsedMs });
  expect(own.accept(sealed(entropy(BASE - 5)), later(60_000)).ok).toBe(false);
  expect(own.accept(sealed(entropy(BASE - 4)), later(120_000)).ok).toBe(false);
  expect(own.latest?.index).toBe(BASE);
});

test("one that is more than a period ahead gives way to an older one that is nearer, and to no other", () => {
  const latest = entropy(BASE + 10);
  const answer = (aheadMs: number, olderAtMs: (nowMs: number) => number) => {
    const own = tracker();
    own.accept(sealed(latest), at(NOW_MS));
    const nowMs = latest.atMs - aheadMs;
    const atMs = olderAtMs(nowMs);
    return own.accept(sealed(entropy(Math.floor(atMs / PERIOD_MS), { atMs })), at(nowMs)).ok;
  };
  const present = (nowMs: number) => nowMs;
  expect(answer(PERIOD_MS, present)).toBe(false);
  expect(answer(PERIOD_MS + 1, present)).toBe(true);
  // As far in the past as the latest is in the future.
  const farMs = 4 * PERIOD_MS;
  expect(answer(farMs, (nowMs) => nowMs - farMs)).toBe(false);
  expect(answer(farMs, (nowMs) => nowMs - farMs + 1)).toBe(true);
});

test("entropy behind the latest is live when half a period lies between two", () => {
  const first = entropy(BASE - 9);
  const second = entropy(BASE - 8, { previousHash: entropyHash(first) });
  for (const [passedMs, isTaken] of [
    [PERIOD_MS / 2 - 1, false],
    [PERIOD_MS / 2, true],
  ] as const) {
    const own = tracker();
    const accept = (value: Entropy, elapsedMs: number) =>
      own.accept(sealed(value), { nowMs: NOW_MS + 86_400_000, elapsedMs });
    accept(entropy(BASE), 0);
    accept(first, 1000);
    expect(accept(second, 1000 + passedMs).ok).toBe(isTaken);
  }
});

test("by how much the network's time advanced more than elapsed time, 0 for the first", () => {
  const own = tracker();
  const accept = (value: Entropy, elapsedMs: number) =>
    own.accept(sealed(value), { nowMs: NOW_MS, elapsedMs });
  expect(accept(entropy(BASE), 500_000)).toMatchObject({ aheadMs: 0 });
  expect(accept(entropy(BASE + 1), 550_000)).toMatchObject({ aheadMs: 10_000 });
  expect(accept(entropy(BASE + 3), 680_000)).toMatchObject({ aheadMs: -10_000 });
});

test("a value that does not pass the check asked for is refused, and the one before stays", () => {
  const checked: number[] = [];
  const own = new EntropyTracker("test", network.publicKey, ({ index }) => {
    checked.push(index);
    return index !== BASE + 1;
  });
  expect(own.accept(sealed(entropy(BASE)), at(NOW_MS))).toMatchObject({ ok: true });
  const wrong = own.accept(sealed(entropy(BASE + 1)), at(NOW_MS + PERIOD_MS));
  expect(wrong).toEqual({ ok: false, code: "unproven" });
  expect(own.latest?.index).toBe(BASE);
  own.accept(sealed(entropy(BASE)), at(NOW_MS));
  expect(checked).toEqual([BASE, BASE + 1]);
});
