import { expect, test } from "bun:test";
import type { LoraFrame } from "./lora-reading.ts";
import { readRxpk } from "./rxpk.ts";
import { rxpkText } from "./test-forwarder.ts";
import { parseTolerantJson, type TolerantObject } from "./tolerant-json.ts";

const reception = { atMs: Date.UTC(2026, 10, 21, 9, 21, 48), gatewayEui: "aa555a0000000000" };

function objectOf(text: string): TolerantObject {
  const parsed = parseTolerantJson(text);
  if (!parsed.ok || !(parsed.value instanceof Map)) throw new Error(`No object: ${text}`);
  return parsed.value;
}

const read = (fields: Record<string, unknown> = {}) => readRxpk(objectOf(rxpkText(fields)), reception);

function frameOf(fields: Record<string, unknown> = {}) {
  const result = read(fields);
  if (!result.ok) throw new Error(result.code);
  return result.frame;
}

const codeOf = (fields: Record<string, unknown>) => {
  const result = read(fields);
  return result.ok ? "ok" : result.code;
};

test("every field of a LoRa frame", () => {
  const fields = { tmms: 1_479_288_126_803, ftime: 123_456_789 };
  expect(read(fields)).toEqual({
    ok: true,
    frame: {
      kind: "frame",
      modulation: "lora",
      ...reception,
      bytes: new Uint8Array([0x40, 1, 2]),
      freqHz: 868_100_000,
      spreadingFactor: 7,
      bandwidthHz: 125_000,
      codingRate: "4/5",
      rssiDbm: -60,
      rssiKind: "signal",
      snrDb: 9.2,
      tmstUs: 1_000_000,
      gpsTimeMs: 315_964_800_000 + 1_479_288_126_803 - 18_000,
      fineTimeNs: 123_456_789,
      fineTimeEncrypted: false,
      freqOffsetHz: -1200,
      channel: 0,
      radio: 1,
    },
  });
});

test("only a good CRC makes a frame", () => {
  expect(codeOf({ stat: -1 })).toBe("crc-bad");
  expect(codeOf({ stat: 0 })).toBe("crc-none");
  for (const stat of [undefined, null, 2, "yes", "", true])
    expect(codeOf({ stat })).toBe("frame_crc_unknown");
  // The CRC is counted first, so that a damaged frame counts for the radio.
  expect(codeOf({ stat: -1, data: "!" })).toBe("crc-bad");
});

test("a field that must be right is named when it is not", () => {
  for (const freq of [undefined, "868.1 MHz", 0, 868_100_000, null])
    expect(codeOf({ freq })).toBe("frame_frequency");
  for (const data of [undefined, 5, "Q", "QAE!", "QAEC====", "Q AEC"])
    expect(codeOf({ data })).toBe("frame_data");
  expect(codeOf({ data: "A".repeat(344) })).toBe("frame_data");
  for (const datr of [undefined, "SF4BW125", "SF13BW125", "SF7BW126", "SF7", 50_000]) {
    expect(codeOf({ datr, modu: "LORA" })).toBe("frame_data_rate");
  }
  for (const datr of ["SF7BW125", 0, -1, null]) expect(codeOf({ datr, modu: "FSK" })).toBe("frame_data_rate");
  expect(codeOf({ modu: "OOK" })).toBe("frame_modulation");
});

test("any other field that makes no sense is left out", () => {
  const nonsense = {
    tmst: -1,
    tmms: "x",
    time: 5,
    ftime: 1e9,
    chan: 1.5,
    rfch: "one",
    foff: null,
    codr: "9/9",
  };
  const frame = frameOf({ ...nonsense, rssis: 1e9, rssi: "loud", lsnr: 1e9 });
  expect(Object.keys(frame).toSorted()).toEqual(
    [
      "kind",
      "modulation",
      "atMs",
      "bytes",
      "freqHz",
      "spreadingFactor",
      "bandwidthHz",
      "gatewayEui",
    ].toSorted(),
  );
});

test("signal RSSI counts before channel RSSI, and which of the two it is is told", () => {
  const level = (fields: object) => {
    const { rssiDbm, rssiKind } = frameOf({ ...fields });
    return [rssiDbm, rssiKind];
  };
  expect(level({})).toEqual([-60, "signal"]);
  expect(level({ rssis: undefined })).toEqual([-57, "channel"]);
  expect(level({ rssis: "nan" })).toEqual([-57, "channel"]);
  expect(level({ rssis: undefined, rssi: undefined })).toEqual([undefined, undefined]);
});

test("coding rates, off included", () => {
  const rates = ["4/5", "4/6", "4/7", "4/8", "OFF", "off", "4/5LI", undefined];
  expect(rates.map((codr) => (frameOf({ codr }) as LoraFrame).codingRate)).toEqual([
    "4/5",
    "4/6",
    "4/7",
    "4/8",
    "off",
    "off",
    undefined,
    undefined,
  ] as LoraFrame["codingRate"][]);
});

