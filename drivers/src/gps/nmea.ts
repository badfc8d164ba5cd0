import type { Clock } from "@earshot/protocol/hotspot";
import type { ByteLink, Driver, OpenByteLink } from "../driver.ts";
import { type StreamDecoder, streamDriver } from "../link/stream-driver.ts";
import { NmeaEpoch } from "./nmea-epoch.ts";
import { NmeaFieldError } from "./nmea-fields.ts";
import { NmeaFramer } from "./nmea-framer.ts";
import { type EpochPart, parseEpochPart, TIMED_TYPES } from "./nmea-sentence.ts";
import { NmeaSky, parseGsa } from "./nmea-sky.ts";
import type { GpsReading } from "./reading.ts";
import { ReceiverCalendar } from "./receiver-calendar.ts";

export interface OpenNmeaOptions {
  clock: Clock;
  /** Longest sentence that is taken; default 256. */
  maxSentenceBytes?: number;
  /** Readings held for a slow consumer; default 64. */
  capacity?: number;
}

/**
 * A GNSS receiver that speaks NMEA 0183 (2.3 to 4.11) over a serial port or any byte link.
 *
 * One reading per epoch, told when the first sentence of the next one arrives; `atMs` is when the last sentence that
 * carries the epoch's time came. Written for this project: of the parsers on npm, measured on recordings, nmea-simple
 * puts a receiver without a fix at latitude 0, longitude 0, and gps.js takes the date from the machine's clock.
 */
export function openNmea(link: ByteLink | OpenByteLink, options: OpenNmeaOptions): Driver<GpsReading> {
  const decoder = new NmeaDecoder(options.clock, options.maxSentenceBytes);
  return streamDriver({ name: "NMEA receiver", link, decoder, capacity: options.capacity ?? 64 });
}

/** Bytes of NMEA to readings. */
export class NmeaDecoder implements StreamDecoder<GpsReading> {
  readonly #clock: Clock;
  readonly #framer: NmeaFramer;
  readonly #calendar: ReceiverCalendar;
  readonly #sky = new NmeaSky();
  #epoch = new NmeaEpoch();
  #antenna: GpsReading["antenna"];
  #frames = 0;
  #refused = 0;

  constructor(clock: Clock, maxSentenceBytes?: number) {
    this.#clock = clock;
    this.#framer = new NmeaFramer(maxSentenceBytes);
    this.#calendar = new ReceiverCalendar(() => clock.now());
  }

  get counts() {
    return {
      frames: this.#frames,
      badFrames: this.#framer.badFrames + this.#refused,
      garbageBytes: this.#framer.garbageBytes,
    };
  }

  push(bytes: Uint8Array): GpsReading[] {
    return this.#framer.push(bytes).flatMap((sentence) => this.#take(sentence));
  }

  flush(): GpsReading[] {
    return this.#endEpoch();
  }

  #take(sentence: string): GpsReading[] {
    const fields = sentence.split(",");
    try {
      const readings = this.#interpret(fields[0] ?? "", fields);
      this.#frames += 1;
      return readings;
    } catch (error) {
      if (!(error instanceof NmeaFieldError)) throw error;
      this.#refused += 1;
      return [];
    }
  }

  /** Addresses are two letters of talker and three of type; proprietary ones (P…) fit none of the types. */
  #interpret(address: string, fields: readonly string[]): GpsReading[] {
    const [talker, type] = [address.slice(0, 2), address.slice(2)];
    if (type === "GSV") this.#sky.addGsv(talker, fields);
    else if (type === "GSA") this.#epoch.addActive(parseGsa(talker, fields));
    else return this.#addPart(address, type, parseEpochPart(type, fields));
    return [];
  }

  #addPart(address: string, type: string, part: EpochPart): GpsReading[] {
    this.#antenna = part.antenna ?? this.#antenna;
    if (!TIMED_TYPES.some((timed) => timed === type)) return [];
    const finished = this.#epoch.isEndedBy(address, part) ? this.#endEpoch() : [];
    this.#epoch.addTimed(address, part, this.#clock.now());
    return finished;
  }

  #endEpoch(): GpsReading[] {
    const reading = this.#epoch.reading(this.#sky, this.#calendar);
    this.#epoch = new NmeaEpoch();
    if (reading === undefined) return [];
    return [this.#antenna === undefined ? reading : { ...reading, antenna: this.#antenna }];
  }
}
