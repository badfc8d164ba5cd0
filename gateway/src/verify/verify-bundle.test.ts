import { describe, expect, test } from "bun:test";
import {
  type Denial,
  denialMessage,
  type Entropy,
  encodePacket,
  entropyHash,
  entropyMessage,
  type NetworkParameters,
  parametersHash,
  parametersMessage,
  settleEpoch,
  signerFromSeed,
  utf8,
} from "@earshot/protocol";
import type { Bundle } from "../bundle/bundle.ts";
import { readByteStrings, writeByteStrings, writePackets } from "../bundle/cbor-sequences.ts";
import { formatLeaves, formatParametersFile } from "../bundle/json-texts.ts";
import { encodeChunks } from "../bundle/text-chunks.ts";
import { manifestOf, signedAgain, testBundles } from "../testing/test-bundle.ts";
import { edited, editedJson, packetsOf, replaced, verified, where } from "../testing/test-edits.ts";
import {
  entropyChain,
  FIRST_EPOCH,
  HOTSPOTS,
  idOf,
  indexesOf,
  networkSigner,
  PARAMETERS,
  signedParameters,
  signers,
  statusPacket,
} from "../testing/test-network.ts";
import { verifyFiles } from "./verify-bundle.ts";

const [first, second, third] = (await testBundles(3)) as [Bundle, Bundle, Bundle];

describe("packets", () => {
  const withPackets = (items: ReturnType<typeof packetsOf>) =>
    where(verifyFiles(signedAgain(first, { "packets.cbor": writePackets(items) })));

  test("one there twice, or out of order, is named", () => {
    const [one, ...others] = packetsOf(first);
    if (one === undefined) throw new TypeError("No packets");
    expect(withPackets([one, one, ...others])).toMatch(/^packets.cbor: item 2, packet /);
    expect(withPackets([...others, one])).toMatch(/^packets.cbor: item 11, packet /);
  });

  test("one filed under another epoch in time, away from its beacon, is named", () => {
    const [one] = packetsOf(second);
    const items = packetsOf(second).map((item) => ({
      ...item,
      receivedAtMs: (one?.receivedAtMs ?? 0) - 8000,
    }));
    const bundle = signedAgain(second, { "packets.cbor": writePackets(items) });
    expect(where(verifyFiles(bundle))).toMatch(/^packets.cbor: item \d+, packet /);
    const elsewhere = signedAgain(first, { "packets.cbor": second["packets.cbor"] });
    const outcome = verifyFiles(elsewhere);
    expect(!outcome.ok && outcome.difference.found).toBe(`filed under ${FIRST_EPOCH}`);
  });

  test("a truncated file is named with the item", () => {
    const cut = first["packets.cbor"].subarray(0, -1);
    expect(where(verifyFiles(signedAgain(first, { "packets.cbor": cut })))).toBe("packets.cbor: item 11");
  });
});

