import { existsSync, readFileSync } from "node:fs";
import { testDevices } from "@earshot/drivers/testing";
import { PtyDevice } from "../test/pty-device.ts";

/** Whether a second begins at this byte. */
type SecondMark = (bytes: Buffer, at: number) => boolean;

const RECORDINGS = new URL("../../../shared/data/gpsd/", import.meta.url);
/** Each second of the recordings begins with one of these: UBX-NAV-DOP, and the RTCM message 1077. */
const UBX_SECOND: SecondMark = (bytes, at) => bytes.readUInt32BE(at) === 0xb5620104;
const RTCM_SECOND: SecondMark = (bytes, at) =>
  bytes[at] === 0xd3 && (bytes[at + 1] ?? 0) < 4 && bytes.readUInt16BE(at + 3) >> 4 === 1077;

/** One device of the bench: what it says in each second, what it answers, and its lines of the configuration. */
export interface BenchDevice {
  name: string;
  type: string;
  baud: number;
  /** More of its lines in the configuration. */
  more?: string;
  periodMs?: number;
  talk?: (i: number) => Uint8Array;
  answer?: (bytes: Uint8Array) => Uint8Array;
}

/** One of each kind that a hotspot can have at the same time, at the rate of the real one; the receiver first. */
export function benchDevices(): { gps: BenchDevice; sensors: BenchDevice[] } {
  const made = testDevices();
  const of = (name: string) => {
    const device = made[name];
    if (device === undefined) throw new Error(`There is no test device "${name}"`);
    return { ...device, baud: device.baudRate };
  };
  const ubx =
    secondsOf("u-blox-m8t-time.log", UBX_SECOND) ??
    of("u-blox receiver with UBX that takes no commands").talk;
  const nmea = of("NMEA receiver").talk;
  const rtcm = secondsOf("ublox-zed-f9t-rtcm3.log", RTCM_SECOND) ?? of("reference station").talk;
  return {
    gps: {
      ...of("u-blox receiver with NMEA"),
      name: "gps",
      talk: (i) => Buffer.concat([ubx?.(i) ?? new Uint8Array(), nmea?.(i) ?? new Uint8Array()]),
    },
    sensors: [
      { ...of("PMS5003"), name: "pms5003" },
      { ...of("SDS011"), name: "sds011" },
      { ...of("SPS30"), name: "sps30", answer: sps30() },
      { ...of("weather station"), name: "weather", talk: (i) => weather(i) },
      { ...of("JSON lines"), name: "json" },
      { ...of("SDM120"), name: "meter", more: 'map = "sdm120"\nperiod_s = 10' },
      { ...of("reference station"), name: "reference", ...(rtcm === undefined ? {} : { talk: rtcm }) },
    ],
  };
}

/** Plugs them in and has each speak at its rate until disposed of. */
export class PluggedDevices implements AsyncDisposable {
  readonly ports = new Map<string, string>();
  readonly #devices: PtyDevice[] = [];
  readonly #timers: ReturnType<typeof setInterval>[] = [];

  static async plug(devices: readonly BenchDevice[]): Promise<PluggedDevices> {
    const plugged = new PluggedDevices();
    for (const device of devices) await plugged.#plug(device);
    return plugged;
  }

  async #plug({ name, talk, answer, periodMs = 1000 }: BenchDevice): Promise<void> {
    const port = await PtyDevice.plugged(answer);
    this.#devices.push(port);
    this.ports.set(name, port.path);
    if (talk === undefined) return;
    let i = 0;
    this.#timers.push(setInterval(() => port.say(talk(i++)), periodMs));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all(this.#devices.map((device) => device.unplug()));
  }
}

/** The seconds of a recording, over and over; `undefined` where it is absent. */
function secondsOf(file: string, isStart: SecondMark): ((i: number) => Uint8Array) | undefined {
  const url = new URL(file, RECORDINGS);
  if (!existsSync(url)) return undefined;
  const bytes = readFileSync(url);
  const places = Array.from({ length: bytes.length - 4 }, (_, at) => at);
  const starts = places.filter((at) => isStart(bytes, at));
  const seconds = starts.map((from, at) => bytes.subarray(from, starts[at + 1] ?? bytes.length));
  if (seconds.length === 0) throw new Error(`${file} has no second that begins as expected`);
  return (i) => seconds[i % seconds.length] as Uint8Array;
}

/** Answers what the driver polls each second: an SPS30 says nothing by itself. Requests may come in pieces. */
function sps30(): (bytes: Uint8Array) => Uint8Array {
  let held: number[] = [];
  return (bytes) => {
    held.push(...bytes);
    const start = held.indexOf(0x7e);
    const end = held.indexOf(0x7e, start + 1);
    if (start < 0 || end < 0) return new Uint8Array();
    const command = held[start + 2] ?? 0;
    held = held.slice(end + 1);
    return shdlc(command, command === 3 ? measurement() : new Uint8Array());
  };
}

function measurement(): Uint8Array {
  const view = new DataView(new ArrayBuffer(40));
  [3.1, 4.2, 5, 5.4, 20, 25, 26, 26.5, 27, 0.6].forEach((value, i) => void view.setFloat32(4 * i, value));
  return new Uint8Array(view.buffer);
}

/** SHDLC, slave to master: address, command, state, length, data, checksum; 7E, 7D, 11 and 13 are stuffed. */
function shdlc(command: number, data: Uint8Array): Uint8Array {
  const body = [0, command, 0, data.length, ...data];
  const sum = body.reduce((total, byte) => total + byte, 0);
  const stuffed = [...body, ~sum & 0xff].flatMap((byte) =>
    [0x7e, 0x7d, 0x11, 0x13].includes(byte) ? [0x7d, byte ^ 0x20] : [byte],
  );
  return Uint8Array.of(0x7e, ...stuffed, 0x7e);
}

function weather(i: number): Uint8Array {
  const say = (body: string) => {
    const sum = [...body].reduce((check, character) => check ^ character.charCodeAt(0), 0);
    return `$${body}*${sum.toString(16).toUpperCase().padStart(2, "0")}\r\n`;
  };
  const wind = say(`WIMWV,${(200 + (i % 30)).toFixed(1)},R,${(3 + (i % 7) / 10).toFixed(1)},M,A`);
  const air = say(`WIMDA,29.9,I,1.013,B,${(18 + (i % 9) / 10).toFixed(1)},C,,,61.0,,10.4,C,,,,,,,,`);
  return new TextEncoder().encode(wind + air);
}
