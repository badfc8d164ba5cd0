import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { hotspotId } from "../crypto/did-key.ts";
import { signerFromSeed } from "../crypto/ed25519.ts";
import { sha256 } from "../crypto/sha256.ts";
import { epochSpanMs } from "../time/schedule.ts";
import { type Entropy, entropyMessage } from "./entropy.ts";
import { type KeyDocument, keyDocumentMessage, MAX_ROLE_KEYS, type RoleKey } from "./key-document.ts";
import { NetworkKeys } from "./keys.ts";
import { KEY_ROLES, type KeyRole, type MessageRefusal } from "./message.ts";

const NETWORK = "testnet-1";
const CLOCK = { entropyPeriodMs: 60_000, epochPeriods: 1440 };
const signer = (fill: number) => signerFromSeed(new Uint8Array(32).fill(fill));
const [root, a, b, c, thief] = [1, 2, 3, 4, 5].map(signer) as [S, S, S, S, S];
type S = ReturnType<typeof signer>;

const E = 20_600;
const within = (epoch: number, ms = 1000): number => epochSpanMs(epoch, CLOCK).fromMs + ms;

const key = (role: string, who: S, fromEpoch: number, rest: Partial<RoleKey> = {}): RoleKey => ({
  ...{ role, key: who.publicKey, fromEpoch, untilEpoch: null, revokedFromEpoch: null },
  ...rest,
});

/** A document that follows `before`, signed in `epoch` by the root or somebody else. */
function signed(
  keys: RoleKey[],
  epoch: number,
  before?: Uint8Array,
  change: Partial<KeyDocument> = {},
  by = root,
): Uint8Array {
  const opened = before && keyDocumentMessage.open(before, NETWORK);
  const version = opened?.ok ? opened.value.version + 1 : 1;
  const previousHash = before === undefined ? new Uint8Array(32) : sha256(before);
  const document = {
    network: NETWORK,
    version,
    previousHash,
    atMs: within(epoch),
    ...CLOCK,
    keys,
    ...change,
  };
  return keyDocumentMessage.seal(document, by, NETWORK);
}

/** All roles with one key. */
const allRoles = (who: S, fromEpoch: number, rest: Partial<RoleKey> = {}): RoleKey[] =>
  KEY_ROLES.map((role) => key(role, who, fromEpoch, rest));

function keysOf(...documents: Uint8Array[]): NetworkKeys {
  const read = NetworkKeys.read(NETWORK, root.publicKey, documents);
  if (!read.ok) throw new Error(`${read.code}: ${read.why}`);
  return read.keys;
}

const refusalOf = (...documents: Uint8Array[]): string => {
  const read = NetworkKeys.read(NETWORK, root.publicKey, documents);
  return read.ok ? "ok" : `${read.code}: ${read.why}`;
};

const first = signed(allRoles(a, 0), E);
/** The entropy key changes hands in epoch E + 2. */
const rotated = signed(
  [
    ...allRoles(a, 0).filter(({ role }) => role !== "entropy"),
    key("entropy", a, 0, { untilEpoch: E + 2 }),
    key("entropy", b, E + 2),
  ],
  E,
  first,
  { atMs: within(E, 2000) },
);

