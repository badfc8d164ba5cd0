import type { Clock } from "@earshot/protocol/hotspot";
import { path } from "@earshot/protocol/runtime/config";
import { receiverKind } from "../devices/device-kind.ts";
import { baud } from "../devices/fields.ts";
import type { ByteLink, Driver, OpenByteLink } from "../driver.ts";
import { type StreamDecoder, streamDriver } from "../link/stream-driver.ts";
import { dropFalseFix } from "./false-fix.ts";
import type { GpsReading } from "./gps-reading.ts";
import { NmeaEpoch } from "./nmea-epoch.ts";
import { NmeaFieldError } from "./nmea-fields.ts";
import { NmeaFramer } from "./nmea-framer.ts";
import { addressOf, isTimed, parseEpochPart, type TimedSentence } from "./nmea-sentence.ts";
import { NmeaSky, parseGsa } from "./nmea-sky.ts";
import { ReceiverCalendar } from "./receiver-calendar.ts";
import { UBX_VERSION } from "./ubx/ubx-version.ts";

export interface OpenNmeaOptions {
  clock: Clock;
  /** Longest sentence that is accepted; default 256. */
  maxSentenceBytes?: number;
  /** Readings queued for a slow consumer; default 64. */
  capacity?: number;
}

/**
 * A GNSS receiver that speaks NMEA 0183 (2.3 to 4.11) over a serial port or any byte link.
 *
 * One reading per epoch, reported when the first sentence of the next one arrives; `atMs` is when the last sentence that
 * carries the epoch's time came. Written for this project: of the parsers on npm, measured on recordings, nmea-simple
 * puts a receiver without a fix at latitude 0, longitude 0, and gps.js uses the date of the machine's clock.
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
  #toldDate: TimedSentence | undefined;
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
    return this.#framer.push(bytes).flatMap((sentence) => this.#readSentence(sentence));
  }

  flush(): GpsReading[] {
    return this.#endEpoch();
  }

  #readSentence(sentence: string): GpsReading[] {
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

  #interpret(text: string, fields: readonly string[]): GpsReading[] {
    const address = addressOf(text);
    if (address === undefined) return [];
    const { talker, type } = address;
    if (type === "GSV") this.#sky.addGsv(talker, fields);
    else if (type === "GSA") this.#epoch.addActive(parseGsa(talker, fields));
    else return this.#addPart({ address: text, type, part: parseEpochPart(type, fields) });
    return [];
  }

  #addPart(sentence: TimedSentence): GpsReading[] {
    const { address, type, part } = sentence;
    const { antenna, ...rest } = part;
    this.#antenna = antenna ?? this.#antenna;
    if (!isTimed(type)) {
      this.#epoch.addUntimed(rest);
      return [];
    }
    if (this.#epoch.isOnlyDatedBy(type, part)) {
      this.#noteDate(sentence);
      return [];
    }
    const finished = this.#epoch.isEndedBy(address, part) ? this.#endEpoch(sentence) : [];
    this.#epoch.addTimed(sentence, this.#clock.now());
    this.#addReportedDate();
    return finished;
  }

  /** A ZDA that was stamped for another moment: the date is valid all the same, and its moment's positions may follow. */
  #noteDate(sentence: TimedSentence): void {
    const { timeOfDayMs, dayMs } = sentence.part;
    if (timeOfDayMs !== undefined && dayMs !== undefined) this.#calendar.time(timeOfDayMs, dayMs);
    this.#toldDate = sentence;
  }

  #addReportedDate(): void {
    if (this.#toldDate === undefined || !this.#epoch.isAtTimeOf(this.#toldDate.part)) return;
    this.#epoch.addUntimed(this.#toldDate.part);
    this.#toldDate = undefined;
  }

  #endEpoch(next?: TimedSentence): GpsReading[] {
    const epoch = this.#epoch;
    this.#epoch = new NmeaEpoch();
    const isCompanion = next !== undefined && epoch.isCompanionOf(next.type, next.part);
    const reading = epoch.reading(this.#sky, this.#calendar);
    if (reading === undefined || isCompanion) return [];
    const antenna = this.#antenna === undefined ? {} : { antenna: this.#antenna };
    return [dropFalseFix({ ...reading, ...antenna })];
  }
}

export const nmea = receiverKind({
  type: "nmea",
  description: "GNSS receiver with NMEA",
  sends: { sentences: "any" },
  nameQuery: UBX_VERSION,
  keys: { device: path, baud: baud.default(9600) },
  settings: (keys) => keys,
  open: async ({ device, baud }, { clock, openLink }) =>
    openNmea(await openLink({ device, baud }), { clock }),
  rows: [
    {
      device: "u-blox NEO-M8 module",
      wiring: "UART, 9600",
      config: ['device = "/dev/ttyAMA0"', "baud = 9600"],
      testedWith: "recording of a NEO-M8N",
    },
    {
      device: "u-blox NEO-M9N, ZED-F9P module",
      wiring: "UART, 38400",
      config: ['device = "/dev/ttyAMA0"', "baud = 38400"],
      testedWith: "recordings of both",
    },
    {
      device: "u-blox on USB",
      wiring: "USB, any baud rate",
      config: ['device = "/dev/serial/by-id/usb-u-blox"'],
      testedWith: "the same recordings",
    },
    {
      device: "Quectel L76K",
      wiring: "UART, 9600",
      config: ['device = "/dev/ttyAMA0"', "baud = 9600"],
      testedWith: "recording at 5 epochs a second",
    },
    {
      device: "other receivers with NMEA 2.0 to 4.11",
      wiring: "UART or USB",
      config: ['device = "/dev/ttyUSB0"', "baud = 9600"],
      remark: ", or as their manual says",
      testedWith: "recordings of a SiRF and a PL-6313",
    },
  ],
});
