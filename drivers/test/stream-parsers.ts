import { ManualClock } from "@earshot/protocol/testing";
import { GpsdDecoder } from "../src/gps/gpsd.ts";
import { NmeaDecoder } from "../src/gps/nmea.ts";
import { Rtcm3Decoder } from "../src/gps/rtcm3/rtcm3.ts";
import { stationEpoch } from "../src/gps/rtcm3/test-writer.ts";
import { epochBytes, NOON_MS } from "../src/gps/ubx/test-receiver.ts";
import { UbxDecoder } from "../src/gps/ubx/ubx-decoder.ts";
import { FrameScanner } from "../src/link/frame-scanner.ts";
import type { StreamDecoder } from "../src/link/stream-driver.ts";
import type { ModemReader } from "../src/lora/modem/dialect.ts";
import { createRakReader } from "../src/lora/modem/rak3172.ts";
import { createRnReader } from "../src/lora/modem/rn2483.ts";
import { RylrReader } from "../src/lora/modem/rylr-reader.ts";
import { beaconBytes, MODEMS, textBytes } from "../src/lora/modem/test-bench.ts";
import { type ModbusFraming, RTU, TCP } from "../src/meter/modbus-framing.ts";
import { TestMeter } from "../src/meter/test-meter.ts";
import { FrameSensorDecoder } from "../src/sensor/frame-sensor.ts";
import { JsonLinesDecoder } from "../src/sensor/json-lines.ts";
import { NmeaWeatherDecoder } from "../src/sensor/nmea-weather.ts";
import { PMS5003_FORMAT, readPms5003 } from "../src/sensor/pms5003.ts";
import { readSds011, SDS011_FORMAT } from "../src/sensor/sds011.ts";
import { SHDLC_FORMAT } from "../src/sensor/shdlc.ts";
import { readSps30 } from "../src/sensor/sps30.ts";
import { TEST_SENSORS } from "../src/sensor/test-sensors.ts";
import { bytesOf, epochText } from "./nmea-text.ts";

/** A parser of a stream, as what is tried on all of them sees it. */
export interface StreamParser {
  /** A fresh one: bytes in, a name for each thing that it made of them out. */
  start(): { push(bytes: Uint8Array): string[]; readonly garbageBytes: number };
  /** The i-th good frame or epoch, 0 to 59. */
  good(i: number): Uint8Array;
  /** Its name. */
  name(i: number): string;
  /** More bytes of good frames than any false head can claim. */
  resyncBytes: number;
  /** What nobody sent never comes out: it has a checksum, or a line must be whole. */
  isChecked: boolean;
}

const SUNDAY_MS = Date.UTC(2026, 10, 22);
const clockAt = (ms: number) => new ManualClock(ms);

type Made = { kind?: string; timeMs?: number; quantities?: Readonly<Record<string, number>> };

function decoding<R extends Made>(make: () => StreamDecoder<R>, nameOf: (reading: R) => string) {
  return () => {
    const decoder = make();
    return {
      push: (bytes: Uint8Array) => decoder.push(bytes).map(nameOf),
      get garbageBytes() {
        return decoder.counts.garbageBytes;
      },
    };
  };
}

/** Of an epoch whose dated sentence was cut off. */
export const UNDATED = "undated";

const byTime = ({ timeMs }: Made): string => String(timeMs ?? UNDATED);

function receiver(
  make: () => StreamDecoder<Made>,
  good: (i: number) => Uint8Array,
  startMs: number,
  resyncBytes: number,
): StreamParser {
  const name = (i: number) => String(startMs + i * 1000);
  return { start: decoding(make, byTime), good, name, resyncBytes, isChecked: true };
}

function sensor(key: keyof typeof TEST_SENSORS & string, make: () => StreamDecoder<Made>): StreamParser {
  const device = TEST_SENSORS[key];
  if (device === undefined) throw new TypeError(`There is no sensor ${key}`);
  const [quantity] = device.expected(0);
  return {
    start: decoding(make, ({ quantities }) => (quantities?.[quantity] ?? Number.NaN).toFixed(1)),
    good: (i) => device.frame(i),
    name: (i) => device.expected(i)[1].toFixed(1),
    resyncBytes: 2 * device.maxFrameBytes,
    isChecked: true,
  };
}

