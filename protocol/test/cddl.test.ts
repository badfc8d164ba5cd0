import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { MAX_PACKET_BYTES, openEnvelope, sealFields } from "../src/cose.ts";
import { encodeCbor } from "../src/encoding/cbor.ts";
import { makeLoginToken } from "../src/network/login-token.ts";
import { anyPacket } from "../src/packet/arbitraries.ts";
import { decodePacket, encodePacket } from "../src/packet/codec.ts";
import { longestPackets, typicalPackets } from "../src/packet/samples.ts";
import { type CddlType, parseCddl } from "./cddl-parser.ts";
import { isDescribed } from "./cddl-validator.ts";
import { editsOf, payloadOf } from "./payload-edits.ts";
import { atMs, messages, NETWORK, signer } from "./sample-messages.ts";

const rules = parseCddl(readFileSync(new URL("../earshot.cddl", import.meta.url), "utf8"));
const isPacket = (bytes: Uint8Array) => isDescribed(rules, "signed-packet", bytes);
const isMessage = (bytes: Uint8Array) => isDescribed(rules, "signed-message", bytes);

/** The names that a type refers to. */
function namesIn(type: CddlType): string[] {
  switch (type.kind) {
    case "name":
      return [type.name];
    case "choice":
      return type.options.flatMap(namesIn);
    case "array":
    case "map":
      return type.entries.flatMap(({ key, type: inner }) => [
        ...(key ? namesIn(key) : []),
        ...namesIn(inner),
      ]);
    case "tag":
      return namesIn(type.content);
    case "control":
      return [...namesIn(type.target), ...namesIn(type.argument)];
    default:
      return [];
  }
}

describe("the description", () => {
  test("explains every name it uses and uses every rule it has", () => {
    const used = new Set(["signed-packet", "signed-message", ...[...rules.values()].flatMap(namesIn)]);
    for (const known of ["bstr", "tstr", "null", "int"]) used.delete(known);
    expect([...used].sort()).toEqual([...rules.keys()].sort());
  });

  test.each(["a = b c", "a = [1", 'a = "x', "a = 1\na = 2", "a = ~b", "a = (1 / 2"])(
    "%p is not read",
    (text) => {
      expect(() => parseCddl(text)).toThrow(SyntaxError);
    },
  );
});

describe("what the code writes is described", () => {
  test("packets of all types, over all values", () => {
    fc.assert(fc.property(anyPacket, (packet) => isPacket(encodePacket(packet, signer, NETWORK))));
    for (const packet of [...Object.values(typicalPackets), ...Object.values(longestPackets)]) {
      expect(isPacket(encodePacket(packet, signer, NETWORK))).toBe(true);
    }
  });

  test("messages, and no packet is a message", () => {
    for (const { bytes } of Object.values(messages))
      expect([isMessage(bytes), isPacket(bytes)]).toEqual([true, false]);
    const token = Uint8Array.fromBase64(makeLoginToken(signer, NETWORK, atMs), { alphabet: "base64url" });
    expect([isMessage(token), isPacket(token)]).toEqual([true, false]);
    const packet = encodePacket(typicalPackets.beacon, signer, NETWORK);
    expect(isMessage(packet)).toBe(false);
  });
});

describe("description and code accept and refuse the same payloads, whatever one thing is changed", () => {
  // Only the form is tested here: no time is spent on signatures.
  const unsigned = { publicKey: signer.publicKey, sign: () => new Uint8Array(64) };

  test.each(Object.entries(typicalPackets))("%s packets", (_type, packet) => {
    const answers = { ok: 0, refused: 0 };
    for (const tree of editsOf(encodePacket(packet, signer, NETWORK))) {
      const bytes = sealFields(tree, unsigned, NETWORK);
      // A packet has 1 KiB at most, which CDDL cannot express.
      if (bytes.length > MAX_PACKET_BYTES) continue;
      const { ok } = decodePacket(bytes);
      answers[ok ? "ok" : "refused"]++;
      if (isPacket(bytes) !== ok) throw new Error(`Code says ${ok} to ${bytes.toHex()}`);
    }
    expect(answers.ok).toBeGreaterThan(100);
    expect(answers.refused).toBeGreaterThan(1000);
  });

  test.each(Object.entries(messages))("%s", (_type, { codec, bytes, fits }) => {
    const [typeNumber] = payloadOf(bytes);
    for (const tree of editsOf(bytes)) {
      // With another type number it may be another message, which this codec does not open.
      if (tree[0] !== typeNumber) continue;
      const changed = sealFields(tree, signer, NETWORK);
      const { ok } = codec.open(changed, NETWORK, signer.publicKey);
      const isAllowed = isMessage(changed) && (fits === undefined || fits(tree));
      if (isAllowed !== ok) throw new Error(`Code says ${ok} to ${changed.toHex()}`);
    }
  });

  test("login tokens", () => {
    const wrong = [
      [6, 1, atMs],
      [6, 1, atMs, "soon"],
      [6, 1, 0, atMs],
      [6, 0, atMs, atMs],
    ];
    for (const tree of wrong) expect(isMessage(sealFields(tree, signer, NETWORK))).toBe(false);
    expect(isMessage(sealFields([6, 1, atMs, atMs], signer, NETWORK))).toBe(true);
  });
});

describe("envelopes", () => {
  const { publicKey } = signer;
  const wrap = (changes: { head?: string; header?: string; unprotected?: string; signature?: number }) => {
    const {
      head = "d284",
      header = `a20127045820${publicKey.toHex()}`,
      unprotected = "a0",
      signature = 64,
    } = changes;
    const payload = encodeCbor(payloadOf(encodePacket(typicalPackets.beacon, signer, NETWORK)));
    const parts = [payload, new Uint8Array(signature)].map((part) => encodeCbor(part).toHex());
    const protectedHeader = encodeCbor(Uint8Array.fromHex(header)).toHex();
    return Uint8Array.fromHex([head, protectedHeader, unprotected, ...parts].join(""));
  };
  const answers = (bytes: Uint8Array) => [isPacket(bytes), openEnvelope(bytes).ok];

  test("the frame of these cases itself is described and opened", () => {
    expect(answers(wrap({}))).toEqual([true, true]);
  });

  test.each([
    ["no tag", { head: "84" }],
    ["another tag", { head: "d184" }],
    ["another algorithm", { header: `a20126045820${publicKey.toHex()}` }],
    ["no key", { header: "a10127" }],
    ["a third header parameter", { header: `a301270300045820${publicKey.toHex()}` }],
    ["a key of 31 bytes", { header: `a2012704581f${publicKey.toHex().slice(2)}` }],
    ["an unprotected parameter", { unprotected: "a10100" }],
    ["a signature of 63 bytes", { signature: 63 }],
  ])("%s is neither described nor opened", (_what, changes) => {
    expect(answers(wrap(changes))).toEqual([false, false]);
  });

  test("nothing is not a packet", () => expect(answers(new Uint8Array())).toEqual([false, false]));
});
