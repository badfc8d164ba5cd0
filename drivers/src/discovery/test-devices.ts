import { bytesOf, epochText, sentence } from "../../test/nmea-text.ts";
import { epochBytes, TestReceiver } from "../gps/ubx/test-receiver.ts";
import { TestRak3172 } from "../lora/modem/test-rak3172.ts";
import { TestRn2483 } from "../lora/modem/test-rn2483.ts";
import { TestRylr998 } from "../lora/modem/test-rylr998.ts";
import { fillSdm120, TestMeter } from "../meter/test-meter.ts";
import { encodeShdlcAnswer } from "../sensor/shdlc.ts";
import { pms5003Frame, sds011Frame } from "../sensor/test-sensors.ts";

/** A device at the end of a serial line, as its bytes. */
export interface TestDevice {
  /** That of its `DeviceKind`. */
  type: string;
  baudRate: number;
  /** What it says by itself the i-th time. */
  talk?: (i: number) => Uint8Array;
  /** What it answers to bytes at its baud rate, which may end anywhere. */
  answer?: (bytes: Uint8Array) => Uint8Array;
}

const modemAnswer = (modem: { answer(bytes: Uint8Array): string }) => (bytes: Uint8Array) =>
  bytesOf(modem.answer(bytes));

function meter(fill: (meter: TestMeter) => void): (bytes: Uint8Array) => Uint8Array {
  const device = new TestMeter({ framing: "rtu" });
  fill(device);
  return (bytes) => device.answer(bytes);
}

const SHDLC_MARK = 0x7e;

/** Answers the product type when it is asked for device information; the request may come in pieces. */
function shdlcAnswer(): (bytes: Uint8Array) => Uint8Array {
  const answer = encodeShdlcAnswer({ command: 0xd0, state: 0, data: bytesOf("00080000\0") });
  let held: number[] = [];
  return (bytes) => {
    held.push(...bytes);
    const start = held.indexOf(SHDLC_MARK);
    const end = held.indexOf(SHDLC_MARK, start + 1);
    if (start < 0 || end < 0) return new Uint8Array();
    const command = held[start + 2];
    held = held.slice(end + 1);
    return command === 0xd0 ? answer : new Uint8Array();
  };
}

/** One of each kind, as it comes from the factory. */
export function testDevices(): Record<string, TestDevice> {
  const receiver = new TestReceiver({ generation: 9 });
  const silentReceiver = new TestReceiver({ generation: 8 });
  return {
    "NMEA receiver": { type: "nmea", baudRate: 9600, talk: (i) => bytesOf(epochText(i)) },
    "u-blox receiver with NMEA": {
      type: "ubx",
      baudRate: 38_400,
      talk: (i) => bytesOf(epochText(i)),
      answer: (bytes) => receiver.answer(bytes),
    },
    "u-blox receiver with UBX that takes no commands": { type: "ubx", baudRate: 9600, talk: epochBytes },
    "u-blox receiver told to be silent": {
      type: "ubx",
      baudRate: 9600,
      answer: (bytes) => silentReceiver.answer(bytes),
    },
    "reference station": {
      type: "rtcm3",
      baudRate: 115_200,
      talk: () => Uint8Array.fromHex("d300084ce0008a00000000a8f72a"),
    },
    "weather station": {
      type: "nmea-weather",
      baudRate: 4800,
      talk: () => bytesOf(sentence("WIMWV,214.8,R,0.1,K,A")),
    },
    PMS5003: { type: "pms5003", baudRate: 9600, talk: (i) => pms5003Frame(i) },
    SDS011: { type: "sds011", baudRate: 9600, talk: (i) => sds011Frame(10 * i) },
    SPS30: { type: "sps30", baudRate: 115_200, answer: shdlcAnswer() },
    "JSON lines": { type: "json-lines", baudRate: 115_200, talk: (i) => bytesOf(`{"temperature_c":${i}}\n`) },
    RAK3172: { type: "rak3172", baudRate: 115_200, answer: modemAnswer(new TestRak3172({})) },
    "RAK3172 with old firmware": {
      type: "rak3172",
      baudRate: 115_200,
      answer: modemAnswer(new TestRak3172({ old: true })),
    },
    RYLR998: { type: "rylr998", baudRate: 115_200, answer: modemAnswer(new TestRylr998({})) },
    RN2483: { type: "rn2483", baudRate: 57_600, answer: modemAnswer(new TestRn2483({})) },
    SDM120: { type: "modbus", baudRate: 2400, answer: meter((one) => fillSdm120(one)) },
    "PZEM-016": { type: "modbus", baudRate: 9600, answer: meter((one) => one.set(4, 0, "u16", 2301)) },
  };
}
