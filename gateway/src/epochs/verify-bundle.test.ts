import { describe, expect, test } from "bun:test";
import {
  type Entropy,
  encodePacket,
  entropyMessage,
  equalBytes,
  parametersHash,
  settleEpoch,
  signerFromSeed,
  utf8,
} from "@earshot/protocol";
import type { Bundle, BundleFile } from "./bundle.ts";
import { readByteStrings, readPackets, writeByteStrings, writePackets } from "./bundle-sequences.ts";
import { formatLeaves, formatParametersFile, formatTree } from "./bundle-texts.ts";
import { manifestOf, signedAgain, testBundles } from "./test-bundle.ts";
import {
  FIRST_EPOCH,
  HOTSPOTS,
  idOf,
  networkSigner,
  PARAMETERS,
  signers,
  statusPacket,
} from "./test-network.ts";
import { type BundleOutcome, type VerifyOptions, verifyFiles } from "./verify-bundle.ts";

const [first, second, third] = (await testBundles(3)) as [Bundle, Bundle, Bundle];
const text = (bundle: Bundle, file: BundleFile): string => new TextDecoder().decode(bundle[file]);

/** File and place of the difference, or "holds". */
const where = (outcome: BundleOutcome): string =>
  outcome.ok ? "holds" : `${outcome.difference.file}: ${outcome.difference.at}`;

const verified = (bundle: Bundle, options?: VerifyOptions) => {
  const outcome = verifyFiles(bundle, options);
  if (!outcome.ok) throw new TypeError(where(outcome));
  return outcome.verified;
};

/** Changes a text file as given; `signed` says whether the network signs the change. */
function edited(bundle: Bundle, file: BundleFile, edit: (text: string) => string, isSigned = true): Bundle {
  const changed = utf8(edit(text(bundle, file)));
  expect(equalBytes(changed, bundle[file])).toBe(false);
  return isSigned ? signedAgain(bundle, { [file]: changed }) : { ...bundle, [file]: changed };
}

const packetsOf = (bundle: Bundle) => {
  const read = readPackets(bundle["packets.cbor"]);
  return read.ok ? read.items : [];
};

describe.each([
  ["signed again", true],
  ["manifest untouched", false],
])("a change, %s", (_, isSigned) => {
  test("of a verdict is named by line and packet", () => {
    const swap = (all: string) => all.replace('"refused","reason":"wrong_frequency"', '"paid","reason":"ok"');
    const outcome = verifyFiles(edited(first, "verdicts.jsonl", swap, isSigned));
    expect(where(outcome)).toMatch(/^verdicts.jsonl: line \d+, packet [0-9a-f]{64}$/);
    expect(!outcome.ok && outcome.difference.expected).toContain("wrong_frequency");
    expect(!outcome.ok && outcome.difference.found).toContain('"paid"');
  });

  test("of an amount is named by line and hotspot", () => {
    const raise = (all: string) => all.replace(/"delta":"(\d)/, '"delta":"9$1');
    const bundle = edited(first, "leaves.jsonl", raise, isSigned);
    expect(where(verifyFiles(bundle))).toMatch(/^leaves.jsonl: line 1, hotspot z6Mk/);
  });

  test("of the order of the tree is named by line", () => {
    const swap = (all: string) => {
      const dump = JSON.parse(all);
      dump.tree.push(dump.tree.shift());
      return `${JSON.stringify(dump, null, 1)}\n`;
    };
    expect(where(verifyFiles(edited(first, "tree.json", swap, isSigned)))).toMatch(/^tree.json: line \d+$/);
  });

  test("of a registered position is named by hotspot", () => {
    const move = (all: string) => all.replace(/"latE7": \d+/, '"latE7": 525000001');
    const outcome = verifyFiles(edited(first, "registry.json", move, isSigned));
    expect(where(outcome)).toMatch(/^registry.json: hotspot z6Mk/);
  });
});

describe("packets", () => {
  const withPackets = (items: ReturnType<typeof packetsOf>) =>
    where(verifyFiles(signedAgain(first, { "packets.cbor": writePackets(items) })));

  test("one left out is missed in the verdicts", () => {
    const dropped = packetsOf(first).map((_, i) => withPackets(packetsOf(first).toSpliced(i, 1)));
    expect(dropped.filter((place) => place.startsWith("verdicts.jsonl: line ")).length).toBe(10);
    // The eleventh is a status packet: no verdict is about it, but the manifest counts it.
    expect(dropped.filter((place) => place === "manifest.cbor: counts, packets").length).toBe(1);
  });

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
    expect(withEntropy(second, messages(second).slice(2))).toMatch(/^entropy.cbor: item 1, index/);
    expect(withEntropy(first, [])).toBe("entropy.cbor: end");
  });

  test("with another window value or other periods is named", () => {
    const change = (changes: Partial<Entropy>) =>
      withEntropy(first, [forge(messages(first)[0] as Uint8Array, changes), ...messages(first).slice(1)]);
    expect(change({ windowValue: new Uint8Array(32) })).toMatch(/windowValue$/);
    expect(change({ periodMs: 1999 })).toMatch(/period, validity, periods per window$/);
  });
});

