import { plainSensor, type Query } from "../devices/device-kind.ts";
import type { ByteLink, OpenByteLink } from "../driver.ts";
import { FrameScanner } from "../link/frame-scanner.ts";
import { polledLink } from "../link/polled-link.ts";
import { streamDriver } from "../link/stream-driver.ts";
import { FrameSensorDecoder } from "./frame-sensor.ts";
import type { OpenSensorOptions, SensorDriver } from "./sensor-reading.ts";
import { decodeShdlcAnswer, encodeShdlc, SHDLC_FORMAT } from "./shdlc.ts";

/** Big-endian floats: subcommand 01, format 03. */
const START = encodeShdlc(0x00, [0x01, 0x03]);
const READ = encodeShdlc(0x03, []);
const READ_COMMAND = 0x03;
const MEASURED_BYTES = 40;
/** The sensor measures once a second. */
const PERIOD_MS = 1000;

/**
 * Sensirion SPS30, 115200 baud, SEL pin to nothing (UART). Started once, then asked each second; an answer without
 * data means that nothing new was measured (SPS30 datasheet, section 5.3).
 */
export function openSps30(link: ByteLink | OpenByteLink, options: OpenSensorOptions): SensorDriver {
  const { clock, capacity = 64 } = options;
  const decoder = new FrameSensorDecoder(clock, SHDLC_FORMAT, readSps30);
  const polled = polledLink(link, { clock, start: [START], request: READ, periodMs: PERIOD_MS });
  return streamDriver({ name: "SPS30", link: polled, decoder, capacity });
}

/** Ten floats: mass of PM1, 2.5, 4, 10; numbers of PM0.5, 1, 2.5, 4, 10; typical size. */
export function readSps30(frame: Uint8Array): Record<string, number> | undefined {
  const answer = decodeShdlcAnswer(frame);
  if (answer === undefined) return undefined;
  const { command, data } = answer;
  if (command !== READ_COMMAND || data.length === 0) return {};
  if (data.length !== MEASURED_BYTES) return undefined;
  const view = new DataView(data.buffer, data.byteOffset);
  const quantities = {
    pm1_ug_per_m3: view.getFloat32(0),
    pm2_5_ug_per_m3: view.getFloat32(4),
    pm4_ug_per_m3: view.getFloat32(8),
    pm10_ug_per_m3: view.getFloat32(12),
    particle_size_um: view.getFloat32(36),
  };
  return Object.values(quantities).every(Number.isFinite) ? quantities : undefined;
}

const DEVICE_INFORMATION = 0xd0;
const LATIN1 = new TextDecoder("latin1");

/** Device information, product type (SPS30 datasheet, section 5.3.8). */
const PRODUCT_TYPE: Query = {
  name: "SHDLC device information",
  baudRates: [115_200],
  request: encodeShdlc(DEVICE_INFORMATION, [0x00]),
  recognise(heard) {
    for (const frame of new FrameScanner(SHDLC_FORMAT).push(heard)) {
      const answer = decodeShdlcAnswer(frame);
      if (answer?.command !== DEVICE_INFORMATION) continue;
      const product = LATIN1.decode(answer.data).replaceAll(/[^ -~]/g, "");
      return { type: "sps30", description: `Sensirion SHDLC sensor, product type ${product || "not told"}` };
    }
    return undefined;
  },
};

export const sps30 = plainSensor({
  type: "sps30",
  description: "Sensirion SHDLC sensor",
  sends: { frames: SHDLC_FORMAT },
  queries: [PRODUCT_TYPE],
  baud: 115_200,
  silenceS: 60,
  open: openSps30,
  rows: [
    {
      device: "Sensirion SPS30",
      wiring: "UART 3.3 V, 115200, SEL pin open; 5 V supply",
      config: ['device = "/dev/ttyUSB0"', "baud = 115200"],
      testedWith: "the frames of its datasheet, and a scripted sensor, over a pty",
    },
  ],
});
