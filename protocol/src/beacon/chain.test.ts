import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { signerFromSeed } from "../crypto/ed25519.ts";
import { BeaconChains, CHAIN_WINDOWS, ChainChecker, chainOf, earlierValue } from "./chain.ts";

const signer = signerFromSeed(new Uint8Array(32).fill(7));
const { publicKey } = signer;
const chains = new BeaconChains(signer, "demo");
const headOf = (window: number) => chains.commitment(chainOf(window)).head;
const isValue = (
  window: number,
  value: Uint8Array,
  head = headOf(window),
  checker = new ChainChecker("demo"),
) => checker.isValue(publicKey, window, value, head);

// Computed independently from the description in chain.ts, with RFC 8032 and RFC 5869 in Python's integers, hashlib and hmac.
test("fixed vectors: a change of the chain is a change of the protocol", () => {
  expect(chainOf(1234)).toBe(9);
  expect(chains.commitment(9).head.toHex()).toBe(
    "c566b7e85283c9b05e901e75d7c6e4f9bdff1738c6dfb43a417f7115f037d528",
  );
  expect(chains.valueOf(1234).toHex()).toBe(
    "b9f6acb370e93ba4be781eff6c5b9347e1086ff55e4e175440fed28df56467cd",
  );
  expect(chains.valueOf(9 * CHAIN_WINDOWS + CHAIN_WINDOWS - 1).toHex()).toBe(
    "ceea84be1e7e6d96e3a858ff7b371d054a6e8561b759fa9275658c70346d9b2f",
  );
});

describe("a value", () => {
  const window = fc.nat({ max: 4 * CHAIN_WINDOWS });

  test("of each window leads to the head of its chain, and to no other", () => {
    fc.assert(
      fc.property(window, window, (at, other) => {
        expect(isValue(at, chains.valueOf(at))).toBe(true);
        expect(isValue(other, chains.valueOf(at), headOf(at))).toBe(other === at);
        expect(isValue(at, chains.valueOf(at), headOf(at + CHAIN_WINDOWS))).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  test("is of one network, one key and one chain", () => {
    const value = chains.valueOf(700);
    const other = signerFromSeed(new Uint8Array(32).fill(8));
    for (const made of [new BeaconChains(signer, "testnet-1"), new BeaconChains(other, "demo")]) {
      expect(made.valueOf(700)).not.toEqual(value);
      expect(made.commitment(chainOf(700)).head).not.toEqual(headOf(700));
    }
    expect(new ChainChecker("testnet-1").isValue(publicKey, 700, value, headOf(700))).toBe(false);
    expect(new ChainChecker("demo").isValue(other.publicKey, 700, value, headOf(700))).toBe(false);
  });

  test("with any bit changed, or of another length, is none", () => {
    const value = chains.valueOf(130);
    for (let bit = 0; bit < 256; bit++) {
      const changed = value.with(bit >> 3, (value[bit >> 3] as number) ^ (1 << (bit & 7)));
      expect(isValue(130, changed)).toBe(false);
    }
    expect(isValue(130, value.subarray(0, 31))).toBe(false);
    expect(isValue(130, new Uint8Array())).toBe(false);
  });

  test("gives those of earlier windows of its chain, and no later one follows from it", () => {
    const value = chains.valueOf(200);
    for (const window of [128, 150, 199, 200]) {
      expect(earlierValue("demo", publicKey, { window: 200, value }, window)).toEqual(chains.valueOf(window));
    }
    for (const window of [127, 201, 256]) {
      expect(() => earlierValue("demo", publicKey, { window: 200, value }, window)).toThrow(RangeError);
    }
  });

  test("is the same after a restart, and for a key that is restored or signs elsewhere", () => {
    const elsewhere = { publicKey, sign: (message: Uint8Array) => signer.sign(message) };
    for (const key of [signerFromSeed(new Uint8Array(32).fill(7)), elsewhere]) {
      const made = new BeaconChains(key, "demo");
      expect(made.valueOf(131)).toEqual(chains.valueOf(131));
      expect(made.commitment(1)).toEqual(chains.commitment(1));
    }
  });

  test("of chains asked for in any order is the same: few chains are kept", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 12 }), (numbers) => {
        const made = new BeaconChains(signer, "demo");
        for (const chain of numbers) expect(made.commitment(chain)).toEqual(chains.commitment(chain));
      }),
      { numRuns: 20 },
    );
  });
});

test("a key whose signatures of one text differ is refused: its chains would change with each start", () => {
  let count = 0;
  const hedged = {
    publicKey,
    sign: (message: Uint8Array) => signer.sign(Uint8Array.of(...message, count++)),
  };
  expect(() => new BeaconChains(hedged, "demo")).toThrow("RFC 8032");
});

describe("what a checker remembers changes no answer", () => {
  /** Values of the chain, of others, and made up, in any order, also against another head. */
  const asked = fc.record({
    window: fc.integer({ min: 128, max: 300 }),
    shift: fc.constantFrom(0, 0, 0, 1, -1, 128),
    flip: fc.boolean(),
    isOtherHead: fc.boolean(),
  });

  test("in whatever order it is asked", () => {
    fc.assert(
      fc.property(fc.array(asked, { maxLength: 30 }), (questions) => {
        const remembering = new ChainChecker("demo");
        for (const { window, shift, flip, isOtherHead } of questions) {
          const true_ = chains.valueOf(window + shift);
          const value = flip ? true_.with(0, (true_[0] as number) ^ 1) : true_;
          const head = headOf(isOtherHead ? window + 256 : window);
          const answer = remembering.isValue(publicKey, window, value, head);
          expect(answer).toBe(isValue(window, value, head));
          expect(answer).toBe(shift === 0 && !flip && !isOtherHead);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("a false head that was confirmed once does not vouch for values of the true one", () => {
    const checker = new ChainChecker("demo");
    const made = new Uint8Array(32).fill(5);
    const falseHead = earlierValue("demo", publicKey, { window: 140, value: made }, 128);
    // A chain of the same key and number that leads elsewhere: `made` is its value at 141.
    const head = earlierValue("demo", publicKey, { window: 141, value: falseHead }, 140);
    expect(checker.isValue(publicKey, 140, made, head)).toBe(isValue(140, made, head));
    expect(checker.isValue(publicKey, 141, chains.valueOf(141), headOf(141))).toBe(true);
    expect(checker.isValue(publicKey, 140, made, headOf(140))).toBe(false);
    expect(checker.isValue(publicKey, 139, chains.valueOf(139), headOf(139))).toBe(true);
  });
});
