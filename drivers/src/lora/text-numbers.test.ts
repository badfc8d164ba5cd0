import { expect, test } from "bun:test";
import fc from "fast-check";
import { asNumber } from "../link/as-number.ts";
import { readRxpk } from "./rxpk.ts";
import { readStat } from "./stat.ts";
import { parseLosslessObject } from "./station/lossless-json.ts";
import { StationUplinkReader } from "./station/station-uplink.ts";
import { pushText, rxpkText } from "./test-forwarder.ts";
import { TestUdpServer } from "./test-udp-server.ts";
import { parseTolerantJson, type TolerantObject } from "./tolerant-json.ts";

/*
 * Some programs write their numbers as text. Whichever numbers they write so, the same comes out.
 */

const NUMBERS = /":(-?\d[\d.]*)/g;
/** Some of the numbers in a text, in quotes. */
const quoted = (text: string, chosen: readonly boolean[]) => {
  let i = 0;
  return text.replace(NUMBERS, (all, number: string) =>
    chosen[i++ % chosen.length] ? `":"${number}"` : all,
  );
};
const choices = fc.array(fc.boolean(), { minLength: 1, maxLength: 24 });

function objectOf(text: string): TolerantObject {
  const parsed = parseTolerantJson(text);
  if (!parsed.ok || !(parsed.value instanceof Map)) throw new Error(`No object: ${text}`);
  return parsed.value;
}

test("an rxpk with any of its numbers as text is the same frame", () => {
  const reception = { atMs: Date.UTC(2026, 10, 21, 9, 21, 48), gatewayEui: "aa555a0000000000" };
  const antennas = { rsig: [{ ant: 0, chan: 7, rssic: -100, lsnr: -3 }], tmms: 1_479_288_126_803, ftime: 12 };
  const texts = [
    rxpkText(antennas),
    rxpkText({ modu: "FSK", datr: 50_000 }),
    rxpkText({ rssi: undefined, rssis: undefined, lsnr: undefined, ...antennas }),
    rxpkText({ modu: undefined, datr: 50_000 }),
    rxpkText({ stat: -1 }),
    rxpkText({ stat: 0 }),
  ];
  for (const text of texts) {
    const plain = readRxpk(objectOf(text), reception);
    fc.assert(
      fc.property(choices, (chosen) => {
        expect(readRxpk(objectOf(quoted(text, chosen)), reception)).toEqual(plain);
      }),
      { numRuns: 50 },
    );
  }
});

test("so is a stat", () => {
  const text = `{"lati":47.24612,"long":-8.81398,"alti":499,"rxnb":6,"rxok":5,"rxfw":6,"ackr":98.5,"temp":-2.5}`;
  fc.assert(
    fc.property(choices, (chosen) => {
      expect(readStat(objectOf(quoted(text, chosen)))).toEqual(readStat(objectOf(text)));
    }),
  );
});

test("so is a station's uplink, with all 63 bits of its xtime", () => {
  const text = `{"msgtype":"updf","MHdr":64,"DevAddr":-559038737,"FCtrl":0,"FCnt":7,"FOpts":"","FPort":1,"FRMPayload":"AABB","MIC":-1,"DR":5,"Freq":868100000,"upinfo":{"rctx":0,"xtime":37999122125375660,"gpstime":0,"rssi":-53,"snr":9.5}}`;
  const reader = new StationUplinkReader("EU868");
  const read = (json: string) =>
    reader.read("updf", parseLosslessObject(json) ?? {}, { atMs: 0, gatewayEui: "00000000000000aa" });
  const plain = read(text);
  expect(plain).toMatchObject({
    ok: true,
    frame: { rssiDbm: -53, snrDb: 9.5, tmstUs: Number(BigInt.asUintN(32, 37_999_122_125_375_660n)) },
  });
  fc.assert(
    fc.property(choices, (chosen) => {
      expect(read(quoted(text, chosen))).toEqual(plain);
    }),
  );
});

test("what is no plain decimal number is none", () => {
  const wrong = [
    "",
    " ",
    "-",
    "0x10",
    "1e",
    "1,5",
    "868.1 MHz",
    "nan",
    "Infinity",
    "1_000",
    "9".repeat(41),
    "٣",
    null,
    true,
    [],
  ];
  expect(wrong.map(asNumber)).toEqual(wrong.map(() => undefined));
  expect([" 868.1 ", "+5", ".5", "-7.", "1e3", "-0"].map(asNumber)).toEqual([868.1, 5, 0.5, -7, 1000, 0]);
});

test("frames that are refused are counted by reason, with the share of the last hundred; noise is no refusal", async () => {
  const server = new TestUdpServer();
  const forwarder = server.forwarder();
  let tmst = 0;
  const push = (fields: object) => {
    tmst += 5_000_000;
    return forwarder.push(pushText(rxpkText({ tmst, ...fields })));
  };
  await push({});
  await push({ stat: -1 });
  await push({ stat: 0 });
  expect(server.driver.counts().refusals.recent).toEqual({ frames: 1, refused: 0 });
  for (const fields of [
    { stat: undefined },
    { freq: "?" },
    { data: "A" },
    { modu: "OOK" },
    { datr: "SF4BW125" },
  ])
    await push(fields);
  await forwarder.push('{"rxpk":[{]}');
  const { byReason, recent } = server.driver.counts().refusals;
  expect(Object.fromEntries(byReason)).toEqual({
    ...{ frame_crc_unknown: 1, frame_frequency: 1, frame_data: 1, frame_modulation: 1, frame_data_rate: 1 },
    datagram_damaged: 1,
  });
  expect(recent).toEqual({ frames: 7, refused: 6, reason: "datagram_damaged" });
  for (let i = 0; i < 120; i++) await push({});
  expect(server.driver.counts().refusals.recent).toEqual({ frames: 100, refused: 0 });
  await push({ stat: undefined });
  await server.clock.advance(3_600_001);
  await push({});
  expect(server.driver.counts().refusals.recent).toEqual({ frames: 1, refused: 0 });
});
