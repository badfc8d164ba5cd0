import { plainSensor } from "../devices/device-kind.ts";
import type { ByteLink, OpenByteLink } from "../driver.ts";
import { BAD_FRAME, type FrameFormat, INCOMPLETE, NO_FRAME } from "../link/frame-scanner.ts";
import { streamDriver } from "../link/stream-driver.ts";
import { FrameSensorDecoder } from "./frame-sensor.ts";
import type { OpenSensorOptions, SensorDriver } from "./sensor-reading.ts";

const FRAME_BYTES = 32;

/**
 * Plantower PMS5003, 9600 baud, in its active mode (PMS5003 series manual, appendix I):
 *
 *     42 4D | 00 1C | 13 words, big endian                                    | sum of all before
 *           | 28    | 1…3 PM1, 2.5, 10 at CF = 1, 4…6 the same in air, 7…12 counts, 13 version, error |
 */
export function openPms5003(link: ByteLink | OpenByteLink, options: OpenSensorOptions): SensorDriver {
  const decoder = new FrameSensorDecoder(options.clock, PMS5003_FORMAT, readPms5003);
  return streamDriver({ name: "PMS5003", link, decoder, capacity: options.capacity ?? 64 });
}

export const PMS5003_FORMAT: FrameFormat = {
  maxBytes: FRAME_BYTES,
  measure(bytes) {
    const expected = [0x42, 0x4d, 0x00, FRAME_BYTES - 4];
    if (expected.some((byte, i) => i < bytes.length && bytes[i] !== byte)) return NO_FRAME;
    if (bytes.length < FRAME_BYTES) return INCOMPLETE;
    const sum = bytes.subarray(0, FRAME_BYTES - 2).reduce((total, byte) => total + byte, 0);
    return sum === word(bytes, FRAME_BYTES - 2) ? FRAME_BYTES : BAD_FRAME;
  },
};

/** Concentrations in air; refused when the sensor reports a fault (its last byte of data). */
export function readPms5003(frame: Uint8Array): Record<string, number> | undefined {
  if (frame[FRAME_BYTES - 3] !== 0) return undefined;
  return {
    pm1_ug_per_m3: word(frame, 10),
    pm2_5_ug_per_m3: word(frame, 12),
    pm10_ug_per_m3: word(frame, 14),
  };
}

const word = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

export const pms5003 = plainSensor({
  type: "pms5003",
  description: "Plantower PMS5003 or the like",
  sends: { frames: PMS5003_FORMAT },
  baud: 9600,
  silenceS: 30,
  open: openPms5003,
  rows: [
    {
      device: "Plantower PMS5003 (also PMS7003, PMSA003)",
      wiring: "UART 3.3 V, 9600; 5 V supply for the fan",
      config: ['device = "/dev/ttyUSB0"', "baud = 9600"],
      testedWith: "hand-laid frames over a pty",
    },
  ],
});