describe("who may sign", () => {
  test("without a document the root signs everything, and nobody else anything", () => {
    const keys = NetworkKeys.ofRoot(NETWORK, root.publicKey);
    for (const role of KEY_ROLES) {
      expect(keys.refusal(role, root.publicKey, within(E))).toBeUndefined();
      expect(keys.refusal(role, a.publicKey, within(E))).toBe("wrong_signer");
    }
  });

  test("with one only the keys in it do: not the root, and none in another's role", () => {
    const keys = keysOf(signed([key("entropy", a, 0), key("downlink", b, 0)], E));
    const signers = (role: KeyRole) => [root, a, b].filter((one) => keys.maySign(role, one.publicKey, E));
    expect(signers("entropy")).toEqual([a]);
    expect(signers("downlink")).toEqual([b]);
    expect(signers("registry")).toEqual([]);
    expect(keys.vacant(E)).toEqual(["registry", "epochs", "log"]);
  });

  test.each([
    [E + 1, [undefined, "key_not_in_force"]],
    [E + 2, ["key_not_in_force", undefined]],
    [E + 3, ["key_not_in_force", undefined]],
  ])("a rotation counts from its epoch on, to the millisecond: epoch %d", (epoch, expected) => {
    const keys = keysOf(first, rotated);
    for (const ms of [0, 86_399_999]) {
      const found = [a, b].map((one) => keys.refusal("entropy", one.publicKey, within(epoch, ms)));
      expect(found).toEqual(expected as never);
    }
    expect(keys.signing("entropy", epoch)).toEqual([epoch < E + 2 ? a.publicKey : b.publicKey]);
  });

  test("a revoked key is refused by name from its epoch on; what it signed before stays valid", () => {
    const revoked = signed(
      [...allRoles(a, 0, { revokedFromEpoch: E + 1 }), ...allRoles(b, E + 1)],
      E,
      first,
      { atMs: within(E, 2000) },
    );
    const keys = keysOf(first, revoked);
    expect(keys.refusal("entropy", a.publicKey, within(E))).toBeUndefined();
    expect(keys.refusal("entropy", a.publicKey, within(E + 1, 0))).toBe("key_revoked");
    expect(keys.revokedFrom(a.publicKey)).toBe(E + 1);
    expect(keys.revokedFrom(b.publicKey)).toBeUndefined();
  });

  test("of a key that is revoked in several roles the first of these epochs counts for all", () => {
    const twice = [
      key("log", a, 0, { revokedFromEpoch: E + 9 }),
      key("entropy", a, 0, { revokedFromEpoch: E + 4 }),
    ];
    for (const keys of [twice, twice.toReversed()]) {
      expect(keysOf(signed(keys, E)).revokedFrom(a.publicKey)).toBe(E + 4);
    }
  });

  test("who signs is told with the epochs", () => {
    const keys = keysOf(
      signed([key("log", a, 4, { untilEpoch: 9, revokedFromEpoch: 7 }), key("log", b, 7)], E),
    );
    const [one, other] = [a, b].map(({ publicKey }) => hotspotId(publicKey));
    expect(keys.describe("log")).toBe(
      `${one} (from epoch 4 until 9, revoked from epoch 7) or ${other} (from epoch 7)`,
    );
    expect(keys.describe("entropy")).toBe("nobody: no key has the role entropy");
    expect(NetworkKeys.ofRoot(NETWORK, root.publicKey).describe("log")).toBe(hotspotId(root.publicKey));
  });

  test("a role that this program does not know is kept, and is nothing to the others", () => {
    const keys = keysOf(signed([...allRoles(a, 0), key("weather", b, 0)], E));
    expect(KEY_ROLES.some((role) => keys.maySign(role, b.publicKey, E))).toBe(false);
    expect(keys.newest?.document.keys.at(-1)?.role).toBe("weather");
  });

  test("of messages: by role, and by the time that the message says", () => {
    const keys = keysOf(first, rotated);
    const entropy: Entropy = {
      index: 1,
      atMs: within(E + 2),
      value: new Uint8Array(32),
      previousHash: new Uint8Array(32),
      periodMs: 60_000,
      validityMs: 180_000,
      windowPeriods: 360,
      reportDeadlineMs: null,
      revealDeadlineMs: null,
      windowValue: new Uint8Array(32),
      source: null,
      state: null,
    };
    const code = (by: S, atMs: number): MessageRefusal | "ok" => {
      const opened = entropyMessage.open(
        entropyMessage.seal({ ...entropy, atMs }, by, NETWORK),
        NETWORK,
        keys,
      );
      return opened.ok ? "ok" : opened.code;
    };
    expect([code(a, within(E + 1)), code(b, within(E + 2))]).toEqual(["ok", "ok"]);
    expect([code(a, within(E + 2)), code(b, within(E + 1))]).toEqual([
      "key_not_in_force",
      "key_not_in_force",
    ]);
    expect([code(root, within(E)), code(thief, within(E))]).toEqual(["wrong_signer", "wrong_signer"]);
  });
});

