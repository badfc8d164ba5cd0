import { describe, expect, test } from "bun:test";
import {
  beaconPayload,
  beaconSeed,
  channelIndex,
  conductedPower,
  type HeliumChannel,
  heliumBeacon,
  heliumDataRate,
} from "./beacon.ts";

/** A beacon that a hotspot really made: numbers of the unit tests in oracles-iot, poc.rs:1053-1150. */
const REMOTE = {
  data: Uint8Array.fromHex("b6aa3f80d9355f139d998626b8d1ff1776cda36ae11a10006a8d516546276b09"),
  timestampS: 1_677_163_710,
};
const LOCAL = Uint8Array.fromHex("e94619b0");
const PAYLOAD =
  "1c99124160e83b92867d630caf4c9ed21cfd923bbbcb7a9231f19c944af6441108d43006983add9eba65253b877e1248f441ae";

const EU868: HeliumChannel[] = Array.from({ length: 8 }, (_, i) => ({
  freqHz: 867_100_000 + i * 200_000,
  bandwidthHz: 125_000,
  maxEirpDdbm: 161,
  spreadings: [
    { spreadingFactor: 12, maxPacketBytes: 65 },
    { spreadingFactor: 9, maxPacketBytes: 129 },
    { spreadingFactor: 8, maxPacketBytes: 238 },
  ],
}));

describe("a beacon made once more", () => {
  test("seed and payload are the ones that were sent", () => {
    const seed = beaconSeed(REMOTE, LOCAL).toHex();
    expect([seed.slice(0, 8), seed.slice(-7)]).toEqual(["621ae546", "cb93e8f"]);
    expect(beaconPayload(beaconSeed(REMOTE, LOCAL)).toHex()).toBe(PAYLOAD);
  });

  test("channel, data rate and power follow from payload, region and gain", () => {
    expect(heliumBeacon(REMOTE, LOCAL, EU868, 60)).toEqual({
      data: Uint8Array.fromHex(PAYLOAD),
      freqHz: 867_900_000,
      dataRate: "SF12BW125",
      conductedPowerDbm: 10,
    });
    expect(channelIndex(Uint8Array.fromHex(PAYLOAD), 8)).toBe(39_196 % 8);
  });

  test("another time, another local entropy: another payload", () => {
    const later = beaconPayload(beaconSeed({ ...REMOTE, timestampS: REMOTE.timestampS + 1 }, LOCAL));
    expect(later.toHex()).not.toBe(PAYLOAD);
    expect(beaconPayload(beaconSeed(REMOTE, Uint8Array.of(0, 0, 0, 0))).toHex()).not.toBe(PAYLOAD);
  });

  test("none can be made without channels, a data rate or power", () => {
    expect(heliumBeacon(REMOTE, LOCAL, [], 0)).toBeUndefined();
    expect(heliumBeacon(REMOTE, LOCAL, EU868, 180)).toBeUndefined();
    const short = EU868.map((channel) => ({
      ...channel,
      spreadings: [{ spreadingFactor: 12, maxPacketBytes: 50 }],
    }));
    expect(heliumBeacon(REMOTE, LOCAL, short, 0)).toBeUndefined();
  });
});

test("the data rate is the first listed that carries the packet, not the fastest", () => {
  expect([30, 65, 66, 90, 129, 130, 238].map((bytes) => heliumDataRate(EU868, bytes))).toEqual([
    "SF12BW125",
    "SF12BW125",
    "SF9BW125",
    "SF9BW125",
    "SF9BW125",
    "SF8BW125",
    "SF8BW125",
  ]);
  expect(heliumDataRate(EU868, 239)).toBeUndefined();
});

test("conducted power is cut to whole dBm, toward zero", () => {
  expect([60, 61, 62, 161, 165, 170, 171].map((gain) => conductedPower(EU868, gain))).toEqual([
    10,
    10,
    9,
    0,
    0,
    0,
    undefined,
  ]);
});
