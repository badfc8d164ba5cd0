import { expect, test } from "bun:test";
import fc from "fast-check";
import { bytesOf, epochText, sentence } from "../../test/nmea-text.ts";
import { concat, epochBytes } from "../gps/ubx/test-receiver.ts";
import { pms5003Frame, sds011Frame, sps30Frame } from "../sensor/test-sensors.ts";
import { identify, MAX_IDENTIFIED_BYTES } from "./identify.ts";

/** RTCM 1230 of a ZED-F9T. */
const RTCM = Uint8Array.fromHex("d300084ce0008a00000000a8f72a");
/** SiRF's message 2 cut to its number: payload 02, sum 0002. */
const SIRF = Uint8Array.fromHex("a0a20001020002b0b3");
const JSON_LINE = bytesOf('{"temperature_c": 21.5}\n');
const WEATHER = bytesOf(sentence("WIMWV,214.8,R,0.1,K,A"));

const SAMPLES: [string, Uint8Array][] = [
  ["nmea", bytesOf(epochText(1))],
  ["ubx", epochBytes(1)],
  ["rtcm3", RTCM],
  ["nmea-weather", WEATHER],
  ["pms5003", pms5003Frame(3)],
  ["sds011", sds011Frame(30)],
  ["sps30", sps30Frame(3)],
  ["json-lines", JSON_LINE],
  ["sirf", SIRF],
];

test.each(SAMPLES)("%s is recognised, alone and cut off", (type, bytes) => {
  expect(identify(bytes)).toMatchObject([{ kind: { type } }]);
  const [found] = identify(concat([bytes.subarray(5), bytes, bytes, bytes.subarray(0, 4)]));
  expect(found?.kind.type).toBe(type);
  expect(found?.score).toBeGreaterThan(500);
});

test("each of several in one stream is told with its share", () => {
  const found = identify(concat([epochBytes(1), bytesOf(epochText(1)), RTCM]));
  expect(found.map(({ kind }) => kind.type).toSorted()).toEqual(["nmea", "rtcm3", "ubx"]);
  expect(found.reduce((sum, { score }) => sum + score, 0)).toBeWithin(998, 1003);
});

test("nothing, texts and damaged frames are nothing", () => {
  expect(identify(new Uint8Array())).toEqual([]);
  expect(identify(bytesOf('login: \r\nPassword:\r\n$GPGGA,1,2*00\r\n[1]\n{}\n{"A":1}\n'))).toEqual([]);
  for (const [, bytes] of SAMPLES.slice(0, 6)) {
    const damaged = bytes.map((byte, at) => (at % 7 === 4 ? byte ^ 0x15 : byte));
    expect(identify(damaged).reduce((sum, { score }) => sum + score, 0)).toBeLessThan(300);
  }
});

test("any bytes: no throw, shares between 1 and 1000, largest first, and a flood takes bounded work", () => {
  const parts = fc.array(
    fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.constantFrom(...SAMPLES.map((one) => one[1]))),
  );
  fc.assert(
    fc.property(parts, (all) => {
      const scores = identify(concat(all)).map(({ score, frames }) => {
        expect(frames).toBeGreaterThan(0);
        return score;
      });
      for (const score of scores) expect(score).toBeWithin(0, 1001);
      expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    }),
  );
  expect(identify(new Uint8Array(10 * MAX_IDENTIFIED_BYTES).fill(0xd3))).toEqual([]);
});