test("FSK and LR-FHSS frames come out as what they are", () => {
  expect(frameOf({ modu: "FSK", datr: 50_000 })).toMatchObject({ modulation: "fsk", bitRateBps: 50_000 });
  expect(frameOf({ modu: undefined, datr: 50_000 })).toMatchObject({ modulation: "fsk" });
  const hopping = { modulation: "lr-fhss", bandwidthHz: 137_000 } as const;
  expect(frameOf({ modu: "LR-FHSS", datr: "M0CW137", codr: "1/3" })).toMatchObject(hopping);
  expect(frameOf({ modu: undefined, datr: "M0CW137" })).toMatchObject(hopping);
  expect(frameOf({ modu: undefined }).modulation).toBe("lora");
});

test("of several antennas the strongest counts, where the rxpk itself tells no signal", () => {
  const silent = { rssis: undefined, rssi: undefined, lsnr: undefined, chan: undefined };
  const rsig = [
    { ant: 0, chan: 7, rssic: -100, lsnr: -3 },
    { ant: 1, chan: 23, rssic: -80, rssis: -81, lsnr: 5.5, etime: "AAAA" },
    null,
  ];
  expect(frameOf({ ...silent, rsig })).toMatchObject({ rssiDbm: -81, snrDb: 5.5, channel: 23 });
  expect(frameOf({ rsig })).toMatchObject({ rssiDbm: -60, snrDb: 9.2, channel: 0 });
  expect(frameOf({ ...silent, rsig: [] }).rssiDbm).toBeUndefined();
});

test("a gateway with two antennas and encrypted fine time, as Kerlink's forwarder reports it", () => {
  const rsig = [
    { ant: 0, chan: 2, etime: "+PeyOghPpvR4YnV9mNJt0w==", foff: 3773, lsnr: -7, rssic: -108, rssis: -116 },
    { ant: 1, chan: 2, etime: "BIuzSsIZVqi2aCfDYImC6Q==", foff: 3786, lsnr: -9, rssic: -110, rssis: -120 },
  ];
  const bare = { rssis: undefined, rssi: undefined, lsnr: undefined, chan: undefined, foff: undefined };
  const kerlink = { jver: 2, aesk: 0, brd: 2, rfch: undefined, ...bare };
  const heard = frameOf({ ...kerlink, rsig });
  expect(heard).toMatchObject({ rssiDbm: -116, rssiKind: "signal", snrDb: -7, antenna: 0, channel: 2 });
  expect(heard).toMatchObject({ freqOffsetHz: 3773, fineTimeEncrypted: true });
  expect(heard).not.toHaveProperty("fineTimeNs");
  // The stronger of the two is the other one; each without a signal level of its own; a fine time in clear.
  const other = rsig
    .toReversed()
    .map(({ rssis: _, ...one }, i) => ({ ...one, rssic: -100 - i, ftime: 5 + i }));
  const { rssiDbm, rssiKind, antenna, freqOffsetHz, ...rest } = frameOf({ ...kerlink, rsig: other });
  expect([rssiDbm, rssiKind, antenna, freqOffsetHz]).toEqual([-100, "channel", 1, 3786]);
  expect(rest).toMatchObject({ fineTimeNs: 5, fineTimeEncrypted: false });
});

test("an antenna is told only with the level that it gave", () => {
  const rsig = [{ ant: 3, rssic: -80, lsnr: 5 }];
  expect(frameOf({ rsig })).toMatchObject({ rssiDbm: -60 });
  expect(frameOf({ rsig })).not.toHaveProperty("antenna");
  expect(frameOf({ rsig, ant: 1 }).antenna).toBe(1);
  expect(frameOf({ rsig, rssis: undefined, rssi: undefined }).antenna).toBe(3);
});

test("the data tells the length, whatever size says", () => {
  for (const size of [3, 2, 99, undefined]) expect(frameOf({ size }).bytes).toHaveLength(3);
});

test.each([
  ["freq", "freqHz", 100, 3000, 1e6],
  ["tmst", "tmstUs", 0, 2 ** 32 - 1, 1],
  ["ftime", "fineTimeNs", 0, 999_999_999, 1],
  ["foff", "freqOffsetHz", -1_000_000, 1_000_000, 1],
  ["chan", "channel", 0, 255, 1],
  ["rfch", "radio", 0, 255, 1],
  ["ant", "antenna", 0, 255, 1],
  ["rssis", "rssiDbm", -255, 127, 1],
  ["lsnr", "snrDb", -128, 127, 1],
] as const)("%s is %s from %d to %d, and nothing beyond", (field, name, least, most, factor) => {
  const silent = { rssi: undefined };
  const told = (value: number) => {
    const result = read({ ...silent, [field]: value });
    return result.ok ? result.frame[name] : undefined;
  };
  expect([told(least), told(most)]).toEqual([least * factor, most * factor]);
  expect([told(least - 1), told(most + 1)]).toEqual([undefined, undefined]);
});

test("an FSK bit rate is 1 to 1,000,000 a second", () => {
  const codes = [0, 1, 1_000_000, 1_000_001].map((datr) => codeOf({ modu: "FSK", datr }));
  expect(codes).toEqual(["frame_data_rate", "ok", "ok", "frame_data_rate"]);
});

test("a frame of 255 bytes is the longest", () => {
  const data = (length: number) => Buffer.from(new Uint8Array(length)).toString("base64");
  expect([255, 256].map((length) => codeOf({ data: data(length) }))).toEqual(["ok", "frame_data"]);
});
