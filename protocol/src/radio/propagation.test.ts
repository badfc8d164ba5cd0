import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { demodulationFloorSnrDb, freeSpaceLossDb, impliedNoiseDbm, thermalNoiseDbm } from "./propagation.ts";

test.each([
  [125_000, 6, -117.03],
  [250_000, 6, -114.02],
  [500_000, 6, -111.01],
  [1, 0, -174],
])("noise in %i Hz with a noise figure of %i dB is %f dBm", (bandwidthHz, noiseFigureDb, expectedDbm) => {
  expect(thermalNoiseDbm(bandwidthHz, noiseFigureDb)).toBeCloseTo(expectedDbm, 2);
});

test.each([
  [5, -2.5],
  [6, -5],
  [7, -7.5],
  [8, -10],
  [9, -12.5],
  [10, -15],
  [11, -17.5],
  [12, -20],
])("SF%i is demodulated down to %f dB", (spreadingFactor, expectedDb) => {
  expect(demodulationFloorSnrDb(spreadingFactor)).toBe(expectedDb);
});

test("sensitivity of SF12 at 125 kHz is the −137 dBm of the SX1276 datasheet", () => {
  expect(thermalNoiseDbm(125_000, 6) + demodulationFloorSnrDb(12)).toBeCloseTo(-137, 1);
});

describe("noise that RSSI and SNR imply", () => {
  test("by the signal's power, and by that of the whole channel", () => {
    expect(impliedNoiseDbm(-120, -10).ofSignalDbm).toBe(-110);
    expect(impliedNoiseDbm(-110, 0).ofChannelDbm).toBeCloseTo(-113.01, 2);
  });

  test("signal and noise make up the channel again, in milliwatts", () => {
    const anyLevel = fc.tuple(
      fc.double({ min: -150, max: 0, noNaN: true }),
      fc.double({ min: -30, max: 30, noNaN: true }),
    );
    fc.assert(
      fc.property(anyLevel, ([rssiDbm, snrDb]) => {
        const { ofSignalDbm, ofChannelDbm } = impliedNoiseDbm(rssiDbm, snrDb);
        const channelMw = 10 ** ((ofChannelDbm + snrDb) / 10) + 10 ** (ofChannelDbm / 10);
        expect(10 * Math.log10(channelMw)).toBeCloseTo(rssiDbm, 6);
        expect(ofSignalDbm).toBeGreaterThan(ofChannelDbm);
      }),
    );
  });
});

test("free-space loss has the textbook values", () => {
  // The common short form: 32.45 + 20·log10(km) + 20·log10(MHz).
  expect(freeSpaceLossDb(1000, 1e6)).toBeCloseTo(32.45, 2);
  expect(freeSpaceLossDb(1000, 868e6)).toBeCloseTo(91.22, 2);
  expect(freeSpaceLossDb(100_000, 915e6)).toBeCloseTo(131.68, 2);
});

/** Expected levels of Helium's last verifier (iot_verifier poc.rs), which took c = 2.998e8: 0.0002 dB apart. */
test.each([
  [12, 867_900_024, 508, 8, 8, -57.334232963418515],
  [27, 904_700_032, 22_694, 8, 1, -82.69587783429294],
  [27, 904_499_968, 2_621_730, 1, 1, -130.9474950998498],
])(
  "%i dBm at %i Hz over %i m arrives as Helium computed",
  (txDbm, freqHz, distanceM, gainDbi, gain2Dbi, rxDbm) => {
    const level = txDbm + gainDbi + gain2Dbi - freeSpaceLossDb(distanceM, freqHz);
    expect(Math.abs(level - rxDbm)).toBeLessThan(0.001);
  },
);

test("loss grows by 6.02 dB with each doubling of distance or frequency", () => {
  const anyDistance = fc.integer({ min: 1, max: 20_000_000 });
  const anyFrequency = fc.integer({ min: 400_000_000, max: 1_000_000_000 });
  fc.assert(
    fc.property(anyDistance, anyFrequency, (distanceM, freqHz) => {
      const lossDb = freeSpaceLossDb(distanceM, freqHz);
      expect(freeSpaceLossDb(2 * distanceM, freqHz) - lossDb).toBeCloseTo(6.0206, 4);
      expect(freeSpaceLossDb(distanceM, 2 * freqHz) - lossDb).toBeCloseTo(6.0206, 4);
    }),
  );
});

test("values without a meaning are refused", () => {
  for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => freeSpaceLossDb(value, 868e6)).toThrow(`distanceM is ${value}, must be positive and finite`);
    expect(() => freeSpaceLossDb(1000, value)).toThrow("freqHz");
    expect(() => thermalNoiseDbm(value, 6)).toThrow("bandwidthHz");
  }
  expect(() => thermalNoiseDbm(125_000, Number.NaN)).toThrow("noiseFigureDb is NaN");
  for (const value of [4, 13, 7.5, Number.NaN])
    expect(() => demodulationFloorSnrDb(value)).toThrow(RangeError);
});
