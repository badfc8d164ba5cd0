import { describe, expect, test } from "bun:test";
import {
  encodePacket,
  type RegistryChange,
  registrationMessage,
  type Signer,
  sha256,
  signerFromSeed,
  utf8,
} from "@earshot/protocol";
import type { SequencePacket } from "@earshot/protocol/omission";
import type { Bundle } from "../bundle/bundle.ts";
import { writePackets } from "../bundle/cbor-sequences.ts";
import { formatParametersFile } from "../bundle/json-texts.ts";
import { manifestOf, signedAgain, testBundles } from "../testing/test-bundle.ts";
import {
  claiming,
  edited,
  editedJson,
  packetsOf,
  registryWith,
  replaced,
  textOf,
  verified,
  where,
} from "../testing/test-edits.ts";
import {
  assertionOf,
  FIRST_EPOCH,
  idOf,
  networkSigner,
  PARAMETERS,
  signers,
  statusPacket,
} from "../testing/test-network.ts";
import { verifyFiles } from "./verify-bundle.ts";

/*
 * What must be found, and said which: each forged in the file alone, and again by a network that signs all hashes anew,
 * so that it is found by content.
 */

const [first, second, third] = (await testBundles(3)) as [Bundle, Bundle, Bundle];
const impostor = signerFromSeed(new Uint8Array(32).fill(9));

const difference = (bundle: Bundle, options = {}) => {
  const outcome = verifyFiles(bundle, options);
  if (outcome.ok) throw new TypeError("The forgery was not found");
  return outcome.difference;
};

