import { plainSensor } from "../devices/device-kind.ts";
import type { ByteLink, OpenByteLink } from "../driver.ts";
import { BAD_FRAME, type FrameFormat, INCOMPLETE, NO_FRAME } from "../link/frame-scanner.ts";
import { streamDriver } from "../link/stream-driver.ts";
import { FrameSensorDecoder } from "./frame-sensor.ts";
import type { OpenSensorOptions, SensorDriver } from "./sensor-reading.ts";

const FRAME_BYTES = 10;
/** Answers to commands have the same form with C5; they are well-formed and measure nothing. */
const [MEASURED, ANSWER] = [0xc0, 0xc5];

/**
 * Nova SDS011, 9600 baud, reporting by itself (control protocol V1.3):
 *
 *     AA C0 | PM2.5 · 10, PM10 · 10, little endian | 2 bytes of id | low byte of the sum of the six before | AB
 */
export function openSds011(link: ByteLink | OpenByteLink, options: OpenSensorOptions): SensorDriver {
  const decoder = new FrameSensorDecoder(options.clock, SDS011_FORMAT, readSds011);
  return streamDriver({ name: "SDS011", link, decoder, capacity: options.capacity ?? 64 });
}

export const SDS011_FORMAT: FrameFormat = {
  maxBytes: FRAME_BYTES,
  measure(bytes) {
    const [head, kind] = bytes;
    if (head !== 0xaa || (kind !== undefined && kind !== MEASURED && kind !== ANSWER)) return NO_FRAME;
    if (bytes.length < FRAME_BYTES) return INCOMPLETE;
    const sum = bytes.subarray(2, 8).reduce((total, byte) => total + byte, 0) & 0xff;
    return sum === bytes[8] && bytes[9] === 0xab ? FRAME_BYTES : BAD_FRAME;
  },
};

/** Tenths of a µg/m³ on the wire. */
export function readSds011([
  ,
  kind,
  fineLow = 0,
  fineHigh = 0,
  coarseLow = 0,
  coarseHigh = 0,
]: Uint8Array): Record<string, number> {
  if (kind === ANSWER) return {};
  return {
    pm2_5_ug_per_m3: (fineLow | (fineHigh << 8)) / 10,
    pm10_ug_per_m3: (coarseLow | (coarseHigh << 8)) / 10,
  };
}

export const sds011 = plainSensor({
  type: "sds011",
  description: "Nova SDS011",
  sends: { frames: SDS011_FORMAT },
  baud: 9600,
  silenceS: 60,
  open: openSds011,
  rows: [
    {
      device: "Nova SDS011",
      wiring: "UART 3.3 V, 9600, or its USB adapter",
      config: ['device = "/dev/ttyUSB0"', "baud = 9600"],
      testedWith: "the frame of its protocol description, over a pty",
    },
  ],
});
