import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { shortId } from "../crypto/did-key.ts";
import { signerFromSeed } from "../crypto/ed25519.ts";
import { REGION_IDS, REGIONS } from "../radio/regions.ts";
import { BeaconChains } from "./chain.ts";
import { deriveBeacon, scheduledIndex } from "./derive.ts";
import { decodeBeaconFrame } from "./frame.ts";

const signer = signerFromSeed(new Uint8Array(32).fill(7));
const chains = new BeaconChains(signer, "demo");
const entropy = new Uint8Array(32).fill(9);
const secretOf = (window: number) => ({ network: "demo", window, value: chains.valueOf(window) });

// Computed independently from the descriptions in chain.ts and derive.ts, in Python.
test("fixed vector: a change of the derivation is a change of the protocol", () => {
  const index = scheduledIndex(secretOf(1234), entropy, 360);
  expect(index).toBe(444_296);
  const beacon = deriveBeacon(signer.publicKey, secretOf(1234), { index, value: entropy }, REGIONS.EU868);
  expect({ ...beacon, frame: beacon.frame.toHex() }).toEqual({
    frame: "e0ea010006c788fe812c12f3ab4ce6a8ff3ae62ae045ea9c6faebb28e2aeff",
    freqHz: 867_300_000,
    spreadingFactor: 12,
    bandwidthHz: 125_000,
    periodShare: 0.27775877015665174,
  });
});

test("a beacon names its hotspot and period and stays within the region's plan", () => {
  const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const index = fc.nat({ max: 0xffff_ffff });
  fc.assert(
    fc.property(bytes32, bytes32, index, fc.constantFrom(...REGION_IDS), (value, ofIndex, index, id) => {
      const region = REGIONS[id];
      const secret = { network: "demo", window: index >>> 8, value };
      const derive = () => deriveBeacon(signer.publicKey, secret, { index, value: ofIndex }, region);
      const beacon = derive();
      const frame = decodeBeaconFrame(beacon.frame);
      expect(frame?.entropyIndex).toBe(index);
      expect(frame?.shortId).toEqual(shortId(signer.publicKey));
      expect(region.beaconChannelsHz).toContain(beacon.freqHz);
      const { spreadingFactor, bandwidthHz } = beacon;
      expect(region.beaconDataRates).toContainEqual({ spreadingFactor, bandwidthHz });
      expect(beacon.periodShare).toBeWithin(0, 1);
      expect(derive()).toEqual(beacon);
    }),
  );
});

/** Chi-squared of counts against an even spread. */
function chiSquared(counts: readonly number[]): number {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
}

function histogram<T>(values: readonly T[], bins: readonly T[]): number[] {
  return bins.map((bin) => values.filter((value) => value === bin).length);
}

describe("chance is spread evenly", () => {
  const windows = Array.from({ length: 4000 }, (_, window) => window);

  test("minutes lie within their window and hit each of 20 places alike", () => {
    const places = windows.map((window) => scheduledIndex(secretOf(window), entropy, 20) - window * 20);
    const bins = Array.from({ length: 20 }, (_, i) => i);
    expect(bins).toEqual(expect.arrayContaining([...new Set(places)]));
    // 19 degrees of freedom: above 43.8 once in a thousand.
    expect(chiSquared(histogram(places, bins))).toBeLessThan(43.8);
  });

  test("channels and data rates, each on its own", () => {
    const region = REGIONS.EU868;
    const beacons = windows.map((window) =>
      deriveBeacon(signer.publicKey, secretOf(window), { index: window, value: entropy }, region),
    );
    const channels = beacons.map(({ freqHz }) => freqHz);
    const factors = beacons.map(({ spreadingFactor }) => spreadingFactor);
    // 7 and 5 degrees of freedom.
    expect(chiSquared(histogram(channels, region.beaconChannelsHz))).toBeLessThan(24.3);
    expect(chiSquared(histogram(factors, [7, 8, 9, 10, 11, 12]))).toBeLessThan(20.5);
  });
});

test("networks, windows, entropies, values and hotspots make different beacons", () => {
  const other = signerFromSeed(new Uint8Array(32).fill(8));
  const tagOf = (changes: object = {}, value = entropy, by = signer) => {
    const secret = { ...secretOf(1), ...changes };
    const { frame } = deriveBeacon(by.publicKey, secret, { index: 5, value }, REGIONS.US915);
    return decodeBeaconFrame(frame)?.tag.toHex();
  };
  const tags = [
    tagOf(),
    tagOf({ network: "testnet-1" }),
    tagOf({ window: 2 }),
    tagOf({ value: chains.valueOf(2) }),
    tagOf({}, new Uint8Array(32).fill(10)),
    tagOf({ value: new BeaconChains(other, "demo").valueOf(1) }, entropy, other),
  ];
  expect(new Set(tags).size).toBe(tags.length);
});
