import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { signerFromSeed } from "../crypto/ed25519.ts";
import { encodePacket } from "../packet/codec.ts";
import type { StatusPacket } from "../packet/packet.ts";
import { typicalPackets } from "../packet/samples.ts";
import { type Registration, readEvidence, registrationMessage } from "./registration.ts";

const NETWORK = "testnet-1";
const network = signerFromSeed(new Uint8Array(32).fill(3));
const owner = signerFromSeed(new Uint8Array(32).fill(4));
const { assertion } = typicalPackets.status;
if (assertion === null) throw new TypeError("The typical status asserts a position");

const registration: Registration = { publicKey: owner.publicKey, atMs: Date.UTC(2026, 5, 1), ...assertion };
const read = (evidence: Uint8Array) => readEvidence(evidence, NETWORK, network.publicKey);

describe("an operator's registration", () => {
  const bytes = registrationMessage.seal(registration, network, NETWORK);

  test("has the fields of an owner's assertion", () => {
    expect(read(bytes)).toEqual({
      by: "operator",
      publicKey: owner.publicKey,
      atMs: registration.atMs,
      assertion,
    });
  });

  test("comes back as it was, with or without a payee", () => {
    for (const payee of [assertion.payee, null]) {
      const opened = registrationMessage.open(
        registrationMessage.seal({ ...registration, payee }, network, NETWORK),
        NETWORK,
      );
      expect(opened.ok && opened.value).toEqual({ ...registration, payee });
    }
  });

  test("of another key or for another network is no evidence", () => {
    expect(read(registrationMessage.seal(registration, owner, NETWORK))).toBeUndefined();
    expect(read(registrationMessage.seal(registration, network, "other"))).toBeUndefined();
  });

  test("with any bit flipped is no evidence", () => {
    fc.assert(
      fc.property(fc.nat({ max: bytes.length * 8 - 1 }), (bit) => {
        const flipped = Uint8Array.from(bytes);
        flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
        expect(read(flipped)).toBeUndefined();
      }),
    );
  });

  test.each<[string, Partial<Registration>]>([
    ["a key of 31 bytes", { publicKey: new Uint8Array(31) }],
    ["a latitude beyond the pole", { latE7: 900_000_001 }],
    ["a payee of 19 bytes", { payee: new Uint8Array(19) }],
    ["a region with a long name", { region: "R".repeat(17) }],
  ])("%s is refused", (_what, change) => {
    const changed = registrationMessage.seal({ ...registration, ...change }, network, NETWORK);
    expect(registrationMessage.open(changed, NETWORK)).toEqual({ ok: false, code: "out_of_range" });
  });
});

describe("an owner's status packet", () => {
  const evidenceOf = (change: Partial<StatusPacket>) =>
    read(encodePacket({ ...typicalPackets.status, ...change }, owner, NETWORK));

  test("is evidence of what it asserts, with its sequence number; its signature is still to be checked", () => {
    expect(evidenceOf({ sequence: 17 })).toMatchObject({
      by: "owner",
      publicKey: owner.publicKey,
      assertion,
      sequence: 17,
    });
  });

  test("that asserts nothing is no evidence", () => expect(evidenceOf({ assertion: null })).toBeUndefined());

  test("is the only packet that is evidence", () => {
    const { status: _, ...others } = typicalPackets;
    for (const packet of Object.values(others)) {
      expect(read(encodePacket(packet, owner, NETWORK))).toBeUndefined();
    }
  });
});

test("random bytes are no evidence and never throw", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => read(bytes) === undefined));
});
