import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { sealFields } from "../cose.ts";
import { signerFromSeed } from "../crypto/ed25519.ts";
import { DEFAULT_PARAMETERS, type NetworkParameters } from "../parameters/parameters.ts";
import { networkParameters } from "../parameters/parameters-arbitrary.ts";
import { parametersHash } from "../parameters/parameters-document.ts";
import { parametersMessage } from "./parameters-message.ts";

const NETWORK = "testnet-1";
const signer = signerFromSeed(new Uint8Array(32).fill(3));
const parameters: NetworkParameters = { ...DEFAULT_PARAMETERS, network: NETWORK };

const open = (bytes: Uint8Array) => parametersMessage.open(bytes, NETWORK, signer.publicKey);
const reopened = (values: NetworkParameters) => open(parametersMessage.seal(values, signer, NETWORK));

test("parameters and their hash survive a round trip", () => {
  fc.assert(
    fc.property(networkParameters, (values) => {
      const opened = reopened(values);
      if (!opened.ok) throw new Error(opened.code);
      expect(opened.value).toEqual(values);
      expect(parametersHash(opened.value)).toEqual(parametersHash(values));
    }),
    { numRuns: 50 },
  );
});

test("any flipped bit is refused", () => {
  const bytes = parametersMessage.seal(parameters, signer, NETWORK);
  fc.assert(
    fc.property(fc.nat({ max: bytes.length * 8 - 1 }), (bit) => {
      const flipped = Uint8Array.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(open(flipped).ok).toBe(false);
    }),
  );
});

test("another network's, and another key's, are refused", () => {
  const bytes = parametersMessage.seal(parameters, signer, NETWORK);
  expect(parametersMessage.open(bytes, "other", signer.publicKey).ok).toBe(false);
  const stranger = signerFromSeed(new Uint8Array(32).fill(4));
  const forged = parametersMessage.seal(parameters, stranger, NETWORK);
  expect(open(forged)).toEqual({ ok: false, code: "wrong_signer" });
});

describe("signed values that are not parameters are refused", () => {
  test.each<[string, Partial<NetworkParameters>]>([
    ["version 0", { version: 0 }],
    ["a share above the whole", { beaconerShareBp: 10_001 }],
    ["an epoch of broken windows", { epochPeriods: 1441 }],
    ["distances crossed", { minDistanceM: 2, maxDistanceM: 1 }],
    ["no region", { regions: [] }],
    ["more than a uint256", { poolPerEpoch: 2n ** 256n }],
    ["a short contract", { contract: new Uint8Array(19) }],
    ["a name with a capital", { network: "Testnet" }],
  ])("%s", (_what, change) => {
    expect(reopened({ ...parameters, ...change })).toEqual({ ok: false, code: "out_of_range" });
  });

  test("a value short, or a value more", () => {
    for (const fields of [[12], [12, NETWORK, 0]]) {
      expect(open(sealFields(fields, signer, NETWORK))).toEqual({ ok: false, code: "wrong_type" });
    }
  });
});
