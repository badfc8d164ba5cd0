import { expect, test } from "bun:test";
import {
  type AnnouncedState,
  DEFAULT_PARAMETERS,
  type Entropy,
  type Manifest,
  type NetworkParameters,
  parametersHash,
} from "@earshot/protocol";
import { denialsHash } from "../bundle/registry-hash.ts";
import { runCheck } from "./check.ts";
import { checkAnnounced } from "./check-announced.ts";

const parameters: NetworkParameters = {
  ...DEFAULT_PARAMETERS,
  network: "testnet-1",
  windowPeriods: 3,
  epochPeriods: 3,
};
const EPOCH = 100;
const bytes = (n: number) => new Uint8Array(32).fill(n);
const DENIALS = denialsHash([bytes(8)]);

const honestState: AnnouncedState = {
  ...{ closedEpoch: EPOCH - 2, manifestHash: bytes(2), parametersHash: parametersHash(parameters) },
  ...{ denialsHash: DENIALS, registryHash: bytes(4) },
};
const manifest = {
  ...{ epoch: EPOCH, previousEpoch: EPOCH - 1, previousManifestHash: bytes(3), registryHash: bytes(4) },
} as Manifest;
const before = { epoch: EPOCH - 1, previousEpoch: EPOCH - 2, previousManifestHash: bytes(2) } as Manifest;

const entropy = (index: number, state: AnnouncedState | null): Entropy => ({
  ...{ index, atMs: index * 60_000, value: bytes(index & 255), previousHash: bytes(0), periodMs: 60_000 },
  ...{ validityMs: 180_000, windowPeriods: 3, windowValue: bytes(5), source: null, state },
  ...{ reportDeadlineMs: null, revealDeadlineMs: null },
});

/** The last before the epoch, the epoch's three, and one that draws. */
const chain = (states: readonly (Partial<AnnouncedState> | null)[] = []): Entropy[] =>
  Array.from({ length: 5 }, (_, i) => {
    const state = states[i] === null ? null : { ...honestState, ...states[i] };
    return entropy(EPOCH * 3 - 1 + i, state);
  });

function checked(list: readonly Entropy[], changes: Partial<Manifest> = {}, denials = DENIALS) {
  const judgedBy = { manifest: { ...manifest, ...changes }, parameters, denials };
  const result = runCheck(checkAnnounced(list, judgedBy, before));
  return result.ok ? result.value : `${result.difference.file}: ${result.difference.at}`;
}

test("what an epoch was judged by was announced before it", () => {
  expect(checked(chain())).toBe("compared");
  const closes = chain([
    {},
    {},
    { closedEpoch: EPOCH - 1, manifestHash: bytes(3) },
    { closedEpoch: EPOCH - 1, manifestHash: bytes(3) },
    { closedEpoch: EPOCH - 1, manifestHash: bytes(3) },
  ]);
  expect(checked(closes)).toBe("compared");
});

test("later in the epoch it may change: that is about the next one", () => {
  const later = { parametersHash: bytes(1), denialsHash: bytes(1), registryHash: bytes(1) };
  expect(checked(chain([{}, later, later, later, later]))).toBe("compared");
});

test.each<[string, string]>([
  ["rules made after the epoch and dated before", "parameters.cbor"],
  ["a denial made afterwards", "denials.cbor"],
  ["a registration, move or payee made afterwards", "registry.json"],
])("%s: not what was announced", (_lie, file) => {
  const name = {
    "parameters.cbor": "parametersHash",
    "denials.cbor": "denialsHash",
    "registry.json": "registryHash",
  }[file];
  expect(checked(chain([{ [name as string]: bytes(9) }]))).toBe(
    `${file}: hash of what the epoch was judged by`,
  );
});

test.each<[string, (Partial<AnnouncedState> | null)[], string]>([
  ["an epoch dropped, which was closed", [{}, {}, {}, { closedEpoch: EPOCH }], "closedEpoch"],
  ["one closed anew", [{}, { manifestHash: bytes(9) }], "manifestHash"],
  [
    "the one before closed anew",
    Array(5).fill({ closedEpoch: EPOCH - 1, manifestHash: bytes(9) }),
    "manifestHash",
  ],
  ["closed epochs that are closed no more", [{}, {}, { closedEpoch: EPOCH - 3 }], "closedEpoch"],
  ["the chain begun anew", [{}, {}, { closedEpoch: null }], "closedEpoch"],
  ["announcements that end", [{}, {}, null], "all of it"],
])("%s: shown by the messages after it", (_lie, states, told) => {
  expect(checked(chain(states))).toContain(told);
});

test("an epoch left out between two manifests is named by the entropy that knew it", () => {
  const knew = Array(5).fill({ closedEpoch: EPOCH - 1, manifestHash: bytes(7) });
  expect(checked(chain(knew), { previousEpoch: EPOCH - 2, previousManifestHash: bytes(2) })).toContain(
    "closedEpoch",
  );
});

test("what cannot be compared is said", () => {
  expect(checked(chain().slice(1), { previousEpoch: null })).toContain("closedEpoch");
  const first = chain(Array(5).fill({ closedEpoch: null })).slice(1);
  expect(checked(first, { previousEpoch: null })).toBe("first");
  expect(checked(chain(Array(5).fill(null)))).toBe("nothing");
  const skipped = [
    entropy((EPOCH - 3) * 3, { ...honestState, closedEpoch: EPOCH - 5, denialsHash: bytes(1) }),
    ...chain().slice(1),
  ];
  expect(checked(skipped)).toBe("skipped");
});
