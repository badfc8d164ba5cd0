import { describe, expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import { JsonLinesDecoder, readQuantities } from "./json-lines.ts";
import { NmeaWeatherDecoder } from "./nmea-weather.ts";
import { readPms5003 } from "./pms5003.ts";
import { readSds011 } from "./sds011.ts";
import { encodeShdlcAnswer } from "./shdlc.ts";
import { readSps30, sps30 } from "./sps30.ts";
import { nmeaSentence } from "./test-sensors.ts";

/** The quantities of a sentence, `"refused"`, or nothing where it measures nothing. */
function weather(body: string): Readonly<Record<string, number>> | "refused" | undefined {
  const decoder = new NmeaWeatherDecoder(new ManualClock());
  const [reading] = decoder.push(new TextEncoder().encode(nmeaSentence(body)));
  return decoder.counts.badFrames > 0 ? "refused" : reading?.quantities;
}

describe("a weather station", () => {
  const mda = (field: number, value: number) => {
    const fields: (string | number)[] = new Array(21).fill("");
    fields[0] = "WIMDA";
    fields[field] = value;
    return weather(fields.join(","));
  };
  test.each([
    [3, "pressure_hpa", 0.3, 1.2, 1000],
    [5, "temperature_c", -90, 90, 1],
    [9, "humidity_percent", 0, 100, 1],
    [11, "dew_point_c", -100, 60, 1],
    [13, "wind_direction_deg", 0, 360, 1],
    [17, "wind_speed_mps", 0, 300, 1852 / 3600],
    [19, "wind_speed_mps", 0, 150, 1],
  ] as const)(
    "field %d of WIMDA is %s from %d to %d, and nothing beyond",
    (field, name, least, most, factor) => {
      expect(mda(field, least)).toEqual({ [name]: least * factor });
      expect(mda(field, most)).toEqual({ [name]: most * factor });
      expect([mda(field, least - 0.1), mda(field, most + 0.1)]).toEqual(["refused", "refused"]);
    },
  );

  test.each([
    ["90,R,550,M", { wind_direction_deg: 90, wind_speed_mps: 550 }],
    ["360,R,,M", { wind_direction_deg: 360 }],
    ["90,R,550.1,M", "refused"],
    ["360.1,R,1,M", "refused"],
    [",R,,M", undefined],
  ] as const)("WIMWV of %s", (fields, told) => {
    expect(weather(`WIMWV,${fields},A`)).toEqual(told);
  });
});

test("JSON lines: 16 quantities are the most, and a name of 32 characters the longest", () => {
  const line = (count: number, nameLength = 3) =>
    JSON.stringify(
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`q${i}`.padEnd(nameLength, "x"), 1])),
    );
  expect(Object.keys(readQuantities(line(16)) ?? {})).toHaveLength(16);
  expect(readQuantities(line(17))).toBeUndefined();
  expect(Object.keys(readQuantities(line(1, 32)) ?? {})).toHaveLength(1);
  expect(readQuantities(line(1, 33))).toBeUndefined();
});

test("each value of a particle sensor has its own place, high and low byte", () => {
  const frame = (length: number) => Uint8Array.from({ length }, (_, i) => i);
  const pms = frame(32);
  pms[29] = 0;
  expect(readPms5003(pms)).toEqual({
    pm1_ug_per_m3: 0x0a0b,
    pm2_5_ug_per_m3: 0x0c0d,
    pm10_ug_per_m3: 0x0e0f,
  });
  expect(readSds011(frame(10))).toEqual({ pm2_5_ug_per_m3: 0x0302 / 10, pm10_ug_per_m3: 0x0504 / 10 });
  const data = new DataView(new ArrayBuffer(40));
  for (let i = 0; i < 10; i++) data.setFloat32(4 * i, i + 1);
  const answer = (command: number, bytes: Uint8Array) =>
    readSps30(encodeShdlcAnswer({ command, state: 0, data: bytes }));
  expect(answer(3, new Uint8Array(data.buffer))).toEqual({
    ...{ pm1_ug_per_m3: 1, pm2_5_ug_per_m3: 2, pm4_ug_per_m3: 3, pm10_ug_per_m3: 4, particle_size_um: 10 },
  });
  expect(answer(0xd0, new Uint8Array(40))).toEqual({});
});

test("a Sensirion sensor is told with its product type, and only by the answer to that", () => {
  const answer = (command: number, text: string) =>
    sps30.queries?.[0]?.recognise(
      encodeShdlcAnswer({ command, state: 0, data: new TextEncoder().encode(text) }),
    );
  expect(answer(0xd0, "00080000\0")?.description).toBe("Sensirion SHDLC sensor, product type 00080000");
  expect(answer(0xd0, "\0")?.description).toBe("Sensirion SHDLC sensor, product type not told");
  expect(answer(0x03, "00080000")).toBeUndefined();
});

test("each line and each frame is counted once, by what it was", () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const json = new JsonLinesDecoder(new ManualClock());
  json.push(bytes('{"a": 1}\nodd\n{"b": 2}\n[]\n{}\n'));
  expect(json.counts).toEqual({ frames: 2, badFrames: 3, garbageBytes: 0 });
  const weatherStation = new NmeaWeatherDecoder(new ManualClock());
  for (const body of ["WIMWV,90,R,4,M,A", "WIMWV,400,R,4,M,A", "WIMWV,90,R,4,M,V", "WIMWV,90,R,4,X,A"]) {
    weatherStation.push(bytes(nmeaSentence(body)));
  }
  expect(weatherStation.counts).toEqual({ frames: 2, badFrames: 2, garbageBytes: 0 });
});
