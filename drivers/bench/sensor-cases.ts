import { ManualClock } from "@earshot/protocol/testing";
import { FrameScanner } from "../src/link/frame-scanner.ts";
import type { StreamDecoder } from "../src/link/stream-driver.ts";
import { type ModbusFraming, RTU, TCP } from "../src/meter/modbus-framing.ts";
import { decodeAnswerPdu } from "../src/meter/modbus-pdu.ts";
import { fillSdm120, TestMeter } from "../src/meter/test-meter.ts";
import { FrameSensorDecoder } from "../src/sensor/frame-sensor.ts";
import { JsonLinesDecoder } from "../src/sensor/json-lines.ts";
import { NmeaWeatherDecoder } from "../src/sensor/nmea-weather.ts";
import { PMS5003_FORMAT, readPms5003 } from "../src/sensor/pms5003.ts";
import { readSds011, SDS011_FORMAT } from "../src/sensor/sds011.ts";
import { SHDLC_FORMAT } from "../src/sensor/shdlc.ts";
import { readSps30 } from "../src/sensor/sps30.ts";
import { TEST_SENSORS, type TestSensor } from "../src/sensor/test-sensors.ts";
import { frames, type ParserCase, serialChunks } from "./parser-case.ts";

const FRAMES = 500;
const clock = new ManualClock();

interface SensorCase {
  family: string;
  sensor: TestSensor | undefined;
  framesPerSecond: number;
  make(): StreamDecoder<unknown>;
}

/** A PMS5003 speaks each 200 ms at most, a weather station with each turn of the wind, the others each second. */
const SENSORS: readonly SensorCase[] = [
  {
    family: "pms5003",
    sensor: TEST_SENSORS.openPms5003,
    framesPerSecond: 5,
    make: () => new FrameSensorDecoder(clock, PMS5003_FORMAT, readPms5003),
  },
  {
    family: "sds011",
    sensor: TEST_SENSORS.openSds011,
    framesPerSecond: 1,
    make: () => new FrameSensorDecoder(clock, SDS011_FORMAT, readSds011),
  },
  {
    family: "sps30",
    sensor: TEST_SENSORS.openSps30,
    framesPerSecond: 1,
    make: () => new FrameSensorDecoder(clock, SHDLC_FORMAT, readSps30),
  },
  {
    family: "nmea-weather",
    sensor: TEST_SENSORS.openNmeaWeather,
    framesPerSecond: 5,
    make: () => new NmeaWeatherDecoder(clock),
  },
  {
    family: "json-lines",
    sensor: TEST_SENSORS.openJsonLines,
    framesPerSecond: 1,
    make: () => new JsonLinesDecoder(clock),
  },
];

export const sensorCases = (): ParserCase[] => [
  ...SENSORS.map(toCase),
  modbus("modbus rtu", "rtu", RTU),
  modbus("modbus tcp", "tcp", TCP),
];

function toCase({ family, sensor, framesPerSecond, make }: SensorCase): ParserCase {
  if (sensor === undefined) throw new TypeError(`There is no test sensor for ${family}`);
  const bytes = frames(FRAMES, (i) => sensor.frame(i % 300));
  return {
    family,
    source: "written",
    chunks: serialChunks(bytes),
    bytesPerSecond: (framesPerSecond * bytes.length) / FRAMES,
    start: () => {
      const decoder = make();
      return (chunk) => decoder.push(chunk).length;
    },
  };
}

/** An SDM120's answer to 40 registers, once a second; asked for one answer at a time, as the client does. */
function modbus(family: string, framing: "rtu" | "tcp", codec: ModbusFraming): ParserCase {
  const request = { function: 4, address: 0, count: 40 } as const;
  const sent = { unit: 1, request, transaction: 7, bytes: codec.encode(1, request, 7) };
  const meter = new TestMeter({ framing });
  fillSdm120(meter);
  const answer = meter.answer(sent.bytes);
  return {
    family,
    source: "written",
    chunks: serialChunks(frames(FRAMES, () => answer)),
    bytesPerSecond: answer.length,
    start: () => {
      const scanner = new FrameScanner(codec.format(sent));
      return (chunk) => {
        let answers = 0;
        for (const frame of scanner.push(chunk)) {
          const pdu = codec.answer(frame, sent);
          if (pdu !== undefined && decodeAnswerPdu(pdu, request).ok) answers += 1;
        }
        return answers;
      };
    },
  };
}