describe("the chain of documents", () => {
  test("what the root did not sign, for this network, is no key document", () => {
    const foreign = keyDocumentMessage.seal(
      {
        network: "other",
        version: 1,
        previousHash: new Uint8Array(32),
        atMs: within(E),
        ...CLOCK,
        keys: [key("log", a, 0)],
      },
      root,
      NETWORK,
    );
    for (const bad of [signed(allRoles(a, 0), E, undefined, {}, thief), foreign, Uint8Array.of(1, 2, 3)]) {
      expect(refusalOf(bad)).toStartWith("unreadable_keys");
    }
  });

  test("one with a key that not all implementations read alike", () => {
    const weak = { ...key("log", a, 0), key: new Uint8Array(32) };
    expect(refusalOf(signed([...allRoles(a, 0).slice(1), weak], E))).toContain("not an admissible");
  });

  test("an older version than the newest known, and a second one of the same number", () => {
    const keys = keysOf(first, rotated);
    expect(keys.followedBy(first)).toMatchObject({ ok: false, code: "old_keys" });
    expect(keys.replacedBy(first)).toMatchObject({ ok: false, code: "old_keys" });
    const other = signed(allRoles(a, 0), E, first, { atMs: within(E, 3000) });
    expect(keys.followedBy(other)).toMatchObject({ ok: false, code: "other_keys" });
    expect(keys.replacedBy(other)).toMatchObject({ ok: false, code: "other_keys" });
    expect(keys.followedBy(rotated)).toEqual({ ok: true, keys, isNew: false });
  });

  const beforeAll = allRoles(a, 0);
  test.each<[string, string, RoleKey[], Partial<KeyDocument>]>([
    ["a version is left out", "version is 3; 2 is next", beforeAll, { version: 3 }],
    ["it follows another one", "follows another version 1", beforeAll, { previousHash: new Uint8Array(32) }],
    ["it is signed no later", "not signed after", beforeAll, { atMs: within(E) }],
    ["epochs have another length", "epochPeriods is 60; it stays 1440", beforeAll, { epochPeriods: 60 }],
    ["a key begins in this epoch", `begins in epoch ${E}, which`, [...beforeAll, key("log", b, E)], {}],
    ["a key in force is left out", "is left out in epoch 0, which", beforeAll.slice(1), {}],
    ["a key is revoked from this epoch on", "ends otherwise", allRoles(a, 0, { revokedFromEpoch: E }), {}],
    ["a key ended long ago", "ends otherwise", allRoles(a, 0, { untilEpoch: 5 }), {}],
  ])("%s", (_what, why, keys, change) => {
    const next = signed(keys, E, first, { atMs: within(E, 2000), ...change });
    expect(refusalOf(first, next)).toContain(why);
  });

  test("an end that has come cannot be put off", () => {
    const ended = signed([...allRoles(a, 0, { untilEpoch: E + 1 }), ...allRoles(b, E + 1)], E, first, {
      atMs: within(E, 2000),
    });
    const longer = [...allRoles(a, 0, { untilEpoch: E + 9 }), ...allRoles(b, E + 1)];
    expect(refusalOf(first, ended, signed(longer, E, ended, { atMs: within(E, 3000) }))).toBe("ok");
    expect(refusalOf(first, ended, signed(longer, E + 1, ended))).toContain("ends otherwise");
  });

  test("keys whose epochs are over may be left out; what they signed stays valid for who knows all documents", () => {
    const later = signed(
      allRoles(a, 0)
        .filter(({ role }) => role !== "entropy")
        .concat(key("entropy", b, E + 2)),
      E + 3,
      rotated,
    );
    expect(keysOf(first, rotated, later).refusal("entropy", a.publicKey, within(E))).toBeUndefined();
    const agent = NetworkKeys.ofRoot(NETWORK, root.publicKey).replacedBy(later);
    expect(agent.ok && agent.keys.refusal("entropy", a.publicKey, within(E))).toBe("wrong_signer");
  });

  test("a key that has not begun and is left out never does", () => {
    const back = signed(allRoles(a, 0), E, rotated, { atMs: within(E, 3000) });
    const keys = keysOf(first, rotated, back);
    expect(keys.signing("entropy", E + 2)).toEqual([a.publicKey]);
    expect(keys.refusal("entropy", b.publicKey, within(E + 2))).toBe("wrong_signer");
  });

  test("whoever missed versions takes the newest, but never one that is not what follows", () => {
    const third = signed([...rotatedKeys(), key("entropy", c, E + 5)], E + 3, rotated);
    const start = keysOf(first);
    expect(start.followedBy(third)).toMatchObject({ ok: false, code: "other_keys" });
    const taken = start.replacedBy(third);
    expect(taken.ok && taken.keys.version).toBe(3);
    const beside = signed(allRoles(a, 0), E, first, { previousHash: new Uint8Array(32), atMs: within(E, 9) });
    expect(start.replacedBy(beside)).toMatchObject({ ok: false, code: "other_keys" });
  });
});

