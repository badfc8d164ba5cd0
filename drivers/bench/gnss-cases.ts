import { ManualClock } from "@earshot/protocol/testing";
import { GpsdDecoder } from "../src/gps/gpsd.ts";
import { NmeaDecoder } from "../src/gps/nmea.ts";
import { Rtcm3Decoder } from "../src/gps/rtcm3/rtcm3.ts";
import { RECORDINGS, readRecording, recordingsIn } from "../src/gps/test-recordings.ts";
import { UbxDecoder } from "../src/gps/ubx/ubx-decoder.ts";
import type { StreamDecoder } from "../src/link/stream-driver.ts";
import { byteCount, type ParserCase, serialChunks } from "./parser-case.ts";

type Timed = { timeMs?: number };

/** Host date of the recordings: RTCM and old receivers leave their week to it. */
const NOW_MS = Date.UTC(2022, 5, 1);

interface Recording {
  family: string;
  file: string;
  make(clock: ManualClock): StreamDecoder<Timed>;
}

const CASES: readonly Recording[] = [
  { family: "nmea", file: "ublox-neo-m9n-nmea.log", make: (clock) => new NmeaDecoder(clock) },
  { family: "ubx", file: "u-blox-m8t-time.log", make: (clock) => new UbxDecoder({ clock }) },
  { family: "gpsd", file: "ublox-neo-m9n-nmea.log.chk", make: (clock) => new GpsdDecoder({ clock }) },
  { family: "rtcm3", file: "ublox-zed-f9t-rtcm3.log", make: (clock) => new Rtcm3Decoder(clock) },
];

/** Real receivers, at the rate of their own time; none where the recordings are absent. */
export const gnssCases = (): ParserCase[] => (recordingsIn(RECORDINGS).length === 0 ? [] : CASES.map(toCase));

function toCase({ family, file, make }: Recording): ParserCase {
  const chunks = serialChunks(readRecording(RECORDINGS, file));
  const start = () => make(new ManualClock(NOW_MS));
  return {
    family,
    source: "recording",
    chunks,
    bytesPerSecond: byteCount(chunks) / recordedSeconds(start(), chunks),
    start: () => {
      const decoder = start();
      return (chunk) => decoder.push(chunk).length;
    },
  };
}

/** From the first epoch to the end of the last one. */
function recordedSeconds(decoder: StreamDecoder<Timed>, chunks: readonly Uint8Array[]): number {
  const times = new Set<number>();
  for (const { timeMs } of [...chunks.flatMap((chunk) => decoder.push(chunk)), ...decoder.flush()]) {
    if (timeMs !== undefined) times.add(timeMs);
  }
  const [first = 0, last = 0] = [Math.min(...times), Math.max(...times)];
  return ((last - first) / 1000) * (times.size / (times.size - 1));
}