function modem(kind: keyof typeof MODEMS, create: () => ModemReader): StreamParser {
  const start = () => {
    const reader = create();
    return {
      push: (bytes: Uint8Array) =>
        reader.push(bytes).flatMap((event) => (event.kind === "frame" ? [event.bytes.toHex()] : [])),
      get garbageBytes() {
        return reader.garbageBytes;
      },
    };
  };
  return {
    start,
    good: (i) => textBytes(MODEMS[kind].frame(i)),
    name: (i) => beaconBytes(i).toHex(),
    resyncBytes: 2 * MODEMS[kind].maxFrameBytes,
    isChecked: false,
  };
}

function modbus(framing: "rtu" | "tcp", codec: ModbusFraming): StreamParser {
  const request = { function: 4, address: 0, count: 2 } as const;
  const sent = { unit: 1, request, transaction: 7, bytes: codec.encode(1, request, 7) };
  const good = (i: number) => {
    const meter = new TestMeter({ framing });
    meter.set(4, 0, "f32", 200 + i);
    return meter.answer(sent.bytes);
  };
  const start = () => {
    const scanner = new FrameScanner(codec.format(sent));
    return {
      push: (bytes: Uint8Array) =>
        scanner.push(bytes).map((frame) => codec.answer(frame, sent)?.toHex() ?? "other"),
      get garbageBytes() {
        return scanner.garbageBytes;
      },
    };
  };
  const name = (i: number) => codec.answer(good(i), sent)?.toHex() ?? "none";
  // TCP has no checksum: the next layer asks again.
  return { start, good, name, resyncBytes: 3 * 260, isChecked: framing === "rtu" };
}

const gpsdLine = (i: number): Uint8Array => {
  const time = new Date(NOON_MS + i * 1000).toISOString();
  return textBytes(
    `${JSON.stringify({ class: "TPV", device: "/dev/a", mode: 3, time, lat: 1, lon: 2 })}\r\n`,
  );
};

/** Every parser of a stream here; datagrams and messages have tests of their own. */
export const STREAM_PARSERS: Readonly<Record<string, StreamParser>> = {
  nmea: receiver(
    () => new NmeaDecoder(clockAt(NOON_MS)),
    (i) => bytesOf(epochText(i)),
    NOON_MS,
    600,
  ),
  ubx: receiver(() => new UbxDecoder({ clock: clockAt(NOON_MS) }), epochBytes, NOON_MS, 5000),
  gpsd: receiver(() => new GpsdDecoder({ clock: clockAt(NOON_MS) }), gpsdLine, NOON_MS, 300),
  rtcm3: receiver(
    () => new Rtcm3Decoder(clockAt(SUNDAY_MS)),
    (i) => stationEpoch(18_000 + i * 1000),
    SUNDAY_MS,
    2200,
  ),
  pms5003: sensor("openPms5003", () => new FrameSensorDecoder(clockAt(0), PMS5003_FORMAT, readPms5003)),
  sds011: sensor("openSds011", () => new FrameSensorDecoder(clockAt(0), SDS011_FORMAT, readSds011)),
  sps30: sensor("openSps30", () => new FrameSensorDecoder(clockAt(0), SHDLC_FORMAT, readSps30)),
  "nmea-weather": sensor("openNmeaWeather", () => new NmeaWeatherDecoder(clockAt(0))),
  "json-lines": sensor("openJsonLines", () => new JsonLinesDecoder(clockAt(0))),
  "modbus rtu": modbus("rtu", RTU),
  "modbus tcp": modbus("tcp", TCP),
  rak3172: modem("RAK3172", createRakReader),
  rn2483: modem("RN2483", createRnReader),
  rylr998: modem("RYLR998", () => new RylrReader()),
};
