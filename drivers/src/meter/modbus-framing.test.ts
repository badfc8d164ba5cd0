import { describe, expect, test } from "bun:test";
import { INCOMPLETE, NO_FRAME } from "../link/frame-scanner.ts";
import { withCrc16 } from "./crc16.ts";
import { type ModbusFraming, RTU, type SentRequest, TCP } from "./modbus-framing.ts";

const UNIT = 0x11;
const REQUEST = { function: 4, address: 0x0102, count: 1 } as const;
const ANSWER = [4, 2, 0xab, 0xcd];

function sentOver(framing: ModbusFraming): SentRequest {
  const transaction = 0x1234;
  const bytes = framing.encode(UNIT, REQUEST, transaction);
  return { unit: UNIT, request: REQUEST, transaction, bytes };
}

describe("Modbus TCP", () => {
  const sent = sentOver(TCP);
  const measure = (hex: string) => TCP.format(sent).measure(Uint8Array.fromHex(hex));

  test("a request has its layout", () => {
    expect(sent.bytes.toHex()).toBe("123400000006110401020001");
  });

  test.each([
    ["1234", INCOMPLETE],
    ["1234000000", INCOMPLETE],
    ["123400000005", INCOMPLETE],
    ["12340000000511040200", INCOMPLETE],
    ["1234000000051104020000", 11],
    ["123400000005110402000099", 11],
    ["123401000005110402abcd", NO_FRAME],
    ["123400010005110402abcd", NO_FRAME],
    ["123400000105110402abcd", NO_FRAME],
  ])("%s is measured as %d", (hex, length) => {
    expect(measure(hex)).toBe(length);
  });

  test("the shortest answer is an exception, the longest fills a frame", () => {
    const whole = (length: number) =>
      measure(`1234000000${length.toString(16).padStart(2, "0")}${"00".repeat(254)}`);
    expect([2, 3, 254, 255].map(whole)).toEqual([NO_FRAME, 9, 260, NO_FRAME]);
    expect(TCP.format(sent).maxBytes).toBe(260);
  });

  test("only what has its transaction, unit and length answers it", () => {
    const answer = (hex: string) => TCP.answer(Uint8Array.fromHex(hex), sent)?.toHex();
    expect(answer("123400000005110402abcd")).toBe("0402abcd");
    expect(answer("123500000005110402abcd")).toBeUndefined();
    expect(answer("123400000005120402abcd")).toBeUndefined();
    expect(answer("123400000006110402abcd00")).toBeUndefined();
  });
});

describe("Modbus RTU", () => {
  const sent = sentOver(RTU);
  const { measure } = RTU.format(sent);
  const good = withCrc16([UNIT, ...ANSWER]);

  test("an answer is incomplete to its last byte, whatever it begins with", () => {
    for (let count = 1; count < good.length; count += 1) {
      expect([count, measure(good.subarray(0, count))]).toEqual([count, INCOMPLETE]);
    }
    expect(measure(good)).toBe(good.length);
    expect(measure(Uint8Array.of(...good, 0))).toBe(good.length);
    expect(RTU.answer(good, sent)).toEqual(Uint8Array.from(ANSWER));
  });

  test("so is the echo of the request, which is a frame and no answer", () => {
    const echo = sent.bytes;
    for (let count = 1; count < echo.length; count += 1) {
      expect([count, measure(echo.subarray(0, count))]).toEqual([count, INCOMPLETE]);
    }
    expect(measure(echo)).toBe(echo.length);
    expect(measure(Uint8Array.of(...echo, ...good))).toBe(echo.length);
    expect(RTU.answer(echo, sent)).toBeUndefined();
  });

  test("what begins with another unit or function is none at once", () => {
    expect(measure(Uint8Array.of(UNIT + 1))).toBe(NO_FRAME);
    expect(measure(Uint8Array.of(UNIT, 3))).toBe(NO_FRAME);
  });
});