describe("parameters", () => {
  const foreign = { ...PARAMETERS, poolPerEpoch: 2_000_006n };
  const file = { "parameters.json": utf8(formatParametersFile(foreign)) };

  test("that are not those of the manifest are named", () => {
    expect(where(verifyFiles({ ...first, ...file }))).toBe("manifest.cbor: parametersHash");
    expect(where(verifyFiles(signedAgain(first, file)))).toBe("manifest.cbor: parametersHash");
  });

  test("that the network signs pay other amounts, and are refused where the hash is known", () => {
    const bundle = signedAgain(first, file, { parametersHash: parametersHash(foreign) });
    expect(where(verifyFiles(bundle))).toMatch(/^leaves.jsonl: line 1/);
    const honest = { parametersHash: parametersHash(PARAMETERS).toHex() };
    expect(where(verifyFiles(bundle, honest))).toBe("manifest.cbor: parametersHash");
    expect(where(verifyFiles(first, honest))).toBe("holds");
  });

  test("that are no parameters are told", () => {
    for (const bad of ["", "[]", "{}", "null", '{"chainId":"x"}', "\u0000"]) {
      const outcome = verifyFiles({ ...first, "parameters.json": utf8(bad) });
      expect(where(outcome)).toBe("parameters.json: content");
    }
  });
});

describe("registry", () => {
  const change = (edit: (list: Record<string, unknown>[]) => unknown) =>
    where(
      verifyFiles(
        edited(first, "registry.json", (all) => `${JSON.stringify(edit(JSON.parse(all)), null, 1)}\n`),
      ),
    );
  const otherEvidence = encodePacket(statusPacket(9, 1_767_225_600_000), signers.a, PARAMETERS.network);

  test("evidence that another made, or that asserts nothing, is named", () => {
    const place = /^registry.json: hotspot z6Mk\w+, evidence/;
    expect(change((list) => list.map((entry) => ({ ...entry, evidence: list[0]?.evidence })))).toMatch(place);
    const asserting = `0x${otherEvidence.toHex()}`;
    expect(change((list) => list.map((entry) => ({ ...entry, evidence: asserting })))).toMatch(place);
  });

  test("another order, a double, a false id or a strange field is told", () => {
    expect(change((list) => list.toReversed())).toBe("registry.json: content");
    expect(change((list) => [list[0], ...list])).toBe("registry.json: content");
    expect(change((list) => list.map((entry) => ({ ...entry, more: 1 })))).toBe("registry.json: content");
    const renamed = change((list) => [{ ...list[0], id: "z5", evidence: null }, ...list.slice(1)]);
    expect(renamed).toBe("registry.json: hotspot z5, id");
  });

  test("without a hotspot that was paid before", () => {
    const paid = idOf("b");
    const without = edited(second, "registry.json", (all) => {
      const list = JSON.parse(all) as { id: string }[];
      return `${JSON.stringify(
        list.filter(({ id }) => id !== paid),
        null,
        1,
      )}\n`;
    });
    expect(where(verifyFiles(without))).toBe(`registry.json: hotspot ${paid}`);
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
    ["counts, entropy", { counts: { ...manifestOf(first).counts, entropy: 1 } }],
  ])("with another %s is named", (field, changes) => {
    expect(where(verifyFiles(signedAgain(first, {}, changes)))).toBe(`manifest.cbor: ${field}`);
  });

  test("signed by another key is refused where the key is known", () => {
    const impostor = signerFromSeed(new Uint8Array(32).fill(9));
    const bundle = signedAgain(first, {}, {}, impostor);
    expect(where(verifyFiles(bundle, { networkKey: networkSigner.publicKey }))).toBe(
      "manifest.cbor: signature",
    );
    // Where it is not, the entropy gives it away.
    expect(where(verifyFiles(bundle))).toBe("entropy.cbor: item 1");
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
    const settlement = settleEpoch(verified(second).judgement.proven, PARAMETERS, HOTSPOTS, before);
    const files = {
      "leaves.jsonl": utf8(formatLeaves(settlement.payments)),
      "tree.json": utf8(formatTree(settlement.tree)),
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
