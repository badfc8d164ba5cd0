import type { Clock } from "@earshot/protocol/hotspot";
import type { ByteLink, OpenByteLink } from "../driver.ts";
import { openJsonLines } from "./json-lines.ts";
import { openNmeaWeather } from "./nmea-weather.ts";
import { openPms5003 } from "./pms5003.ts";
import { openSds011 } from "./sds011.ts";
import type { SensorDriver } from "./sensor-reading.ts";
import { encodeShdlcAnswer } from "./shdlc.ts";
import { openSps30 } from "./sps30.ts";

/** A sensor as its bytes: what tests put behind a link. */
export interface TestSensor {
  open(link: ByteLink | OpenByteLink, options: { clock: Clock; capacity?: number }): SensorDriver;
  /** Bytes of the i-th measurement. */
  frame(i: number): Uint8Array;
  /** What a damaged frame looks like. */
  garbage: Uint8Array;
  /** Begins like a frame and goes on for ever. */
  flood(bytes: number): Uint8Array;
  maxFrameBytes: number;
  /** One quantity of the i-th measurement. */
  expected(i: number): [name: string, value: number];
}

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const sum = (bytes: ArrayLike<number>): number => Array.from(bytes).reduce((a, b) => a + b, 0);

export function pms5003Frame(fine: number, fault = 0): Uint8Array {
  const words = [1, fine, 3, 4, fine, fine + 1, 900, 300, 60, 9, 2, 1, 0x9700 | fault];
  const body = [0x42, 0x4d, 0, 28, ...words.flatMap((value) => [value >> 8, value & 255])];
  return Uint8Array.of(...body, sum(body) >> 8, sum(body) & 255);
}

export function sds011Frame(fineTenths: number): Uint8Array {
  const data = [fineTenths & 255, fineTenths >> 8, 0x3a, 0x0a, 0xa1, 0x60];
  return Uint8Array.of(0xaa, 0xc0, ...data, sum(data) & 255, 0xab);
}

export function sps30Frame(fine: number): Uint8Array {
  const data = new Uint8Array(40);
  const view = new DataView(data.buffer);
  [1, fine, 3, 4, 5, 6, 7, 8, 9, 0.5].forEach((value, i) => {
    view.setFloat32(4 * i, value);
  });
  return encodeShdlcAnswer({ command: 3, state: 0, data });
}

export function nmeaSentence(body: string): string {
  const checksum = [...ascii(body)].reduce((a, b) => a ^ b, 0);
  return `$${body}*${checksum.toString(16).toUpperCase().padStart(2, "0")}\r\n`;
}

const damaged = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === 6 ? byte ^ 1 : byte));

export const TEST_SENSORS: Readonly<Record<string, TestSensor>> = {
  openPms5003: {
    open: openPms5003,
    frame: (i) => pms5003Frame(i + 1),
    garbage: damaged(pms5003Frame(7)),
    flood: (bytes) => new Uint8Array(bytes).map((_, i) => (i === 0 ? 0x42 : 0x4d)),
    maxFrameBytes: 32,
    expected: (i) => ["pm2_5_ug_per_m3", i + 1],
  },
  openSds011: {
    open: openSds011,
    frame: (i) => sds011Frame(10 * (i + 1)),
    garbage: damaged(sds011Frame(7)),
    flood: (bytes) => new Uint8Array(bytes).fill(0xc0).fill(0xaa, 0, 1),
    maxFrameBytes: 10,
    expected: (i) => ["pm2_5_ug_per_m3", i + 1],
  },
  openSps30: {
    open: openSps30,
    frame: (i) => sps30Frame(i + 1),
    garbage: damaged(sps30Frame(7)),
    flood: (bytes) => new Uint8Array(bytes).fill(0x55).fill(0x7e, 0, 1),
    maxFrameBytes: 522,
    expected: (i) => ["pm2_5_ug_per_m3", i + 1],
  },
  openNmeaWeather: {
    open: openNmeaWeather,
    frame: (i) => ascii(nmeaSentence(`WIMWV,${i},R,3.6,K,A`)),
    garbage: ascii("$WIMWV,12,R,3.6,K,A*00\r\n"),
    flood: (bytes) => ascii(`$WIMDA,${"1".repeat(bytes - 7)}`),
    maxFrameBytes: 256,
    expected: (i) => ["wind_direction_deg", i],
  },
  openJsonLines: {
    open: openJsonLines,
    frame: (i) => ascii(`{"temperature_c":${i}}\n`),
    garbage: ascii('{"temperature_c":"warm"}\n'),
    flood: (bytes) => ascii(`{"a":${"1".repeat(bytes - 5)}`),
    maxFrameBytes: 4096,
    expected: (i) => ["temperature_c", i],
  },
};
