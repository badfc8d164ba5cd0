import { NmeaFramer } from "../gps/nmea-framer.ts";
import { MixedFramer } from "../gps/ubx/mixed-framer.ts";
import { type FrameFormat, FrameScanner } from "../link/frame-scanner.ts";
import { LineFramer } from "../link/line-framer.ts";
import { readQuantities } from "../sensor/json-lines.ts";
import { PMS5003_FORMAT } from "../sensor/pms5003.ts";
import { SDS011_FORMAT } from "../sensor/sds011.ts";
import { SHDLC_FORMAT } from "../sensor/shdlc.ts";
import { SIRF_FORMAT } from "./sirf-format.ts";

/** What a device may speak without being asked. */
export type Dialect =
  | "nmea"
  | "ubx"
  | "rtcm3"
  | "nmea-weather"
  | "pms5003"
  | "sds011"
  | "shdlc"
  | "json-lines"
  | "sirf";

export interface Identified {
  dialect: Dialect;
  /** Whole frames with a good checksum; lines that are what they should be. */
  frames: number;
  /** Their bytes, of all bytes, per mille: 1000 when there is nothing else. */
  score: number;
}

/** Only so much is looked at: more proves nothing more. */
export const MAX_IDENTIFIED_BYTES = 65_536;

/**
 * What `bytes` are made of, the largest share first. Each dialect is recognised by whole frames with a good checksum
 * (JSON lines by their names and numbers), so noise and a wrong baud rate give nothing. Never throws.
 */
export function identify(bytes: Uint8Array): Identified[] {
  const looked = bytes.subarray(0, MAX_IDENTIFIED_BYTES);
  const tally = new Tally();
  const rest = countMixed(looked, tally);
  for (const sentence of new NmeaFramer().push(rest))
    tally.add(nmeaKind(sentence), NMEA_EXTRA + sentence.length);
  for (const [dialect, format] of BINARY) {
    for (const frame of new FrameScanner(format).push(rest)) tally.add(dialect, frame.length);
  }
  for (const line of new LineFramer(MAX_LINE_BYTES).push(rest)) {
    if (readQuantities(line) !== undefined)
      tally.add("json-lines", new TextEncoder().encode(line).length + 1);
  }
  return tally.result(looked.length);
}

const MAX_LINE_BYTES = 4096;
/** `$`, `*`, two digits and the line end. */
const NMEA_EXTRA = 6;

const BINARY: readonly (readonly [Dialect, FrameFormat])[] = [
  ["pms5003", PMS5003_FORMAT],
  ["sds011", SDS011_FORMAT],
  ["shdlc", SHDLC_FORMAT],
  ["sirf", SIRF_FORMAT],
];

/** UBX and RTCM 3; returns what is neither. */
function countMixed(bytes: Uint8Array, tally: Tally): Uint8Array {
  const framer = new MixedFramer();
  const rest: number[] = [];
  let taken = 0;
  let rtcm = 0;
  for (const piece of [...framer.push(bytes), ...framer.flush()]) {
    if (piece.kind === "ubx") {
      tally.add("ubx", piece.frame.payload.length + 8);
      taken += piece.frame.payload.length + 8;
    } else if (piece.kind === "rtcm") rtcm += 1;
    else for (const byte of piece.bytes) rest.push(byte);
  }
  // The framer does not say how long RTCM frames are: they are what is left over.
  const rtcmBytes = bytes.length - taken - rest.length - framer.heldBytes;
  for (let i = 0; i < rtcm; i += 1) tally.add("rtcm3", rtcmBytes / rtcm);
  return Uint8Array.from(rest);
}

/** A sentence of weather is no receiver's, and some stations send both. */
const nmeaKind = (sentence: string): Dialect => (/^..M(?:DA|WV),/.test(sentence) ? "nmea-weather" : "nmea");

class Tally {
  readonly #found = new Map<Dialect, { frames: number; bytes: number }>();

  add(dialect: Dialect, bytes: number): void {
    const found = this.#found.get(dialect) ?? { frames: 0, bytes: 0 };
    this.#found.set(dialect, { frames: found.frames + 1, bytes: found.bytes + bytes });
  }

  result(total: number): Identified[] {
    return [...this.#found]
      .map(([dialect, { frames, bytes }]) => ({
        dialect,
        frames,
        score: Math.min(1000, Math.round((1000 * bytes) / total)),
      }))
      .sort((a, b) => b.score - a.score);
  }
}
