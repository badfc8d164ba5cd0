import { expect, test } from "bun:test";
import { withCrc16 } from "./crc16.ts";
import { METER_VOLTAGE, SUNSPEC_MARK } from "./modbus-queries.ts";

/** What three floats in the first six input registers are taken for. */
function floats(...volts: number[]) {
  const data = new DataView(new ArrayBuffer(12));
  for (const [i, value] of volts.entries()) data.setFloat32(4 * i, value);
  return METER_VOLTAGE.recognise(withCrc16([1, 4, 12, ...new Uint8Array(data.buffer)]));
}

const tenths = (value: number) =>
  METER_VOLTAGE.recognise(withCrc16([1, 4, 12, value >> 8, value & 255, ...new Array(10).fill(0)]));

test("a mains voltage in the first register is an Eastron meter, of one phase or of three", () => {
  expect([80, 300].map((volts) => floats(volts)?.map)).toEqual(["sdm120", "sdm120"]);
  expect([79.9, 300.1].map((volts) => floats(volts)?.map)).toEqual([undefined, undefined]);
  expect([floats(230, 231, 0), floats(230, 0, 229), floats(230, 231, 229)].map((one) => one?.map)).toEqual([
    "sdm630",
    "sdm630",
    "sdm630",
  ]);
  expect(floats(230, 231, 229)?.description).toBe("Eastron SDM630, 230.0 V");
  expect(floats(0, 230, 230)?.description).toBe("Modbus device, of a kind not known here");
});

test("tenths of a mains voltage there are a PZEM", () => {
  expect([800, 3000].map((value) => tenths(value)?.map)).toEqual(["pzem-016", "pzem-016"]);
  expect([799, 3001].map((value) => tenths(value)?.map)).toEqual([undefined, undefined]);
  expect(tenths(2304)?.description).toBe("Peacefair PZEM-016, 230.4 V");
});

test("an exception is a Modbus device too, and so is one without the SunSpec mark; noise is none", () => {
  const unknown = {
    type: "modbus",
    description: "Modbus device, of a kind not known here",
    unit: 1,
  } as const;
  expect(METER_VOLTAGE.recognise(withCrc16([1, 0x84, 2]))).toEqual(unknown);
  expect(SUNSPEC_MARK.recognise(withCrc16([1, 0x83, 2]))).toEqual(unknown);
  expect(SUNSPEC_MARK.recognise(withCrc16([1, 3, 4, 0x53, 0x75, 0x6e, 0x54]))).toEqual(unknown);
  expect(SUNSPEC_MARK.recognise(withCrc16([1, 3, 4, 0x53, 0x75, 0x6e, 0x53]))).toMatchObject({
    map: "sunspec",
  });
  expect(METER_VOLTAGE.recognise(Uint8Array.of(1, 4, 12, 0))).toBeUndefined();
  // An adapter that hears itself.
  expect(METER_VOLTAGE.recognise(METER_VOLTAGE.request)).toBeUndefined();
});