describe("entropy", () => {
  const messages = (bundle: Bundle): Uint8Array[] => {
    const read = readByteStrings(bundle["entropy.cbor"]);
    return read.ok ? read.items : [];
  };
  const withEntropy = (bundle: Bundle, list: Uint8Array[]) =>
    where(verifyFiles(signedAgain(bundle, { "entropy.cbor": writeByteStrings(list) })));
  const forge = (message: Uint8Array, changes: Partial<Entropy>, signer = networkSigner) => {
    const opened = entropyMessage.open(message, PARAMETERS.network);
    if (!opened.ok) throw new TypeError(opened.code);
    return entropyMessage.seal({ ...opened.value, ...changes }, signer, PARAMETERS.network);
  };

  test("signed by another key is named", () => {
    const list = messages(first).map((message, i) => (i === 2 ? forge(message, {}, signers.a) : message));
    expect(withEntropy(first, list)).toBe("entropy.cbor: item 3");
  });

  test("chosen again breaks the chain", () => {
    const list = messages(first).map((message, i) =>
      i === 2 ? forge(message, { value: new Uint8Array(32) }) : message,
    );
    expect(withEntropy(first, list)).toMatch(/^entropy.cbor: item 4, index \d+, previousHash$/);
  });

  test("left out is found at either end and in the middle", () => {
    expect(withEntropy(first, messages(first).toSpliced(3, 1))).toMatch(
      /^entropy.cbor: item 4, .*previousHash$/,
    );
    expect(withEntropy(first, messages(first).slice(0, -1))).toBe("entropy.cbor: end");
    for (const bundle of [first, second]) {
      for (const dropped of [1, 2]) {
        expect(withEntropy(bundle, messages(bundle).slice(dropped))).toMatch(
          /^entropy.cbor: item 1, index \d+$/,
        );
      }
    }
    expect(withEntropy(first, [])).toBe("entropy.cbor: end");
  });

  test("of one index twice is named, although the chain goes on from one to the other", () => {
    const [one = new Uint8Array(), ...rest] = messages(first);
    const opened = entropyMessage.open(one, PARAMETERS.network);
    if (!opened.ok) throw new TypeError(opened.code);
    const again = forge(one, { previousHash: entropyHash(opened.value), value: new Uint8Array(32) });
    expect(withEntropy(first, [one, again, ...rest])).toMatch(/^entropy.cbor: item 2, index \d+$/);
  });

  test("of before the network's first epoch is named where no epoch was before", () => {
    const chain = entropyChain(indexesOf(2).slice(3)).map(({ message }) => message);
    const files = { "entropy.cbor": writeByteStrings(chain), "contacts.json": utf8("[]\n") };
    const previous = { previousEpoch: null, previousManifestHash: new Uint8Array(32) };
    expect(where(verifyFiles(signedAgain(second, files, previous)))).toMatch(
      /^entropy.cbor: item 1, index \d+$/,
    );
  });

  test("with another window value or other periods is named", () => {
    const change = (changes: Partial<Entropy>) =>
      withEntropy(first, [forge(messages(first)[0] as Uint8Array, changes), ...messages(first).slice(1)]);
    expect(change({ windowValue: new Uint8Array(32) })).toMatch(/windowValue$/);
    expect(change({ periodMs: 1999 })).toMatch(/period, validity, periods per window$/);
  });
});

describe("parameters", () => {
  const other = { ...PARAMETERS, poolPerEpoch: 2_000_006n };
  /** Rules that the network signed, in all places: only amounts, verdicts and history are against them. */
  const ruledBy = (bundle: Bundle, parameters: NetworkParameters, signer = networkSigner) =>
    signedAgain(
      bundle,
      {
        "parameters.json": utf8(formatParametersFile(parameters)),
        "parameters.cbor": parametersMessage.seal(parameters, signer, parameters.network),
      },
      { parametersHash: parametersHash(parameters) },
    );

  test("that the manifest does not name are found", () => {
    const files = {
      "parameters.json": utf8(formatParametersFile(other)),
      "parameters.cbor": signedParameters(other),
    };
    expect(where(verifyFiles({ ...first, ...files }))).toBe("manifest.cbor: parametersHash");
    expect(where(verifyFiles(signedAgain(first, files)))).toBe("manifest.cbor: parametersHash");
  });

  test("that another key signed are found", () => {
    expect(where(verifyFiles(ruledBy(first, other, signers.a)))).toBe("parameters.cbor: signature");
  });

  test("that the network signed for this bundle are not those of its verdicts, nor those that are known", () => {
    const bundle = ruledBy(first, other);
    expect(where(verifyFiles(bundle))).toMatch(/^verdicts.jsonl: line 1/);
    const honest = { parametersHash: parametersHash(PARAMETERS).toHex() };
    expect(where(verifyFiles(bundle, honest))).toBe("manifest.cbor: parametersHash");
    expect(where(verifyFiles(first, honest))).toBe("holds");
  });

  test("that are not in force yet are refused", () => {
    const early = ruledBy(first, { ...other, version: 2, activationEpoch: FIRST_EPOCH + 1 });
    expect(where(verifyFiles(early))).toBe("parameters.cbor: activationEpoch");
    const timely = ruledBy(first, { ...PARAMETERS, version: 2, activationEpoch: FIRST_EPOCH });
    expect(where(verifyFiles(timely))).not.toStartWith("parameters");
  });

  test("follow each other: old ones are refused, and new ones that begin too early", () => {
    const previous = verified(first);
    const after = (changes: Partial<NetworkParameters>, earlier: Partial<NetworkParameters> = {}) =>
      where(
        verifyFiles(ruledBy(second, { ...PARAMETERS, ...changes }), {
          previous: { ...previous, parameters: { ...PARAMETERS, ...earlier } },
        }),
      );
    const version = { version: 2, activationEpoch: FIRST_EPOCH + 1 };
    expect(after({ poolPerEpoch: 1n })).toBe("parameters.cbor: version 1, hash");
    expect(after({}, { version: 2 })).toBe("parameters.cbor: version");
    expect(after({ ...version, activationEpoch: FIRST_EPOCH })).toBe("parameters.cbor: activationEpoch");
    expect(after({ ...version, chainId: 2n })).toBe("parameters.cbor: chainId");
    expect(after({ ...version, poolPerEpoch: 1n })).toMatch(/^verdicts.jsonl: line 1/);
  });

  test("that are no parameters are told", () => {
    for (const bad of ["", "[]", "{}", "null", '{"chainId":"x"}', "\u0000"]) {
      const outcome = verifyFiles({ ...first, "parameters.json": utf8(bad) });
      expect(where(outcome)).toBe("parameters.json: content");
    }
  });

  test("with other rules give other verdicts", () => {
    const foreign = ruledBy(first, { ...PARAMETERS, ruleSet: "helium-2026" });
    expect(where(verifyFiles(foreign))).toMatch(/^verdicts.jsonl: line 1/);
  });
});

