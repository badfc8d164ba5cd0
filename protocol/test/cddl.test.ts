import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { encodeCbor } from "../src/cbor.ts";
import { openEnvelope, sealFields } from "../src/cose.ts";
import { makeLoginToken } from "../src/network/login-token.ts";
import { anyPacket } from "../src/packet/arbitraries.ts";
import { decodePacket, encodePacket } from "../src/packet/codec.ts";
import { longestPackets, typicalPackets } from "../src/packet/samples.ts";
import { type CddlType, parseCddl } from "./cddl-parser.ts";
import { isDescribed } from "./cddl-validator.ts";
import { edited, payloadOf } from "./payload-edits.ts";
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
    for (const known of ["bstr", "tstr", "null"]) used.delete(known);
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

describe("description and code refuse and accept the same, for payloads with one thing changed", () => {
  test.each(Object.entries(typicalPackets))("%s packets", (_type, packet) => {
    fc.assert(
      fc.property(edited(encodePacket(packet, signer, NETWORK)), (tree) => {
        const bytes = sealFields(tree, signer, NETWORK);
        expect(isPacket(bytes)).toBe(decodePacket(bytes).ok);
      }),
      { numRuns: 2000 },
    );
  });

  test.each(Object.entries(messages))("%s", (_type, { codec, bytes }) => {
    fc.assert(
      fc.property(edited(bytes), (tree) => {
        const changed = sealFields(tree, signer, NETWORK);
        // A changed type number may make another message of it, which this codec does not open.
        fc.pre(tree[0] === payloadOf(bytes)[0]);
        expect(isMessage(changed)).toBe(codec.open(changed, NETWORK, signer.publicKey).ok);
      }),
      { numRuns: 1000 },
    );
  });

  test("login tokens", () => {
    const wrong = [
      [6, atMs],
      [6, atMs, "soon"],
      [6, 0, atMs],
      [6, atMs, atMs, atMs],
    ];
    for (const tree of wrong) expect(isMessage(sealFields(tree, signer, NETWORK))).toBe(false);
    expect(isMessage(sealFields([6, atMs, atMs], signer, NETWORK))).toBe(true);
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
