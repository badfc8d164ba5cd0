import { describe, expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import fc from "fast-check";
import { MemoryLink } from "../testing/memory-link.ts";
import { readQuantities } from "./json-lines.ts";
import { NmeaWeatherDecoder } from "./nmea-weather.ts";
import { PMS5003_FORMAT, readPms5003 } from "./pms5003.ts";
import { readSds011, SDS011_FORMAT } from "./sds011.ts";
import { decodeShdlcAnswer, encodeShdlc, encodeShdlcAnswer, SHDLC_FORMAT } from "./shdlc.ts";
import { openSps30, readSps30 } from "./sps30.ts";
import { nmeaSentence, pms5003Frame, sps30Frame } from "./test-sensors.ts";

describe("PMS5003", () => {
  test("tells what is in the air, not at CF = 1", () => {
    const frame = pms5003Frame(12);
    expect(PMS5003_FORMAT.measure(frame)).toBe(32);
    expect(readPms5003(frame)).toEqual({ pm1_ug_per_m3: 4, pm2_5_ug_per_m3: 12, pm10_ug_per_m3: 13 });
  });
  test("with a fault measures nothing", () => expect(readPms5003(pms5003Frame(12, 4))).toBeUndefined());
});

describe("SDS011", () => {
  const frame = Uint8Array.fromHex("aac0d4043a0aa1601dab");
  test("reads the frame of its protocol description", () => {
    expect(SDS011_FORMAT.measure(frame)).toBe(10);
    expect(readSds011(frame)).toEqual({ pm2_5_ug_per_m3: 123.6, pm10_ug_per_m3: 261.8 });
  });
  test("an answer to a command is no measurement", () => {
    expect(readSds011(Uint8Array.of(0xaa, 0xc5, 2, 1, 1, 0))).toEqual({});
  });
});

describe("SHDLC", () => {
  test("frames as in the SPS30's datasheet", () => {
    expect(encodeShdlc(0x00, [0x01, 0x03]).toHex()).toBe("7e0000020103f97e");
    expect(encodeShdlc(0x03, []).toHex()).toBe("7e000300fc7e");
  });

  test("decoding is the inverse of encoding, for every byte", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 255 }), fc.nat(255), fc.nat(255), (data, command, state) => {
        const frame = encodeShdlcAnswer({ command, state, data });
        expect(SHDLC_FORMAT.measure(frame)).toBe(frame.length);
        expect(decodeShdlcAnswer(frame)).toEqual({ command, state, data });
      }),
    );
  });

  test("no single flipped bit goes unnoticed", () => {
    const frame = sps30Frame(25);
    for (let bit = 8; bit < 8 * (frame.length - 1); bit++) {
      const other = Uint8Array.from(frame);
      other[bit >> 3] = (other[bit >> 3] as number) ^ (1 << (bit & 7));
      const end = other.indexOf(0x7e, 1);
      const answer = decodeShdlcAnswer(other.subarray(0, end + 1));
      expect(answer).toBeUndefined();
    }
  });
});

describe("SPS30", () => {
  test("is started, then asked each second until it is closed", async () => {
    const clock = new ManualClock(0);
    const asked: string[] = [];
    const link = new MemoryLink({
      onWrite(bytes, device) {
        asked.push(bytes.toHex());
        if (bytes[2] === 3) device.push(sps30Frame(asked.length));
      },
    });
    const driver = openSps30(link, { clock });
    const readings = driver[Symbol.asyncIterator]();
    await clock.advance(3000);
    expect(asked).toEqual(["7e0000020103f97e", ...Array(3).fill("7e000300fc7e")]);
    expect((await readings.next()).value?.quantities.pm2_5_ug_per_m3).toBe(2);
    await driver.close();
    await clock.advance(5000);
    expect(asked).toHaveLength(4);
  });

  test("an empty answer measures nothing, a short one is refused", () => {
    expect(readSps30(encodeShdlcAnswer({ command: 3, state: 0, data: new Uint8Array() }))).toEqual({});
    expect(readSps30(encodeShdlcAnswer({ command: 3, state: 0, data: new Uint8Array(12) }))).toBeUndefined();
    expect(
      readSps30(encodeShdlcAnswer({ command: 3, state: 0, data: new Uint8Array(40).fill(255) })),
    ).toBeUndefined();
  });
});

describe("NMEA weather", () => {
  const read = (body: string) => {
    const decoder = new NmeaWeatherDecoder(new ManualClock(5));
    const [reading] = decoder.push(new TextEncoder().encode(nmeaSentence(body)));
    return reading?.quantities ?? decoder.counts;
  };

  test("WIMDA in full", () => {
    const body = "WIMDA,29.9011,I,1.0126,B,21.5,C,,C,43.1,10.2,8.4,C,271.0,T,269.1,M,7.0,N,3.6,M";
    expect(read(body)).toEqual({
      pressure_hpa: expect.closeTo(1012.6, 6),
      temperature_c: 21.5,
      humidity_percent: 43.1,
      dew_point_c: 8.4,
      wind_direction_deg: 271,
      wind_speed_mps: 3.6,
    });
  });

  test.each([
    ["N", 10, 5.1444],
    ["K", 36, 10],
    ["M", 4, 4],
    ["S", 10, 4.4704],
  ])("WIMWV in %s", (unit, speed, mps) => {
    const quantities = read(`WIMWV,90,R,${speed},${unit},A`) as Record<string, number>;
    expect(quantities.wind_speed_mps).toBeCloseTo(mps, 4);
  });

  test("an invalid wind, another sentence: nothing measured", () => {
    expect(read("WIMWV,90,R,4,M,V")).toEqual({ frames: 1, badFrames: 0, garbageBytes: 0 });
    expect(read("GPGGA,,,,,,0,00,,,,,,,")).toEqual({ frames: 1, badFrames: 0, garbageBytes: 0 });
  });

  test.each(["WIMWV,400,R,4,M,A", "WIMWV,90,R,4,X,A", "WIMDA,,I,1.0,B,hot,C"])("%s is refused", (body) => {
    expect(read(body)).toEqual({ frames: 0, badFrames: 1, garbageBytes: 0 });
  });
});

test.each([
  ['{"temperature_c": 21.5, "humidity_percent": 40}', { temperature_c: 21.5, humidity_percent: 40 }],
  ['{"temperature_c": "21.5", "power_w": "-3"}', { temperature_c: 21.5, power_w: -3 }],
  ['{"temperature_c": "warm"}', undefined],
  ["{}", undefined],
  ["[1]", undefined],
  ["3", undefined],
  ['{"Temperature": 1}', undefined],
  ['{"a": null}', undefined],
  ['{"a": 1e999}', undefined],
  [`{${Array.from({ length: 17 }, (_, i) => `"q${i}": 1`).join()}}`, undefined],
  ['{"a": 1', undefined],
])("JSON line %s", (line, quantities) => expect(readQuantities(line)).toEqual(quantities as never));
