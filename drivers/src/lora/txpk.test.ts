import { expect, test } from "bun:test";
import fc from "fast-check";
import { decodeTxpk, encodeTxpk, MAX_PULL_RESP_BYTES } from "./txpk.ts";

const beacon = {
  bytes: new Uint8Array([0xe0, 1, 2]),
  freqHz: 868_100_000,
  spreadingFactor: 12,
  bandwidthHz: 125_000,
  powerDbm: 14,
};
const json = (text: string) => new TextEncoder().encode(text);

test("a beacon: at once, not inverted, CR 4/5, the forwarder's preamble, with CRC", () => {
  expect(JSON.parse(new TextDecoder().decode(encodeTxpk(beacon)))).toEqual({
    txpk: {
      imme: true,
      freq: 868.1,
      rfch: 0,
      powe: 14,
      modu: "LORA",
      datr: "SF12BW125",
      codr: "4/5",
      ipol: false,
      size: 3,
      data: "4AEC",
    },
  });
});

test("what no forwarder can send is refused by name", () => {
  expect(() => encodeTxpk({ ...beacon, bytes: new Uint8Array(256) })).toThrow("256 bytes");
  expect(() => encodeTxpk({ ...beacon, freqHz: 868.1 })).toThrow("868.1 Hz");
  expect(() => encodeTxpk({ ...beacon, freqHz: Number.NaN })).toThrow(RangeError);
  expect(() => encodeTxpk({ ...beacon, powerDbm: 99 })).toThrow("99 dBm");
  expect(() => encodeTxpk({ ...beacon, spreadingFactor: 4 })).toThrow("SF 4");
});

const anyTransmission = fc.record({
  bytes: fc.uint8Array({ maxLength: 255 }),
  freqHz: fc.integer({ min: 137_000_000, max: 1_020_000_000 }),
  spreadingFactor: fc.integer({ min: 5, max: 12 }),
  bandwidthHz: fc.constantFrom(125_000, 250_000, 500_000),
  powerDbm: fc.integer({ min: -20, max: 40 }),
});

test("a forwarder reads what the server writes, within its buffer", () => {
  fc.assert(
    fc.property(anyTransmission, (transmission) => {
      const bytes = encodeTxpk(transmission);
      expect(bytes.length + 4).toBeLessThanOrEqual(MAX_PULL_RESP_BYTES);
      const flags = { immediate: true, invertedPolarity: false, withoutCrc: false };
      expect(decodeTxpk(bytes)).toEqual({ ok: true, txpk: { ...transmission, ...flags } });
    }),
  );
});

test("power is rounded down, so that a limit is kept", () => {
  for (const [asked, sent] of [
    [14.9, 14],
    [-0.5, -1],
  ] as const) {
    expect(decodeTxpk(encodeTxpk({ ...beacon, powerDbm: asked }))).toMatchObject({
      txpk: { powerDbm: sent },
    });
  }
});

test("the forwarder's side refuses what sx1302_hal refuses", () => {
  const txpk = (fields: string) => json(`{"txpk":{${fields}}}`);
  const rest = '"freq":869.525,"modu":"LORA","datr":"SF9BW125","codr":"4/5","size":3,"data":"AQIDBA=="';
  expect(decodeTxpk(json("{"))).toEqual({ ok: false, code: "json" });
  expect(decodeTxpk(json("{}"))).toEqual({ ok: false, code: "txpk" });
  expect(decodeTxpk(txpk(rest))).toEqual({ ok: false, code: "txpk" });
  expect(decodeTxpk(txpk(`"tmst":5,${rest}`))).toMatchObject({
    ok: true,
    txpk: { tmstUs: 5, immediate: false },
  });
  // size wins over the data, as in the real forwarder's log: TX … 3 010203.
  expect(decodeTxpk(txpk(`"imme":true,${rest}`))).toMatchObject({
    txpk: { bytes: new Uint8Array([1, 2, 3]) },
  });
});

test("any bytes give a result", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      expect(typeof decodeTxpk(bytes).ok).toBe("boolean");
    }),
  );
});