describe.each([
  ["in the file alone", false],
  ["signed again", true],
])("%s", (_, isSigned) => {
  test("a changed amount is named by line and hotspot", () => {
    const raise = (all: string) => all.replace(/"delta":"(\d)/, '"delta":"9$1');
    const bundle = edited(first, "leaves.jsonl", raise, isSigned);
    expect(where(verifyFiles(bundle))).toMatch(/^leaves.jsonl: line 1, hotspot z6Mk/);
  });

  test("a dropped packet is missed", () => {
    const [, ...rest] = packetsOf(first);
    const bundle = replaced(first, "packets.cbor", writePackets(rest), isSigned);
    const places = isSigned
      ? /^verdicts.jsonl: line 1, packet |^manifest.cbor: counts, packets/
      : /^packets.cbor: SHA-256/;
    expect(where(verifyFiles(bundle))).toMatch(places);
  });

  test("a signature that does not hold is named by the packet's place, whichever packet it is", () => {
    for (const [i, { bytes }] of packetsOf(first).entries()) {
      const forged = Uint8Array.from(bytes);
      forged[forged.length - 3] = (forged.at(-3) ?? 0) ^ 1;
      const packets = packetsOf(first).with(i, { ...(packetsOf(first)[i] as SequencePacket), bytes: forged });
      const { at, found } = difference(replaced(first, "packets.cbor", writePackets(packets), isSigned));
      expect([at, found]).toEqual([`item ${i + 1}, packet ${sha256(forged).toHex()}`, "an invalid one"]);
    }
  });

  test("a swapped verdict is named by line and packet", () => {
    const swap = (all: string) => all.replace('"refused","reason":"wrong_frequency"', '"paid","reason":"ok"');
    const { file, at, expected, found } = difference(edited(first, "verdicts.jsonl", swap, isSigned));
    expect(`${file}: ${at}`).toMatch(/^verdicts.jsonl: line \d+, packet [0-9a-f]{64}$/);
    expect(expected).toContain("wrong_frequency");
    expect(found).toContain('"paid"');
  });

  test("a foreign parameter set is named by the value that nobody signed", () => {
    const file = utf8(formatParametersFile({ ...PARAMETERS, maxPaidWitnesses: 9 }));
    const {
      file: name,
      at,
      expected,
      found,
    } = difference(replaced(first, "parameters.json", file, isSigned));
    expect([name, at, expected, found]).toEqual(["parameters.json", "maxPaidWitnesses", "1, as signed", "9"]);
  });

  test("a reordered tree is named by line", () => {
    const swap = (all: string) => {
      const dump = JSON.parse(all);
      dump.tree.push(dump.tree.shift());
      return `${JSON.stringify(dump, null, 1)}\n`;
    };
    expect(where(verifyFiles(edited(first, "tree.json", swap, isSigned)))).toMatch(/^tree.json: line \d+$/);
  });

  test("a contact that was not there is named by hotspot", () => {
    const previous = verified(first);
    const [entry] = JSON.parse(textOf(second, "contacts.json"));
    const at = `contacts.json: hotspot ${entry.hotspot}`;
    const forged = (change: (list: (typeof entry)[]) => unknown) =>
      where(verifyFiles(editedJson(second, "contacts.json", change, isSigned), { previous }));
    expect(forged((list) => list.map((one) => (one === list[0] ? { ...one, beaconed: 7 } : one)))).toBe(at);
    expect(forged(([, ...rest]) => rest)).toBe(at);
    expect(forged((list) => [...list, { hotspot: "z9", beaconed: 7, witnessed: null }])).toBe(
      "contacts.json: hotspot z9",
    );
    const future = (FIRST_EPOCH + 1) * PARAMETERS.epochPeriods;
    expect(forged((list) => list.map((one) => (one === list[0] ? { ...one, witnessed: future } : one)))).toBe(
      at,
    );
  });

  test("a registry change with a signature that does not hold is named by hotspot and change", () => {
    const id = idOf("b");
    const broken = editedJson(
      first,
      "registry.json",
      (list) =>
        list.map((entry) => {
          const [change] = entry.changes as { evidence: string }[];
          if (entry.id !== id || change === undefined) return entry;
          const evidence = change.evidence.replace(/.{6}$/, "000000");
          return { ...entry, changes: [{ ...change, evidence }] };
        }),
      isSigned,
    );
    expect(where(verifyFiles(broken))).toBe(`registry.json: hotspot ${id}, change 1: signature`);
  });

  test("a fact that no change says is named by hotspot", () => {
    const facts = {
      latE7: 525_000_001,
      payee: null,
      cell: "8c1f1d4890a5dff",
      relocatedAtMs: 7,
      region: "US915",
    };
    for (const [fact, value] of Object.entries(facts)) {
      const id = idOf("b");
      const edit = (list: Record<string, unknown>[]) =>
        list.map((entry) => (entry.id === id ? { ...entry, [fact]: value } : entry));
      const { file, at, expected } = difference(editedJson(first, "registry.json", edit, isSigned));
      expect(`${file}: ${at}`).toBe(`registry.json: hotspot ${id}, ${fact}`);
      expect(expected).toEndWith(", as its changes say");
    }
  });

  test("a change that takes effect before or after its time is named", () => {
    const at = `registry.json: hotspot ${idOf("b")}, change 2`;
    const epoch = FIRST_EPOCH + 1;
    const result = (changes: Partial<RegistryChange>) =>
      where(
        verifyFiles(replaced(second, "registry.json", registryWith(idOf("b"), [moved(changes)]), isSigned)),
      );
    expect(result({ fromEpoch: epoch + 1 })).toBe(`${at}: fromEpoch`);
    expect(result({ atMs: epoch * 8000 })).toBe(`${at}: atMs`);
    expect(result({ fromEpoch: FIRST_EPOCH - 8 })).toBe(`${at}: fromEpoch`);
    expect(result({ fromEpoch: FIRST_EPOCH - 7, atMs: (FIRST_EPOCH - 7) * 8000 })).toBe(`${at}: atMs`);
  });
});

/** A change of b's position, 1.2 km away, from the second epoch on. */
function moved(changes: Partial<RegistryChange> = {}, signer: Signer = signers.b): RegistryChange {
  const assertion = { ...assertionOf("b"), latE7: 525_200_000 };
  const atMs = changes.atMs ?? (FIRST_EPOCH + 1) * 8000 - 1;
  const evidence = encodePacket(statusPacket(2, atMs, assertion), signer, PARAMETERS.network);
  return { atMs, fromEpoch: FIRST_EPOCH + 1, evidence, ...changes };
}

describe("changes of the registry", () => {
  const changed = (bundle: Bundle, change: RegistryChange) =>
    replaced(bundle, "registry.json", registryWith(idOf("b"), [change]));

  test("that another hotspot, or no network, signed are named", () => {
    const at = `registry.json: hotspot ${idOf("b")}, change 2`;
    const other = difference(changed(second, moved({}, signers.a)));
    expect(`${other.file}: ${other.at}`).toBe(`${at}: evidence`);
    const registration = { publicKey: signers.b.publicKey, atMs: 1_767_225_600_000, ...assertionOf("b") };
    const by = (signer: Signer) => registrationMessage.seal(registration, signer, PARAMETERS.network);
    const forged = changed(second, moved({ evidence: by(impostor) }));
    expect(where(verifyFiles(forged))).toBe(`${at}: evidence`);
    const honest = changed(second, moved({ evidence: by(networkSigner) }));
    expect(where(verifyFiles(honest))).not.toContain("registry.json");
  });

  test("that were not in the bundle before, though they counted then, are named", () => {
    const previous = verified(first);
    const backdated = moved({ fromEpoch: FIRST_EPOCH, atMs: FIRST_EPOCH * 8000 - 1 });
    expect(where(verifyFiles(changed(second, backdated), { previous }))).toBe(
      `registry.json: hotspot ${idOf("b")}, change 2`,
    );
    const timely = where(verifyFiles(changed(second, moved()), { previous }));
    expect(timely).not.toContain("registry.json");
  });

  test("a hotspot that vanished, or had always been there, is named", () => {
    const id = idOf("near");
    const without = (bundle: Bundle) =>
      editedJson(bundle, "registry.json", (list) => list.filter((entry) => entry.id !== id));
    const paid = where(verifyFiles(without(second), { previous: verified(first) }));
    expect(paid).toBe(`registry.json: hotspot ${id}`);
    const previous = verified(second);
    const shown = new Map(previous.registry.shown);
    shown.delete(id);
    const absent = new Map([[id, FIRST_EPOCH]]);
    const appeared = where(verifyFiles(third, { previous: { ...previous, registry: { shown, absent } } }));
    expect(appeared).toBe(`registry.json: hotspot ${id}, change 1: fromEpoch`);
  });
});

describe("who took part", () => {
  const quiet = idOf("near");
  const epoch = FIRST_EPOCH + 1;

  test("a hotspot without a packet or a payment has no business in a bundle", () => {
    const packets = verified(first).packets.filter(({ hotspotId }) => hotspotId !== quiet);
    const bundle = claiming(first, { packets });
    const { file, at, expected } = difference(bundle);
    expect(`${file}: ${at}: ${expected}`).toBe(`registry.json: hotspot ${quiet}: no entry: it took no part`);
  });

  test("a hotspot that had been shown before cannot be new again, nor the other way round", () => {
    const since = (bundle: Bundle, sinceEpoch: number) =>
      editedJson(bundle, "registry.json", (list) =>
        list.map((entry) => (entry.id === quiet ? { ...entry, sinceEpoch } : entry)),
      );
    const at = `registry.json: hotspot ${quiet}, sinceEpoch`;
    expect(where(verifyFiles(since(second, epoch), { previous: verified(first) }))).toBe(at);
    expect(where(verifyFiles(since(first, FIRST_EPOCH - 1)))).toBe(at);
    expect(where(verifyFiles(since(second, epoch + 1)))).toBe(at);
    const previous = verified(first);
    const registry = { ...previous.registry, shown: new Map(previous.registry.shown) };
    registry.shown.delete(quiet);
    expect(where(verifyFiles(second, { previous: { ...previous, registry } }))).toBe(at);
  });

  test("the registry's hash goes on from that of the bundle before", () => {
    const other = { registryHash: new Uint8Array(32).fill(7) };
    const at = "manifest.cbor: registryHash";
    expect(where(verifyFiles(signedAgain(first, {}, other)))).toBe(at);
    expect(where(verifyFiles(signedAgain(second, {}, other), { previous: verified(first) }))).toBe(at);
    // Nothing but the bundle before tells what a later one's must be.
    expect(where(verifyFiles(signedAgain(second, {}, other)))).toBe("holds");
  });
});

describe("a dropped packet", () => {
  const without = (i: number) => ({ "packets.cbor": writePackets(packetsOf(first).toSpliced(i, 1)) });
  const counts = { ...manifestOf(first).counts, packets: 10 };

  test("is missed in the verdicts or the counts, whichever packet it is", () => {
    const places = packetsOf(first).map((_, i) => where(verifyFiles(signedAgain(first, without(i)))));
    expect(places.filter((place) => place.startsWith("verdicts.jsonl: line ")).length).toBe(10);
    // The eleventh is a status packet: no verdict is about it, but the manifest counts it.
    expect(places.filter((place) => place === "manifest.cbor: counts, packets").length).toBe(1);
  });

  test("is missed in the verdicts where the counts were corrected too", () => {
    const places = packetsOf(first).map((_, i) =>
      where(verifyFiles(signedAgain(first, without(i), { counts }))),
    );
    expect(places.filter((place) => place.startsWith("verdicts.jsonl: line ")).length).toBe(10);
  });

  test("shows by the key where somebody else signed again", () => {
    const bundle = signedAgain(first, without(0), { counts }, impostor);
    const networkKey = networkSigner.publicKey;
    expect(where(verifyFiles(bundle, { networkKey }))).toBe("manifest.cbor: signature");
    expect(where(verifyFiles(bundle))).toBe("parameters.cbor: signature");
  });

  test("shows in the next manifest where everything was computed again without it", () => {
    const rewritten = claiming(first, { packets: verified(first).packets.slice(1) });
    const previous = verified(rewritten);
    expect(previous.manifest.counts.packets).toBe(10);
    expect(where(verifyFiles(second, { previous }))).toBe("manifest.cbor: previousManifestHash");
  });
});
