import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { signerFromSeed } from "../crypto/ed25519.ts";
import {
  type Denial,
  denialMessage,
  denialSubject,
  denialsInForce,
  edgeSubject,
  isDenial,
} from "./denial.ts";

const NETWORK = "testnet-1";
const signer = signerFromSeed(new Uint8Array(32).fill(3));
const keyOf = (fill: number) => new Uint8Array(32).fill(fill);
const [A, B, C] = [keyOf(1), keyOf(2), keyOf(3)];
const AT_MS = Date.UTC(2026, 5, 1);

const denial: Denial = {
  hotspot: A,
  peer: null,
  reason: "two antennas on one roof under two keys",
  evidence: "https://example.org/case/17",
  atMs: AT_MS,
  fromEpoch: 10,
  untilEpoch: 20,
};

const reopened = (value: Denial) =>
  denialMessage.open(denialMessage.seal(value, signer, NETWORK), NETWORK, signer.publicKey);

const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
const epoch = fc.integer({ min: 0, max: 30 });
const anyDenial: fc.Arbitrary<Denial> = fc
  .record({
    keys: fc.tuple(key, fc.option(key)),
    epochs: fc.tuple(epoch, epoch),
    reason: fc.stringMatching(/^[a-z ]{0,80}$/),
    evidence: fc.stringMatching(/^[a-z/:]{0,200}$/),
    atMs: fc.integer({ min: AT_MS, max: AT_MS + 10 }),
  })
  .map(({ keys: [hotspot, peer], epochs, ...rest }) => ({
    ...rest,
    ...ordered(hotspot, peer),
    fromEpoch: Math.min(...epochs),
    untilEpoch: Math.max(...epochs),
  }))
  .filter(isDenial);

function ordered(hotspot: Uint8Array, peer: Uint8Array | null): Pick<Denial, "hotspot" | "peer"> {
  if (peer === null || hotspot.toHex() < peer.toHex()) return { hotspot, peer };
  return { hotspot: peer, peer: hotspot };
}

describe("the message", () => {
  test("a denial comes back as it was", () => {
    fc.assert(
      fc.property(anyDenial, (value) => {
        const opened = reopened(value);
        expect(opened.ok && opened.value).toEqual(value);
      }),
    );
  });

  test.each<[string, Partial<Denial>]>([
    ["keys out of order: an edge has one form", { hotspot: B, peer: A }],
    ["an edge from a hotspot to itself", { peer: A }],
    ["a span that runs backwards", { fromEpoch: 20, untilEpoch: 19 }],
    ["a reason of 81 bytes", { reason: "r".repeat(81) }],
    ["evidence of 201 bytes", { evidence: "e".repeat(201) }],
    ["a line break in the reason", { reason: "a\nb" }],
    ["a key of 31 bytes", { hotspot: keyOf(1).slice(1) }],
  ])("%s is out of range", (_what, change) => {
    expect(reopened(denial).ok).toBe(true);
    expect(reopened({ ...denial, ...change })).toEqual({ ok: false, code: "out_of_range" });
  });

  test("only the network's key may deny", () => {
    const stranger = signerFromSeed(new Uint8Array(32).fill(9));
    const bytes = denialMessage.seal(denial, stranger, NETWORK);
    expect(denialMessage.open(bytes, NETWORK, signer.publicKey)).toEqual({ ok: false, code: "wrong_signer" });
  });
});

describe("what is denied in an epoch", () => {
  const reasons = (denials: Denial[], at: number) =>
    Object.fromEntries([...denialsInForce(denials, at)].map(([subject, { reason }]) => [subject, reason]));

  test.each([
    [9, false],
    [10, true],
    [19, true],
    [20, false],
  ])("from its first epoch until before its last: epoch %d %p", (at, holds) => {
    expect(denialsInForce([denial], at).has(denialSubject(denial))).toBe(holds);
  });

  test("of two about the same hotspot the newest counts, in any order, even where only the older holds", () => {
    const longer: Denial = { ...denial, reason: "first", untilEpoch: 100 };
    const shorter: Denial = { ...denial, reason: "second", atMs: AT_MS + 1, untilEpoch: 12 };
    for (const both of [
      [longer, shorter],
      [shorter, longer],
    ]) {
      expect(reasons(both, 11)).toEqual({ [A.toHex()]: "second" });
      expect(reasons(both, 12)).toEqual({});
    }
  });

  test("one that begins later replaces an earlier one only once it has begun", () => {
    const later: Denial = { ...denial, reason: "second", atMs: AT_MS + 1, fromEpoch: 15, untilEpoch: 16 };
    expect(reasons([denial, later], 14)).toEqual({ [A.toHex()]: denial.reason });
    expect(reasons([denial, later], 15)).toEqual({ [A.toHex()]: "second" });
    expect(reasons([denial, later], 16)).toEqual({});
  });

  test("one that ends where it begins revokes an earlier one", () => {
    const back: Denial = { ...denial, atMs: AT_MS + 1, fromEpoch: 12, untilEpoch: 12 };
    expect(denialsInForce([denial, back], 11).size).toBe(1);
    expect(denialsInForce([denial, back], 12).size).toBe(0);
  });

  test("an edge is the same either way round, and neither a hotspot nor another edge", () => {
    const edge: Denial = { ...denial, hotspot: A, peer: B };
    const held = denialsInForce([edge], 10);
    expect(held.get(edgeSubject(A, B))).toBe(edge);
    expect(held.get(edgeSubject(B, A))).toBe(edge);
    for (const other of [A.toHex(), B.toHex(), edgeSubject(A, C)]) expect(held.has(other)).toBe(false);
  });

  test("does not depend on the order in which they are listed", () => {
    const few = anyDenial.map((each) => ({ ...each, hotspot: A, peer: null }));
    const shuffled = fc
      .array(few, { maxLength: 6 })
      .chain((list) =>
        fc.tuple(
          fc.constant(list),
          fc.shuffledSubarray(list, { minLength: list.length, maxLength: list.length }),
        ),
      );
    fc.assert(
      fc.property(shuffled, epoch, ([list, other], at) => {
        expect(reasons(other, at)).toEqual(reasons(list, at));
      }),
    );
  });
});