describe("registry", () => {
  const change = (edit: (list: Record<string, unknown>[]) => unknown) =>
    where(verifyFiles(editedJson(first, "registry.json", edit)));
  const changesOf = (list: Record<string, unknown>[], i: number) =>
    list[i]?.changes as { evidence: string }[];

  test("evidence about another hotspot, or that asserts nothing, is named", () => {
    const place = /^registry.json: hotspot z6Mk\w+, change 1: evidence/;
    expect(change((list) => list.map((entry) => ({ ...entry, changes: changesOf(list, 0) })))).toMatch(place);
    const silent = encodePacket(statusPacket(9, FIRST_EPOCH * 8000), signers.a, PARAMETERS.network);
    const evidence = `0x${silent.toHex()}`;
    const silenced = change((list) =>
      list.map((entry, i) => ({
        ...entry,
        changes: changesOf(list, i).map((one) => ({ ...one, evidence })),
      })),
    );
    expect(silenced).toMatch(place);
  });

  test("another order, a double, a false id, an empty history or a strange field is told", () => {
    expect(change((list) => list.toReversed())).toBe("registry.json: content");
    expect(change((list) => [list[0], ...list])).toBe("registry.json: content");
    expect(change((list) => list.map((entry) => ({ ...entry, more: 1 })))).toBe("registry.json: content");
    expect(change((list) => list.map((entry) => ({ ...entry, changes: [] })))).toBe("registry.json: content");
    const renamed = change((list) => [{ ...list[0], id: "z5" }, ...list.slice(1)]);
    expect(renamed).toBe("registry.json: hotspot z5, id");
  });

  test("the same facts in another form are told by line", () => {
    const spaced = edited(first, "registry.json", (all) => all.replace('"latE7": ', '"latE7":  '));
    expect(where(verifyFiles(spaced))).toMatch(/^registry.json: line \d+$/);
  });

  test("without a hotspot that was paid before", () => {
    const paid = idOf("b");
    const without = editedJson(second, "registry.json", (list) => list.filter(({ id }) => id !== paid));
    expect(where(verifyFiles(without))).toBe(`registry.json: hotspot ${paid}`);
  });
});

describe("denials", () => {
  const epoch = FIRST_EPOCH + 1;
  const denial = (changes: Partial<Denial>): Denial => ({
    hotspot: signers.near.publicKey,
    peer: null,
    reason: "too near to another",
    evidence: "case 1",
    atMs: FIRST_EPOCH * 8000,
    fromEpoch: epoch,
    untilEpoch: epoch + 1,
    ...changes,
  });
  const withDenials = (changes: Partial<Denial>[], signer = networkSigner) => {
    const messages = changes.map((each) => denialMessage.seal(denial(each), signer, PARAMETERS.network));
    return where(verifyFiles(replaced(second, "denials.cbor", writeByteStrings(messages))));
  };

  test("that no network signed, that do not hold now or were made up afterwards are named", () => {
    expect(withDenials([{}], signers.a)).toBe("denials.cbor: item 1");
    expect(withDenials([{ fromEpoch: epoch + 1, untilEpoch: epoch + 2 }])).toBe("denials.cbor: item 1");
    expect(withDenials([{ fromEpoch: epoch - 1, untilEpoch: epoch }])).toBe("denials.cbor: item 1");
    expect(withDenials([{ atMs: epoch * 8000 }])).toBe("denials.cbor: item 1, atMs");
    expect(withDenials([{}, {}])).toBe("denials.cbor: item 2");
  });

  test("that the verdicts do not heed are missed there", () => {
    expect(withDenials([{}])).toMatch(/^verdicts.jsonl: line \d+, packet /);
  });
});

