import { describe, expect, test } from "bun:test";
import {
  epochAtMs,
  epochSpanMs,
  KEY_ROLES,
  type KeyDocument,
  type KeyRole,
  keyDocumentMessage,
  NetworkKeys,
  type Signer,
  sha256,
  signerFromSeed,
  utf8,
} from "@earshot/protocol";
import fc from "fast-check";
import {
  announcedEpoch,
  type ChangeBasis,
  earliestEpoch,
  firstDocument,
  revoked,
  rotated,
} from "./key-changes.ts";

const CLOCKWORK = { entropyPeriodMs: 60_000, epochPeriods: 60 };
const root = signerFromSeed(new Uint8Array(32).fill(1));
const E = 500_000;
const startOf = (epoch: number) => epochSpanMs(epoch, CLOCKWORK).fromMs;
const basisAt = (nowMs: number, keys: NetworkKeys): ChangeBasis => ({ keys, clockwork: CLOCKWORK, nowMs });
const NONE = NetworkKeys.ofRoot("test", root.publicKey);

/** Other keys each time. */
function maker(): (role: KeyRole) => Uint8Array {
  let made = 0;
  return () => signerOf(made++).publicKey;
}
const signerOf = (number: number): Signer => signerFromSeed(sha256(utf8(`key ${number}`)));

function followed(keys: NetworkKeys, document: KeyDocument): NetworkKeys {
  const answer = keys.followedBy(keyDocumentMessage.seal(document, root, "test"));
  if (!answer.ok) throw new Error(answer.why);
  return answer.keys;
}

test("a document counts at the earliest when the gateway has surely read it: two periods before an epoch no more in the next", () => {
  const at = (beforeMs: number) => basisAt(startOf(E + 1) - beforeMs, NONE);
  expect([180_000, 120_001, 120_000, 1].map((ms) => earliestEpoch(at(ms)))).toEqual([
    E + 1,
    E + 1,
    E + 2,
    E + 2,
  ]);
  expect([180_000, 1].map((ms) => announcedEpoch(at(ms)))).toEqual([E + 2, E + 2]);
});

test("the first document of a network that runs leaves everything to the root until its epoch", () => {
  const keys = followed(NONE, firstDocument(basisAt(startOf(E), NONE), E + 2, maker()));
  for (const role of KEY_ROLES) {
    for (const epoch of [0, E, E + 1]) expect(keys.signing(role, epoch)).toEqual([root.publicKey]);
    expect(keys.maySign(role, root.publicKey, E + 2)).toBe(false);
    expect(keys.signing(role, E + 2)).toHaveLength(1);
  }
  expect(keys.keeps(NONE, E + 1)).toBe(true);
  expect(keys.keeps(NONE, E + 2)).toBe(false);
});

describe("afterwards", () => {
  const newKey = maker();
  const first = followed(NONE, firstDocument(basisAt(startOf(E), NONE), 0, newKey));
  const held = (keys: NetworkKeys, role: KeyRole, epoch: number) =>
    keys.signing(role, epoch)[0] as Uint8Array;
  const basis = basisAt(startOf(E) + 1000, first);

  test("a rotation changes one role only, and a second one before it counts takes its place", () => {
    const once = followed(first, rotated(basis, ["entropy"], E + 2, newKey));
    const twice = followed(once, rotated(basisAt(startOf(E) + 2000, once), ["entropy"], E + 1, newKey));
    const [old, dropped, last] = [
      held(first, "entropy", E),
      held(once, "entropy", E + 2),
      held(twice, "entropy", E + 2),
    ];
    expect(twice.newest?.document.keys).toHaveLength(6);
    expect(twice.maySign("entropy", old, E)).toBe(true);
    expect(twice.maySign("entropy", last, E + 1)).toBe(true);
    expect([old, dropped].some((key) => twice.maySign("entropy", key, E + 2))).toBe(false);
    expect(held(twice, "registry", E + 9)).toEqual(held(first, "registry", E));
  });

  test("a revoked key is replaced where nobody else has its role, and never takes one again", () => {
    const key = held(first, "downlink", E);
    const keys = followed(first, revoked(basis, key, E + 1, newKey));
    expect(keys.vacant(E + 1)).toEqual([]);
    expect(keys.refusal("downlink", key, startOf(E + 1))).toBe("key_revoked");
    const later = basisAt(startOf(E) + 2000, keys);
    expect(() => rotated(later, ["downlink"], E + 3, () => key)).toThrow("is revoked: it signs no more");
    expect(() => revoked(basisAt(startOf(E + 3), keys), key, E + 5, newKey)).toThrow("nothing to revoke");
  });

  test("what cannot be is refused with a sentence", () => {
    expect(() => firstDocument(basis, 0, newKey)).toThrow("There are key documents already, up to version 1");
    expect(() => rotated(basisAt(startOf(E), NONE), ["log"], E + 2, newKey)).toThrow("gateway keys init");
    expect(() => revoked(basis, root.publicKey, E + 1, newKey)).toThrow("The root key cannot be revoked");
    expect(() => revoked(basis, signerOf(10_000).publicKey, E + 1, newKey)).toThrow("nothing to revoke");
  });
});

test("however often keys are rotated and revoked: every document follows, no role is ever vacant, what counted still counts", () => {
  const step = fc.record({
    afterMs: fc.integer({ min: 1, max: 4 * 3_600_000 }),
    role: fc.constantFrom(...KEY_ROLES),
    isRevoked: fc.boolean(),
    laterEpochs: fc.nat({ max: 3 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), fc.boolean(), (steps, isNew) => {
      const newKey = maker();
      let nowMs = startOf(E);
      const begins = isNew ? 0 : announcedEpoch(basisAt(nowMs, NONE));
      let keys = followed(NONE, firstDocument(basisAt(nowMs, NONE), begins, newKey));
      for (const { afterMs, role, isRevoked, laterEpochs } of steps) {
        nowMs += afterMs;
        const basis = basisAt(nowMs, keys);
        const epoch = earliestEpoch(basis) + laterEpochs;
        const key = keys.signing(role, epoch)[0] as Uint8Array;
        const isRoot = keys.maySign(role, root.publicKey, epochAtMs(nowMs, CLOCKWORK));
        const document =
          isRevoked && !isRoot ? revoked(basis, key, epoch, newKey) : rotated(basis, [role], epoch, newKey);
        const next = followed(keys, document);
        const now = epochAtMs(nowMs, CLOCKWORK);
        for (let at = now; at < epoch; at++) expect(next.keeps(keys, at)).toBe(true);
        for (let at = now; at < epoch + 5; at++) expect([at, next.vacant(at)]).toEqual([at, []]);
        keys = next;
      }
      expect(keys.newest?.document.keys.length).toBeLessThan(70);
    }),
    { numRuns: 25 },
  );
}, 30_000);