function rotatedKeys(): RoleKey[] {
  const opened = keyDocumentMessage.open(rotated, NETWORK);
  if (!opened.ok) throw new Error(opened.code);
  return opened.value.keys;
}

describe("a document", () => {
  const code = (change: Partial<KeyDocument>): string => {
    const opened = keyDocumentMessage.open(signed(allRoles(a, 0), E, undefined, change), NETWORK);
    return opened.ok ? "ok" : opened.code;
  };

  test.each<[string, Partial<KeyDocument>]>([
    ["no keys", { keys: [] }],
    ["too many", { keys: Array.from({ length: MAX_ROLE_KEYS + 1 }, (_, i) => key("log", a, i)) }],
    ["a key twice", { keys: [key("log", a, 1), key("log", a, 1)] }],
    ["an end before the beginning", { keys: [key("log", a, 5, { untilEpoch: 4 })] }],
    ["revoked before the beginning", { keys: [key("log", a, 5, { revokedFromEpoch: 4 })] }],
    ["version 0", { version: 0 }],
  ])("with %s is out of range", (_what, change) => {
    expect(code({})).toBe("ok");
    expect(code(change)).toBe("out_of_range");
  });

  test("of a hundred keys fits an agent's inbox ten times over", () => {
    const keys = Array.from({ length: MAX_ROLE_KEYS }, (_, i) =>
      key("registry", a, 20_000 + i, { untilEpoch: 30_000 }),
    );
    expect(signed(keys, E).length).toBeLessThan(6600);
  });
});

test("whatever a later document says, what was valid when it was signed stays valid", () => {
  const span = fc.record({
    who: fc.nat({ max: 2 }),
    from: fc.nat({ max: 6 }),
    until: fc.option(fc.nat({ max: 6 })),
  });
  const documents = fc.array(fc.array(span, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(documents, (each) => {
      let keys = NetworkKeys.ofRoot(NETWORK, root.publicKey);
      let last: Uint8Array | undefined;
      for (const [i, spans] of each.entries()) {
        const epoch = E + 2 * i;
        const wanted = spans.map(({ who, from, until }) =>
          key("entropy", [a, b, c][who] as S, E + from, {
            untilEpoch: until === null ? null : E + from + until,
          }),
        );
        const message = signed(wanted, epoch, last);
        const next = keys.followedBy(message);
        if (!next.ok) continue;
        if (keys.version > 0) {
          for (const who of [a, b, c]) {
            for (let at = E - 1; at <= epoch; at++) {
              expect(next.keys.maySign("entropy", who.publicKey, at)).toBe(
                keys.maySign("entropy", who.publicKey, at),
              );
            }
          }
        }
        [keys, last] = [next.keys, message];
      }
    }),
  );
});
