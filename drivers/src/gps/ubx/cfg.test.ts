import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { encodeCfgMsg, encodeCfgNav5, encodeCfgPrt, encodeCfgRate } from "./cfg-legacy.ts";
import { type ConfigItem, decodeCfgValget, encodeCfgValget, encodeCfgValset } from "./cfg-val.ts";
import { KEYS } from "./config-keys.ts";
import { Payload } from "./payload.ts";

describe("frames laid out by hand as the interface descriptions say", () => {
  test.each([
    [
      "CFG-VALSET 5 Hz in RAM",
      encodeCfgValset([{ key: KEYS.measurementMs, value: 200 }]),
      "b562068a0a000001000001002130c800b581",
    ],
    ["CFG-RATE 5 Hz", encodeCfgRate(200), "b56206080600c80001000100de6a"],
    ["CFG-MSG NAV-PVT each epoch", encodeCfgMsg(0x01, 0x07, 1), "b562060103000107011351"],
  ])("%s", (_, bytes, hex) => expect(bytes.toHex()).toBe(hex));
});

test("CFG-NAV5 changes the dynamic model and nothing else", () => {
  const bytes = encodeCfgNav5("stationary");
  expect(bytes.subarray(0, 9).toHex()).toBe("b56206242400010002");
  expect(bytes.subarray(9, 42).every((byte) => byte === 0)).toBe(true);
});

test("CFG-PRT names port, mode, baud rate and protocols", () => {
  const bytes = encodeCfgPrt({ uart: 1, baudRate: 38_400, input: ["ubx", "nmea", "rtcm3"], output: ["ubx"] });
  expect(bytes.subarray(2, 26).toHex()).toBe(
    "06001400" + "01000000" + "d0080000" + "00960000" + "2300" + "0100" + "00000000",
  );
});

test("CFG-VALGET asks for keys", () => {
  expect(encodeCfgValget([KEYS.dynamicModel], "default").subarray(2, 14).toHex()).toBe(
    "068b0800" + "00070000" + "21001120",
  );
});

describe("configuration items", () => {
  const SIZES = [1, 1, 2, 4];
  const item: fc.Arbitrary<ConfigItem> = fc
    .tuple(fc.integer({ min: 1, max: 4 }), fc.nat({ max: 0xfffffff }))
    .chain(([code, low]) => {
      const max = 2 ** (8 * (SIZES[code - 1] ?? 1)) - 1;
      return fc.integer({ min: 0, max }).map((value) => ({ key: code * 2 ** 28 + low, value }));
    });

  test("are read as they were written", () => {
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 64 }), (items) => {
        const payload = encodeCfgValset(items).slice(6, -2);
        payload.set([1, 0]);
        expect(decodeCfgValget(new Payload(payload))?.items).toEqual(items);
      }),
    );
  });

  test.each([
    ["no items", () => encodeCfgValset([]), "0 configuration items"],
    [
      "too many",
      () => encodeCfgValset(Array(65).fill({ key: KEYS.dynamicModel, value: 2 })),
      "65 configuration",
    ],
    ["a value too big", () => encodeCfgValset([{ key: KEYS.dynamicModel, value: 256 }]), "20110021 is 256"],
    ["a key without a size", () => encodeCfgValset([{ key: 1, value: 0 }]), "names no size"],
    ["a rate too fast", () => encodeCfgRate(1), "Measurement interval is 1"],
    ["a message rate", () => encodeCfgMsg(1, 7, 256), "Message rate is 256"],
    ["a UART", () => encodeCfgPrt({ uart: 3, baudRate: 9600, input: [], output: [] }), "UART is 3"],
  ])("%s is refused by name", (_, encode, message) => expect(encode).toThrow(message));
});
