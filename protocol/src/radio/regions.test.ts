import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { airtimeMs } from "./airtime.ts";
import { dutyCycleBand, dutyCycleWaitMs, isRegionId, REGION_IDS, REGIONS, type Region } from "./regions.ts";

const BEACON_BYTES = 31;
const regions = REGION_IDS.map((id): [string, Region] => [id, REGIONS[id]]);

/** Written out here a second time, from the published network plans, to catch a slip in the tables. */
const CHANNELS_MHZ: Record<string, readonly number[]> = {
  EU868: [868.1, 868.3, 868.5, 867.1, 867.3, 867.5, 867.7, 867.9],
  US915: [903.9, 904.1, 904.3, 904.5, 904.7, 904.9, 905.1, 905.3],
  "AS923-1": [923.2, 923.4, 923.6, 923.8, 924.0, 924.2, 924.4, 924.6],
  AU915: [916.8, 917.0, 917.2, 917.4, 917.6, 917.8, 918.0, 918.2],
  IN865: [865.0625, 865.4025, 865.985, 865.2325, 866.185, 866.385, 866.585, 866.785],
  KR920: [922.1, 922.3, 922.5, 922.7, 922.9, 923.1, 923.3],
  EU433: [433.175, 433.375, 433.575, 433.775, 433.975, 434.175, 434.375, 434.575],
};

const MAX_EIRP_DBM: Record<string, number> = {
  EU868: 16,
  US915: 30,
  "AS923-1": 16,
  AU915: 30,
  IN865: 30,
  KR920: 14,
  EU433: 12.15,
};

describe.each(regions)("%s", (id, region) => {
  test("carries its own id and the published channels and power", () => {
    expect(region.id as string).toBe(id);
    expect(region.beaconChannelsHz).toEqual(CHANNELS_MHZ[id]?.map((mhz) => Math.round(mhz * 1e6)) ?? []);
    expect(region.maxEirpDbm).toBe(MAX_EIRP_DBM[id] as number);
  });

  test("channels with their bandwidth lie inside the band and do not overlap", () => {
    const [minHz, maxHz] = region.rangeHz;
    const sorted = region.beaconChannelsHz.toSorted((a, b) => a - b);
    expect(sorted[0] as number).toBeGreaterThanOrEqual(minHz + 62_500);
    expect(sorted.at(-1) as number).toBeLessThanOrEqual(maxHz - 62_500);
    for (let i = 1; i < sorted.length; i++) {
      expect((sorted[i] as number) - (sorted[i - 1] as number)).toBeGreaterThanOrEqual(125_000);
    }
  });

  test("two radios of a concentrator can cover all channels", () => {
    // Each SX1250 or SX1257 covers channels whose centres lie within 400 kHz of its own (125 kHz channels).
    const sorted = region.beaconChannelsHz.toSorted((a, b) => a - b);
    const first = sorted.filter((hz) => hz <= (sorted[0] as number) + 800_000);
    const rest = sorted.slice(first.length);
    expect((rest.at(-1) ?? 0) - (rest[0] ?? 0)).toBeLessThanOrEqual(800_000);
  });

  test.each(region.beaconDataRates)("a beacon fits the dwell time at %p", (dataRate) => {
    const ms = airtimeMs({ ...dataRate, payloadBytes: BEACON_BYTES });
    expect(ms).toBeLessThanOrEqual(region.dwellTimeMs ?? 4000);
  });

  test("no slower 125 kHz data rate would have fitted, and none is missing or repeated", () => {
    const fitting = [12, 11, 10, 9, 8, 7]
      .map((spreadingFactor) => ({ spreadingFactor, bandwidthHz: 125_000 }))
      .filter((dr) => airtimeMs({ ...dr, payloadBytes: BEACON_BYTES }) <= (region.dwellTimeMs ?? 4000));
    expect(region.beaconDataRates).toEqual(fitting);
  });

  test("every beacon channel lies in a duty cycle band, or the region has none", () => {
    for (const channelHz of region.beaconChannelsHz) {
      expect(dutyCycleBand(region, channelHz) !== undefined).toBe(region.dutyCycleBands.length > 0);
    }
  });

  test("transmitting as often as the wait allows never exceeds the duty cycle", () => {
    const anyChannel = fc.constantFrom(...region.beaconChannelsHz);
    fc.assert(
      fc.property(anyChannel, fc.double({ min: 0.001, max: 4000, noNaN: true }), (channelHz, ms) => {
        const waitMs = dutyCycleWaitMs(region, channelHz, ms);
        const dutyCycle = dutyCycleBand(region, channelHz)?.dutyCycle ?? 1;
        expect(Number.isInteger(waitMs)).toBe(true);
        expect(ms / (ms + waitMs)).toBeLessThanOrEqual(dutyCycle * (1 + 1e-9));
        expect(waitMs).toBeLessThanOrEqual(ms / dutyCycle - ms + 1);
      }),
    );
  });
});

test("a 1 % duty cycle costs 99 times the airtime, in each band on its own", () => {
  expect(dutyCycleWaitMs(REGIONS.EU868, 868_100_000, 100)).toBe(9900);
  expect(dutyCycleWaitMs(REGIONS.EU868, 867_900_000, 100)).toBe(9900);
  expect(dutyCycleBand(REGIONS.EU868, 868_100_000)).not.toBe(dutyCycleBand(REGIONS.EU868, 867_900_000));
  expect(dutyCycleWaitMs(REGIONS.EU868, 869_525_000, 100)).toBe(900);
  expect(dutyCycleWaitMs(REGIONS.EU868, 868_800_000, 100)).toBe(99_900);
  expect(dutyCycleWaitMs(REGIONS.US915, 903_900_000, 400)).toBe(0);
  expect(dutyCycleWaitMs(REGIONS.EU868, 868_100_000, 0)).toBe(0);
});

test("a channel of another region and an impossible airtime are refused", () => {
  expect(() => dutyCycleWaitMs(REGIONS.EU868, 903_900_000, 50)).toThrow(
    "Channel 903900000 Hz is outside EU868 (863000000 to 870000000 Hz)",
  );
  expect(() => dutyCycleWaitMs(REGIONS.EU868, 868_650_000, 50)).toThrow(
    "none of the bands that EU868 may use",
  );
  for (const ms of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => dutyCycleWaitMs(REGIONS.EU868, 868_100_000, ms)).toThrow(RangeError);
  }
});

test("region names are recognised, names of the prototype are not", () => {
  expect(REGION_IDS).toEqual(["EU868", "US915", "AS923-1", "AU915", "IN865", "KR920", "EU433"]);
  for (const id of REGION_IDS) expect(isRegionId(id)).toBe(true);
  for (const text of ["", "eu868", "AS923", "CN470", "toString", "__proto__"])
    expect(isRegionId(text)).toBe(false);
});
