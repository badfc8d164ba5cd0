import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DEFAULT_PARAMETERS, parametersHash } from "./parameters.ts";
import { networkParameters } from "./parameters-arbitrary.ts";
import { formatParameters, parseParameters } from "./parameters-text.ts";

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
    [{ ...json, regions: undefined }, RangeError, "regions is not an object by region"],
    [{ ...json, regions: {} }, RangeError, "regions is empty"],
    [{ ...json, regions: { MARS: 100 } }, RangeError, 'regions has "MARS"'],
    [{ ...json, regions: { EU868: "160" } }, RangeError, "maxEirpDdbm of EU868 is 160"],
  ])("%#", (value, type, message) => {
    expect(() => parseParameters(value)).toThrow(type);
    expect(() => parseParameters(value)).toThrow(message);
  });
});
