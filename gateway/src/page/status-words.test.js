import { expect, test } from "bun:test";
import { INTEGRITY_FLAGS } from "@earshot/protocol";
import { flagsText, lossesText, machineText, radioText, receptionText, trafficText } from "./status-words.js";

const plain = (text) => text.replaceAll("\u202f", " ");

test("a radio says what it hears at once", () => {
  const station = { channels: 8, spreadingFactors: 6, ackPermille: 987, temperatureC: 41.2 };
  expect(plain(radioText(station))).toBe("8 channels, 6 spreading factors, 98.7 % acknowledged, 41.2 °C");
  const modem = { channels: 1, spreadingFactors: 1, ackPermille: null, temperatureC: null };
  expect(radioText(modem)).toBe("1 channel, 1 spreading factor");
  const silent = { channels: null, spreadingFactors: null, ackPermille: null, temperatureC: null };
  expect(radioText(silent)).toBe("attached");
  expect(radioText(null)).toBe("none attached");
});

test("frames heard are counted, and none at all is told as what it may be", () => {
  const hour = { fromMs: 0, untilMs: 3_600_000, transmitted: 4 };
  expect(plain(trafficText({ ...hour, received: 1881, garbled: 57 }))).toBe(
    "1 938 frames in 1 h, 3 % of them garbled",
  );
  expect(plain(trafficText({ ...hour, received: 1, garbled: 0 }))).toBe(
    "1 frame in 1 h, none of them garbled",
  );
  expect(plain(trafficText({ ...hour, received: 0, garbled: 0 }))).toBe(
    "nothing in 1 h: is its antenna connected?",
  );
});

test("losses are told with their counts, most first", () => {
  const counts = [
    { reason: "beacon_tx_freq", count: 3, text: "beacons refused" },
    { reason: "frame_data", count: 1200, text: "frames damaged" },
  ];
  expect(plain(lossesText({ atMs: 0, counts }))).toBe("1 200 × frames damaged; 3 × beacons refused");
});

test("how a frame was heard is told as far as the radio tells it", () => {
  const nothing = { freqOffsetHz: null, rssiKind: null, fineTimeNs: null, fineTimeEncrypted: null };
  const modem = { rssiDbm: -101, snrDb: 5.5, ...nothing, concentrator: null, antenna: null };
  const words = (reception) => plain(receptionText(reception)).replaceAll("\u2212", "-");
  expect(words(modem)).toBe("-101 dBm, SNR 5.5 dB");
  expect(
    words({ ...modem, rssiKind: "channel", freqOffsetHz: 40, fineTimeEncrypted: true, antenna: 1 }),
  ).toBe("-101 dBm of the channel, SNR 5.5 dB, carrier +40 Hz, fine time encrypted, antenna 1");
});

test("a machine says what it can", () => {
  const machine = { cpuTemperatureC: 51.2, load: 0.14, diskUsedPermille: 384, underVoltage: false };
  expect(plain(machineText(machine))).toBe("51.2 °C, load 14 %, disk 38 % full");
  const nothing = { cpuTemperatureC: null, load: null, diskUsedPermille: null, underVoltage: null };
  expect(machineText(nothing)).toBe("not reported");
});

test("every flag that a packet can carry has a word, in the order of the bits", () => {
  expect(flagsText(0b10010)).toBe("jamming, clock stepped");
  const all = Object.values(INTEGRITY_FLAGS).reduce((sum, bit) => sum + bit, 0);
  expect(flagsText(all).split(", ")).toHaveLength(Object.keys(INTEGRITY_FLAGS).length);
  expect(flagsText(all + 1)).not.toBe(flagsText(all));
});
