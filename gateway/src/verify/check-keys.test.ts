import { beforeAll, expect, test } from "bun:test";
import {
  hotspotId,
  KEY_ROLES,
  type KeyDocument,
  type KeyRole,
  keyDocumentMessage,
  type Signer,
  sha256,
} from "@earshot/protocol";
import type { Bundle } from "../bundle/bundle.ts";
import { writeByteStrings } from "../bundle/cbor-sequences.ts";
import { signedAgain, testBundles } from "../testing/test-bundle.ts";
import { verified, where } from "../testing/test-edits.ts";
import { FIRST_EPOCH, PARAMETERS, networkSigner as root, signers } from "../testing/test-network.ts";
import { verifyFiles } from "./verify-bundle.ts";

const { network, entropyPeriodMs, epochPeriods } = PARAMETERS;
/** The test's bundles are closed a day later. */
const END = FIRST_EPOCH + 100_000;

let first: Bundle;
let second: Bundle;
beforeAll(async () => {
  [first, second] = (await testBundles(2)) as [Bundle, Bundle];
});

/** A document in which the root key keeps these roles; `until`: an epoch for one of them. */
function document(
  roles: readonly KeyRole[],
  change: Partial<KeyDocument> = {},
  by: Signer = root,
): Uint8Array {
  const keys = roles.map((role) => ({
    ...{ role, key: root.publicKey, fromEpoch: 0, untilEpoch: END, revokedFromEpoch: null },
  }));
  const fields = { version: 1, previousHash: new Uint8Array(32), atMs: FIRST_EPOCH * 8000, keys };
  return keyDocumentMessage.seal(
    { network, entropyPeriodMs, epochPeriods, ...fields, ...change },
    by,
    network,
  );
}

const withKeys = (bundle: Bundle, documents: readonly Uint8Array[]): Bundle =>
  signedAgain(bundle, { "keys.cbor": writeByteStrings(documents) });
const pinned = { networkKey: root.publicKey };

test("a bundle holds by the documents in it, pinned or not", () => {
  const bundle = withKeys(first, [document(KEY_ROLES)]);
  for (const options of [pinned, {}]) expect(where(verifyFiles(bundle, options))).toBe("holds");
});

test.each<[KeyRole, string]>([
  ["entropy", "entropy.cbor: item 1"],
  ["registry", "parameters.cbor: signature"],
  ["epochs", "manifest.cbor: signature"],
  ["downlink", "holds"],
  ["log", "holds"],
])("without a key for %s: %s", (role, at) => {
  const outcome = verifyFiles(withKeys(first, [document(KEY_ROLES.filter((one) => one !== role))]), pinned);
  expect(where(outcome)).toBe(at);
  if (!outcome.ok) expect(outcome.difference.found).toBe(`wrong_signer: ${hotspotId(root.publicKey)}`);
});

test("a key that has no role any more in the epoch of a message: its name, and when it had", () => {
  const keys = KEY_ROLES.map((role) => ({
    role,
    key: root.publicKey,
    fromEpoch: 0,
    untilEpoch: END,
    revokedFromEpoch: null,
  }));
  const over = keys.map((one) => (one.role === "entropy" ? { ...one, untilEpoch: FIRST_EPOCH + 1 } : one));
  const outcome = verifyFiles(withKeys(first, [document([], { keys: over })]), pinned);
  expect(outcome.ok ? "holds" : outcome.difference).toMatchObject({
    file: "entropy.cbor",
    expected: `entropy signed by ${hotspotId(root.publicKey)} (from epoch 0 until ${FIRST_EPOCH + 1})`,
    found: `key_not_in_force: ${hotspotId(root.publicKey)}`,
  });
});

test.each<[string, string, () => readonly Uint8Array[]]>([
  ["signed by another root", "keys.cbor: documents", () => [document(KEY_ROLES, {}, signers.a)]],
  ["that do not begin with the first", "keys.cbor: documents", () => [document(KEY_ROLES, { version: 2 })]],
  ["of other epochs", "keys.cbor: epochPeriods", () => [document(KEY_ROLES, { epochPeriods: 8 })]],
])("documents %s are refused", (_what, at, documents) => {
  expect(where(verifyFiles(withKeys(first, documents()), pinned))).toBe(at);
});

test("bytes that are no documents", () => {
  const bundle = signedAgain(first, { "keys.cbor": Uint8Array.of(1, 2, 3) });
  expect(where(verifyFiles(bundle, pinned))).toBe("keys.cbor: item 1");
});

test("from bundle to bundle documents are only added", () => {
  const one = document(KEY_ROLES);
  const next = document(KEY_ROLES, { version: 2, previousHash: sha256(one), atMs: FIRST_EPOCH * 8000 + 1 });
  const other = document(KEY_ROLES, { atMs: FIRST_EPOCH * 8000 + 1 });
  const before = withKeys(first, [one]);
  const hash = sha256(before["manifest.cbor"]);
  const after = (documents: readonly Uint8Array[]) =>
    where(
      verifyFiles(
        signedAgain(second, { "keys.cbor": writeByteStrings(documents) }, { previousManifestHash: hash }),
        { previous: verified(before) },
      ),
    );
  expect([after([one]), after([one, next])]).toEqual(["holds", "holds"]);
  for (const documents of [[], [other]]) expect(after(documents)).toBe("keys.cbor: document 1, SHA-256");
});
