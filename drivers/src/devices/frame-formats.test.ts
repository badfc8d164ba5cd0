import { describe, expect, test } from "bun:test";
import { sirf } from "../gps/sirf.ts";
import { BAD_FRAME, type FrameFormat, INCOMPLETE, NO_FRAME } from "../link/frame-scanner.ts";
import { PMS5003_FORMAT } from "../sensor/pms5003.ts";
import { SDS011_FORMAT } from "../sensor/sds011.ts";
import { encodeShdlcAnswer, SHDLC_FORMAT } from "../sensor/shdlc.ts";
import { pms5003Frame, sds011Frame } from "../sensor/test-sensors.ts";

const SIRF_FORMAT = (sirf.sends as { frames: FrameFormat }).frames;

/** Payload of so many bytes 0x81, so that the sum wraps where it is long. */
function sirfFrame(length: number): Uint8Array {
  const sum = (length * 0x81) & 0x7fff;
  const payload = new Uint8Array(length).fill(0x81);
  return Uint8Array.of(0xa0, 0xa2, length >> 8, length & 255, ...payload, sum >> 8, sum & 255, 0xb0, 0xb3);
}

const shdlc = (bytes: number) =>
  encodeShdlcAnswer({ command: 3, state: 0, data: new Uint8Array(bytes).fill(0x7e) });

describe.each<[name: string, format: FrameFormat, frame: Uint8Array]>([
  ["PMS5003", PMS5003_FORMAT, pms5003Frame(700)],
  ["SDS011", SDS011_FORMAT, sds011Frame(700)],
  ["SHDLC, empty", SHDLC_FORMAT, shdlc(0)],
  ["SHDLC, longest", SHDLC_FORMAT, shdlc(255)],
  ["SiRF, shortest", SIRF_FORMAT, sirfFrame(1)],
  ["SiRF, longest", SIRF_FORMAT, sirfFrame(1023)],
])("%s", (_name, { maxBytes, measure }, frame) => {
  test("is incomplete to its last byte, whatever follows it", () => {
    const measured = Array.from({ length: frame.length - 1 }, (_, i) => measure(frame.subarray(0, i + 1)));
    expect(measured.every((length) => length === INCOMPLETE)).toBe(true);
    expect(measure(frame)).toBe(frame.length);
    expect(measure(Uint8Array.of(...frame, ...frame))).toBe(frame.length);
    expect(frame.length).toBeLessThanOrEqual(maxBytes);
  });

  test("with any one bit wrong is none, or waits for the end of another", () => {
    for (let bit = 0; bit < 8 * frame.length; bit++) {
      const other = frame.slice();
      other[bit >> 3] = (other[bit >> 3] as number) ^ (1 << (bit & 7));
      expect([bit, [INCOMPLETE, NO_FRAME, BAD_FRAME].includes(measure(other))]).toEqual([bit, true]);
    }
  });
});

test("a SiRF frame without payload, or longer than there are, is none", () => {
  expect(SIRF_FORMAT.measure(Uint8Array.of(0xa0, 0xa2, 0, 0))).toBe(NO_FRAME);
  expect(SIRF_FORMAT.measure(Uint8Array.of(0xa0, 0xa2, 4, 0))).toBe(NO_FRAME);
  expect(SIRF_FORMAT.measure(Uint8Array.of(0xa0, 0xa2, 3, 255))).toBe(INCOMPLETE);
});

test("two 7E in a row are an empty SHDLC frame, which is passed over", () => {
  expect(SHDLC_FORMAT.measure(Uint8Array.of(0x7e, 0x7e))).toBe(NO_FRAME);
});
