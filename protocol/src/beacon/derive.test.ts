import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { shortId } from "../crypto/did-key.ts";
import { signerFromSeed } from "../crypto/ed25519.ts";
import { REGION_IDS, REGIONS } from "../radio/regions.ts";
import { beaconMessage, deriveBeacon, scheduledIndex, scheduleMessage } from "./derive.ts";
import { decodeBeaconFrame } from "./frame.ts";

const signer = signerFromSeed(new Uint8Array(32).fill(7));
const entropy = new Uint8Array(32).fill(9);
const signature = fc.uint8Array({ minLength: 64, maxLength: 64 });

describe("fixed vectors: a change of the derivation is a change of the protocol", () => {
  test("what is signed", () => {
    const expected = (context: string) => `${Buffer.from(context).toString("hex")}${"09".repeat(32)}000004d2`;
    expect(scheduleMessage("demo", entropy, 1234).toHex()).toBe(expected("earshot-scheduledemo"));
    expect(beaconMessage("demo", entropy, 1234).toHex()).toBe(expected("earshot-beacondemo"));
  });

  // Computed independently from the description in derive.ts with Python's cryptography and hashlib.
  test("minute, frame, channel and data rate of one hotspot", () => {
    const s1 = signer.sign(scheduleMessage("demo", entropy, 1234));
    const s2 = signer.sign(beaconMessage("demo", entropy, 1234));
    const index = scheduledIndex(s1, 1234, 360);
    expect(index).toBe(444_599);
    const beacon = deriveBeacon(signer.publicKey, s2, index, REGIONS.EU868);
    expect({ ...beacon, frame: beacon.frame.toHex() }).toEqual({
      frame: "e0ea010006c8b7fe812c12f3ab4ce6c96ecb2fe254340f0f370f44e673fe94",
      freqHz: 867_300_000,
      spreadingFactor: 9,
      bandwidthHz: 125_000,
      periodShare: 0.6455842002760619,
    });
  });
});

test("a beacon names its hotspot and period and stays within the region's plan", () => {
  fc.assert(
    fc.property(
      signature,
      fc.nat({ max: 0xffff_ffff }),
      fc.constantFrom(...REGION_IDS),
      (s2, entropyIndex, id) => {
        const region = REGIONS[id];
        const beacon = deriveBeacon(signer.publicKey, s2, entropyIndex, region);
        const frame = decodeBeaconFrame(beacon.frame);
        expect(frame?.entropyIndex).toBe(entropyIndex);
        expect(frame?.shortId).toEqual(shortId(signer.publicKey));
        expect(region.beaconChannelsHz).toContain(beacon.freqHz);
        const { spreadingFactor, bandwidthHz } = beacon;
        expect(region.beaconDataRates).toContainEqual({ spreadingFactor, bandwidthHz });
        expect(beacon.periodShare).toBeWithin(0, 1);
        expect(deriveBeacon(signer.publicKey, s2, entropyIndex, region)).toEqual(beacon);
      },
    ),
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
    const places = windows.map((window) => {
      const s1 = signer.sign(scheduleMessage("demo", entropy, window));
      return scheduledIndex(s1, window, 20) - window * 20;
    });
    const bins = Array.from({ length: 20 }, (_, i) => i);
    expect(bins).toEqual(expect.arrayContaining([...new Set(places)]));
    // 19 degrees of freedom: above 43.8 once in a thousand.
    expect(chiSquared(histogram(places, bins))).toBeLessThan(43.8);
  });

  test("channels and data rates, each on its own", () => {
    const region = REGIONS.EU868;
    const beacons = windows.map((window) =>
      deriveBeacon(signer.publicKey, signer.sign(beaconMessage("demo", entropy, window)), window, region),
    );
    const channels = beacons.map(({ freqHz }) => freqHz);
    const factors = beacons.map(({ spreadingFactor }) => spreadingFactor);
    // 7 and 5 degrees of freedom.
    expect(chiSquared(histogram(channels, region.beaconChannelsHz))).toBeLessThan(24.3);
    expect(chiSquared(histogram(factors, [7, 8, 9, 10, 11, 12]))).toBeLessThan(20.5);
  });
});

test("networks, windows, entropies and hotspots make different beacons", () => {
  const other = signerFromSeed(new Uint8Array(32).fill(8));
  const tagOf = (by: typeof signer, message: Uint8Array) =>
    decodeBeaconFrame(deriveBeacon(by.publicKey, by.sign(message), 5, REGIONS.US915).frame)?.tag.toHex();
  const tags = [
    tagOf(signer, beaconMessage("demo", entropy, 1)),
    tagOf(signer, beaconMessage("testnet-1", entropy, 1)),
    tagOf(signer, beaconMessage("demo", entropy, 2)),
    tagOf(signer, beaconMessage("demo", new Uint8Array(32).fill(10), 1)),
    tagOf(signer, scheduleMessage("demo", entropy, 1)),
    tagOf(other, beaconMessage("demo", entropy, 1)),
  ];
  expect(new Set(tags).size).toBe(tags.length);
});
