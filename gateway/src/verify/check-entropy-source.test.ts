import { expect, test } from "bun:test";
import {
  DEFAULT_PARAMETERS,
  DRAND,
  drandEntropy,
  drandRoundAt,
  type Entropy,
  type NetworkParameters,
  parametersHash,
} from "@earshot/protocol";
import { testChain } from "@earshot/protocol/drand-testing";
import { runCheck } from "./check.ts";
import { checkEntropySource } from "./check-entropy-source.ts";

const chain = testChain();
const parameters: NetworkParameters = {
  ...DEFAULT_PARAMETERS,
  ...{ network: "testnet-1", windowPeriods: 3, epochPeriods: 3, drandChain: chain },
};
const EPOCH = Math.floor(Date.UTC(2026, 5, 1) / 180_000);
const FIRST = EPOCH * 3;
const roundOf = (index: number) => drandRoundAt(index * 60_000, chain);
const bytes = (n: number) => new Uint8Array(32).fill(n);
const signatures = new Map(Array.from({ length: 6 }, (_, i) => [FIRST + i, chain.sign(roundOf(FIRST + i))]));

type Proof = NonNullable<Entropy["source"]>;

const entropy = (index: number, proof: Partial<Proof> = {}, changes: Partial<Entropy> = {}): Entropy => {
  const signature = signatures.get(index) ?? null;
  const value = signature === null ? bytes(index & 255) : drandEntropy(signature, "testnet-1", index);
  return {
    ...{ index, atMs: index * 60_000, value, previousHash: bytes(0), periodMs: 60_000, validityMs: 180_000 },
    ...{ windowPeriods: 3, windowValue: bytes(1), state: null },
    ...{ reportDeadlineMs: null, revealDeadlineMs: null },
    source: { kind: DRAND, round: roundOf(index), signature, counts: signature !== null, ...proof },
    ...changes,
  };
};

/** One before the epoch, the epoch's three, and two that draw. */
const honest = () => Array.from({ length: 6 }, (_, i) => entropy(FIRST + i - 1));
const changed = (i: number, proof: Partial<Proof>, changes: Partial<Entropy> = {}) =>
  honest().with(i, entropy(FIRST + i - 1, proof, changes));
const unproven = (i: number, counts: boolean) => changed(i, { signature: null, counts }, { value: bytes(9) });

function checked(list: readonly Entropy[], rules: Partial<NetworkParameters> = {}) {
  const result = runCheck(checkEntropySource(list, EPOCH, { ...parameters, ...rules }));
  if (result.ok) return result.value;
  const { at, expected, found } = result.difference;
  return `${at}: ${expected}, found ${found}`;
}

test("values that follow from the signatures of their rounds hold", () => {
  expect(checked(honest())).toEqual({ chain, proven: 3, unproven: 0, isDrawElsewhere: false });
});

test("a value without a signature is counted; whether it counts is the parameters' choice", () => {
  expect(checked(unproven(2, false))).toMatchObject({ proven: 2, unproven: 1 });
  expect(checked(unproven(2, true))).toBe(
    `index ${FIRST + 1}, source: counts: false, by its signature and the parameters, found true`,
  );
  expect(checked(unproven(2, true), { unprovenEntropyCounts: 1 })).toMatchObject({ unproven: 1 });
  expect(checked(unproven(2, false), { unprovenEntropyCounts: 1 })).toContain("counts: true");
});

test.each<[string, Entropy[], string]>([
  ["a value of the operator's own", changed(1, {}, { value: bytes(9) }), "value"],
  [
    "a value that says nothing of its source",
    changed(1, {}, { source: null }),
    "source: a round of drand chain",
  ],
  ["another kind of source", changed(1, { kind: 2 }), "found kind 2"],
  [
    "another round, although its signature holds",
    changed(1, { round: roundOf(FIRST + 1), signature: signatures.get(FIRST + 1) as Uint8Array }),
    `round: ${roundOf(FIRST)}, the first in its period`,
  ],
  [
    "a signature of another round, and the value that it gives",
    changed(
      3,
      { signature: signatures.get(FIRST) as Uint8Array },
      { value: drandEntropy(signatures.get(FIRST) as Uint8Array, "testnet-1", FIRST + 2) },
    ),
    `index ${FIRST + 2}, signature: the signature of round ${roundOf(FIRST + 2)} by the chain's key`,
  ],
  ["one that draws", changed(5, {}, { value: bytes(9) }), `index ${FIRST + 4}, value`],
])("%s is found", (_what, list, told) => {
  expect(checked(list)).toContain(told);
});

test("the one before the epoch is another bundle's matter", () => {
  expect(checked(changed(0, {}, { source: null, value: bytes(9) }))).toMatchObject({ proven: 3 });
});

test("a network whose parameters name no chain has values without a source", () => {
  const local = honest().map((one) => ({ ...one, source: null }));
  expect(checked(local, { drandChain: null })).toEqual({
    ...{ chain: null, proven: 0, unproven: 3, isDrawElsewhere: false },
  });
  expect(checked(honest(), { drandChain: null })).toContain(
    "none: the parameters name no chain, found kind 1",
  );
});

test("the values that draw are of other rules where others were announced", () => {
  const announcing = (hash: Uint8Array) =>
    honest().map((one, i) => ({
      ...one,
      ...(i > 3 && { source: null }),
      state: {
        ...{ closedEpoch: null, manifestHash: bytes(0) },
        ...{ denialsHash: bytes(0), registryHash: bytes(0), parametersHash: hash },
      },
    }));
  expect(checked(announcing(bytes(7)))).toMatchObject({ isDrawElsewhere: true });
  expect(checked(announcing(parametersHash(parameters)))).toContain(`index ${FIRST + 3}, source`);
});