describe("manifest", () => {
  test.each([
    ["paid", { paid: 1n }],
    ["pool", { pool: 1n }],
    ["root", { root: new Uint8Array(32) }],
    ["fromMs", { fromMs: Date.UTC(2026, 1, 1) }],
    ["network", { network: "testnet-2" }],
    ["files", { files: [] }],
    ["previousEpoch", { previousEpoch: 1 }],
    ["previousEpoch", { previousEpoch: FIRST_EPOCH, previousManifestHash: new Uint8Array(32).fill(1) }],
    ["counts, entropy", { counts: { ...manifestOf(first).counts, entropy: 1 } }],
  ])("with another %s is named", (field, changes) => {
    expect(where(verifyFiles(signedAgain(first, {}, changes)))).toBe(`manifest.cbor: ${field}`);
  });

  test("may name files of a later program, in their place", () => {
    const later = { name: "later.cbor", bytes: 7, sha256: new Uint8Array(32).fill(7) };
    const files = [...manifestOf(first).files, later].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    expect(where(verifyFiles(signedAgain(first, {}, { files })))).toBe("holds");
    const unsorted = [...manifestOf(first).files, later];
    expect(where(verifyFiles(signedAgain(first, {}, { files: unsorted })))).toBe(
      "manifest.cbor: files, order",
    );
    expect(where(verifyFiles(signedAgain(first, {}, { files: [...files, later] })))).toBe(
      "manifest.cbor: files, order",
    );
  });

  test("signed by another key is refused where the key is known", () => {
    const impostor = signerFromSeed(new Uint8Array(32).fill(9));
    const bundle = signedAgain(first, {}, {}, impostor);
    expect(where(verifyFiles(bundle, { networkKey: networkSigner.publicKey }))).toBe(
      "manifest.cbor: signature",
    );
    // Where it is not, the parameters give it away.
    expect(where(verifyFiles(bundle))).toBe("parameters.cbor: signature");
  });
});

describe("several bundles", () => {
  test("hold one after the other, and say that nothing was taken on trust", () => {
    const one = verified(first);
    const two = verified(second, { previous: one });
    const three = verified(third, { previous: two });
    expect([one, two, three].map(({ isComplete }) => isComplete)).toEqual([true, true, true]);
    expect(verified(second).isComplete).toBe(false);
  });

  test("one left out between two is found", () => {
    const outcome = verifyFiles(third, { previous: verified(first) });
    expect(where(outcome)).toBe("manifest.cbor: previousEpoch");
  });

  test("another manifest before it is found", () => {
    const other = signedAgain(first, {}, { closedAtMs: Date.UTC(2027, 0, 1) });
    const outcome = verifyFiles(second, { previous: verified(other) });
    expect(where(outcome)).toBe("manifest.cbor: previousManifestHash");
  });

  test("amounts of earlier epochs that were changed on the way are found", () => {
    const before = new Map(verified(first).settlement.payments.map((p) => [p.hotspotId, p.cumulative + 1n]));
    const { judgement } = verified(second);
    const settlement = settleEpoch(judgement, { parameters: PARAMETERS, hotspots: HOTSPOTS, before });
    const files = {
      "leaves.jsonl": encodeChunks(formatLeaves(settlement.payments, judgement.verdicts)),
      "tree.json": encodeChunks(settlement.tree.dumpText()),
    };
    const bundle = signedAgain(second, files, { root: settlement.tree.root });
    expect(where(verifyFiles(bundle))).toBe("holds");
    expect(where(verifyFiles(bundle, { previous: verified(first) }))).toMatch(
      /^leaves.jsonl: line 1, hotspot /,
    );
  });

  test("used sequence numbers that were hidden are found", () => {
    const previous = verified(first);
    const hide = (all: string) => all.replace(/\[\s*10,\s*12\s*\]/, "[\n   10,\n   11\n  ]");
    const bundle = edited(second, "sequences.json", hide);
    expect(where(verifyFiles(bundle))).toBe("holds");
    expect(where(verifyFiles(bundle, { previous }))).toMatch(/^sequences.json: hotspot z6Mk/);
  });
});
