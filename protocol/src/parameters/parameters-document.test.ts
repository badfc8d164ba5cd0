import { describe, expect, test } from "bun:test";
import { cdeEncodeOptions, encode } from "cbor2";
import fc from "fast-check";
import { signerFromSeed } from "../crypto/ed25519.ts";
import { sha256 } from "../crypto/sha256.ts";
import { utf8 } from "../encoding/bytes.ts";
import { parametersMessage } from "../network/parameters-message.ts";
import { DEFAULT_PARAMETERS } from "./parameters.ts";
import { networkParameters } from "./parameters-arbitrary.ts";
import {
  documentOfMap,
  formatParameters,
  parametersHash,
  parametersMap,
  parseParameters,
} from "./parameters-document.ts";

const json = formatParameters({ ...DEFAULT_PARAMETERS, network: "testnet-1" });

test("parsing is the inverse of formatting, through text, and the hash survives", () => {
  fc.assert(
    fc.property(networkParameters, (values) => {
      const read = parseParameters(JSON.parse(JSON.stringify(formatParameters(values))));
      expect(read).toEqual(values);
      expect(parametersHash(read)).toEqual(parametersHash(values));
    }),
  );
});

test("amounts are decimal text, bytes are hex, regions are named", () => {
  expect(json).toMatchObject({
    poolPerEpoch: "1000000000000",
    chainId: "1",
    contract: `0x${"00".repeat(20)}`,
    regions: { EU868: 160, US915: 300 },
  });
});

test("regions are read in any order", () => {
  const regions = Object.fromEntries(Object.entries(json.regions as object).reverse());
  expect(parseParameters({ ...json, regions })).toEqual(parseParameters(json));
});

test("as CBOR it is the same document, and the hash is over that", () => {
  fc.assert(
    fc.property(networkParameters, (values) => {
      const document = formatParameters(values);
      expect(documentOfMap(parametersMap(document))).toEqual(document);
      // Another library's idea of the deterministic encoding.
      const encoded = encode(document, cdeEncodeOptions);
      expect(parametersHash(values)).toEqual(sha256(utf8("earshot-parameters"), encoded));
    }),
  );
});

test("texts have 1024 bytes of UTF-8 at most, whole numbers 53 bits", () => {
  for (const value of ["a".repeat(1024), "é".repeat(512), 2 ** 53 - 1, -(2 ** 53) + 1, ""]) {
    expect(parseParameters({ ...json, later: value }).unknown).toEqual({ later: value });
  }
  expect(() => parseParameters({ ...json, later: "é".repeat(513) })).toThrow("later is é");
});

describe("a document of a later program", () => {
  const later = { ...json, maxWonders: 3, wonders: { GOOD: 1, bad: "none" }, aWord: "x" };
  const read = parseParameters(later);

  test("is read, its further names kept, shown and hashed", () => {
    expect(read).toEqual({
      ...parseParameters(json),
      unknown: { aWord: "x", maxWonders: 3, wonders: { GOOD: 1, bad: "none" } },
    });
    expect(formatParameters(read)).toEqual(later);
    expect(parametersHash(read)).not.toEqual(parametersHash(parseParameters(json)));
    expect(parametersHash(read)).not.toEqual(parametersHash(parseParameters({ ...later, maxWonders: 4 })));
  });

  test("goes through the signed message as it is", () => {
    const signer = signerFromSeed(new Uint8Array(32).fill(3));
    const opened = parametersMessage.open(parametersMessage.seal(read, signer, "testnet-1"), "testnet-1");
    expect(opened).toMatchObject({ ok: true, value: read });
  });

  test("may name a region that this program has no plan for: who judges by it says so", () => {
    expect(parseParameters({ ...json, regions: { MARS: 100 } }).regions).toEqual([
      { id: "MARS", maxEirpDdbm: 100 },
    ]);
  });
});

describe("what is wrong is refused by name", () => {
  test.each([
    [null, TypeError, "not an object"],
    ["text", TypeError, "not an object"],
    [{ ...json, ruleSet: "" }, RangeError, 'ruleSet is ""'],
    [{ ...json, network: undefined }, RangeError, "network is"],
    [{ ...json, version: 0 }, RangeError, "version is 0"],
    [{ ...json, windowPeriods: "360" }, RangeError, "windowPeriods is 360"],
    [{ ...json, minDistanceM: undefined }, RangeError, "minDistanceM is undefined"],
    [{ ...json, poolPerEpoch: undefined }, RangeError, "poolPerEpoch is undefined"],
    [{ ...json, poolPerEpoch: "ten" }, RangeError, "poolPerEpoch is ten"],
    [{ ...json, poolPerEpoch: "" }, RangeError, "poolPerEpoch is "],
    [{ ...json, chainId: "0x1" }, RangeError, "chainId is 0x1"],
    [{ ...json, contract: undefined }, RangeError, "contract is undefined"],
    [{ ...json, contract: "0x00" }, RangeError, "contract is 0x00"],
    [{ ...json, contract: `xx${"00".repeat(20)}` }, RangeError, "contract is xx00"],
    [{ ...json, contract: `0x${"AB".repeat(20)}` }, RangeError, "40 lower-case hex digits are needed"],
    [{ ...json, chainId: "01" }, RangeError, "chainId is 01"],
    [[json], TypeError, "not an object"],
    [{ ...json, later: 1.5 }, RangeError, "later is 1.5; a whole number, a text or a map of them is allowed"],
    [{ ...json, later: 2 ** 53 }, RangeError, "later is 9007199254740992"],
    [{ ...json, later: true }, RangeError, "later is true"],
    [{ ...json, later: [1] }, RangeError, "later is a list, bytes or null"],
    [{ ...json, later: "a\n" }, RangeError, "later is a"],
    [{ ...json, later: "a".repeat(1025) }, RangeError, "later is aaa"],
    [
      { ...json, later: { deep: { deeper: { deepest: { beyond: { that: 1 } } } } } },
      RangeError,
      "beyond is a map",
    ],
    [{ ...json, later: { "a b": 1 } }, RangeError, 'the name "a b"'],
    [{ ...json, "": 1 }, RangeError, 'the name ""'],
    [JSON.parse('{"__proto__": {"a": 1}}'), RangeError, 'the name "__proto__"'],
    [{ ...json, regions: 5 }, RangeError, "regions is 5; a map of regions is needed"],
    [
      { ...json, regions: null },
      RangeError,
      "regions is a list, bytes or null; a whole number, a text or a map",
    ],
    [{ ...json, regions: {} }, RangeError, "regions is empty"],
    [{ ...json, regions: { EU868: "160" } }, RangeError, "maxEirpDdbm of EU868 is 160"],
  ])("%#", (value, type, message) => {
    expect(() => parseParameters(value)).toThrow(type);
    expect(() => parseParameters(value)).toThrow(message);
  });
});
