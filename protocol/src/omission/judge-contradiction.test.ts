import { expect, test } from "bun:test";
import { hotspotId } from "../crypto/did-key.ts";
import { signerFromSeed } from "../crypto/ed25519.ts";
import { type AnnouncedState, type Entropy, entropyMessage } from "../network/entropy.ts";
import { judgeContradiction, readContradiction } from "./judge-contradiction.ts";

const NETWORK = signerFromSeed(new Uint8Array(32).fill(9));
const FIRST = Date.UTC(2026, 0, 1) / 60_000;
const bytes = (n: number) => new Uint8Array(32).fill(n);

const state = (closedEpoch: number, manifest = closedEpoch): AnnouncedState => ({
  ...{ closedEpoch, manifestHash: bytes(manifest), parametersHash: bytes(2) },
  ...{ denialsHash: bytes(3), registryHash: bytes(4) },
});

const said = (index: number, announced: AnnouncedState, signer = NETWORK): string => {
  const entropy: Entropy = {
    ...{ index: FIRST + index, atMs: (FIRST + index) * 60_000, value: bytes(index), previousHash: bytes(0) },
    ...{ periodMs: 60_000, validityMs: 180_000, windowPeriods: 4, windowValue: bytes(5) },
    ...{ reportDeadlineMs: null, revealDeadlineMs: null, source: null, state: announced },
  };
  return entropyMessage.seal(entropy, signer, "demo").toBase64();
};

const judged = (statements: string[], root?: Uint8Array, keys: string[] = []) => {
  const file = readContradiction(JSON.stringify({ network: "demo", keys, statements }));
  return file === undefined ? "no file" : judgeContradiction(file, root);
};

test("two messages that contradict each other are shown as what they are, whoever asks", () => {
  const pair = [said(1, state(5)), said(2, state(5, 77))];
  const finding = {
    ...{ network: "demo", networkKey: hotspotId(NETWORK.publicKey), kind: "manifest_changed" },
    ...{ what: "a closed epoch has another manifest than before", indexes: [FIRST + 1, FIRST + 2] },
  };
  expect(judged(pair)).toEqual({ ok: true, finding } as never);
  expect(judged(pair, NETWORK.publicKey)).toEqual({ ok: true, finding } as never);
});

test.each<[string, string[], string[], string]>([
  ["two that agree", [said(1, state(5)), said(2, state(6))], [], "do not contradict each other"],
  [
    "one of another signer",
    [said(1, state(5)), said(2, state(5, 7), signerFromSeed(bytes(1)))],
    [],
    "wrong_signer",
  ],
  ["what is no message", ["AAAA", said(2, state(5))], [], "nobody has signed"],
  ["what is no base64", ["!", said(2, state(5))], [], "nobody has signed"],
  ["a key document that is none", [said(1, state(5)), said(2, state(5, 7))], ["AAAA"], ""],
])("%s show nothing", (_what, statements, keys, why) => {
  expect(judged(statements, undefined, keys)).toMatchObject({ ok: false, why: expect.stringContaining(why) });
});

test("messages of another network than the pinned one show nothing of that", () => {
  const pair = [said(1, state(5)), said(2, state(5, 77))];
  expect(judged(pair, signerFromSeed(bytes(1)).publicKey)).toMatchObject({ ok: false });
});

test.each([
  "",
  "null",
  "{}",
  '{"network":"demo","keys":[],"statements":["x"]}',
  '{"network":1,"keys":[],"statements":["x","y"]}',
])("%j is no such file", (text) => {
  expect(readContradiction(text)).toBeUndefined();
});
