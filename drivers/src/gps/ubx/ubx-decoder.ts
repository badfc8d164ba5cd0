import type { Clock } from "@earshot/protocol/hotspot";
import type { StreamDecoder } from "../../link/stream-driver.ts";
import { dropFalseFix } from "../false-fix.ts";
import type { GpsReading } from "../gps-reading.ts";
import { NmeaDecoder } from "../nmea.ts";
import { ReceiverCalendar } from "../receiver-calendar.ts";
import { decodeUbx, type UbxMessage, type UbxNavMessage } from "./messages.ts";
import { MixedFramer, type StreamPiece } from "./mixed-framer.ts";
import { ReceiverState, STATE_KEPT_MS } from "./receiver-state.ts";
import { countUsed, UbxEpoch } from "./ubx-epoch.ts";
import type { UbxFrame } from "./ubx-frame.ts";

/** So long after the last solution in UBX, NMEA is silent: both report the same epochs. */
const UBX_FLOWS_MS = 10_000;

export interface UbxDecoderOptions {
  clock: Clock;
  /** Longest UBX payload that is accepted; default 4096. */
  maxPayloadBytes?: number;
  /** Called with every message understood: answers to what was asked come this way. */
  onMessage?: (message: UbxMessage) => void;
}

/**
 * UBX mixed with NMEA and RTCM 3, to readings: one for each epoch.
 *
 * Solutions come from UBX while it flows; what UBX leaves out (the satellites, when NAV-SAT is off) comes from
 * NMEA. A receiver that reports its solutions only in NMEA gets them completed by what UBX reports of its state.
 */
export class UbxDecoder implements StreamDecoder<GpsReading> {
  readonly #clock: Clock;
  readonly #onMessage: (message: UbxMessage) => void;
  readonly #framer: MixedFramer;
  readonly #nmea: NmeaDecoder;
  readonly #calendar: ReceiverCalendar;
  readonly #state = new ReceiverState();
  #epoch = new UbxEpoch();
  /** By the monotonic clock. */
  #lastSolutionMs = Number.NEGATIVE_INFINITY;
  #lastNmea: { reading: GpsReading; elapsedMs: number } | undefined;
  #frames = 0;
  #refused = 0;

  constructor({ clock, maxPayloadBytes, onMessage }: UbxDecoderOptions) {
    this.#clock = clock;
    this.#onMessage = onMessage ?? (() => {});
    this.#framer = new MixedFramer(maxPayloadBytes);
    this.#nmea = new NmeaDecoder(clock);
    this.#calendar = new ReceiverCalendar(() => clock.now());
  }

  get counts() {
    const nmea = this.#nmea.counts;
    return {
      frames: this.#frames + nmea.frames,
      badFrames: this.#framer.badFrames + this.#refused + nmea.badFrames,
      garbageBytes: nmea.garbageBytes,
    };
  }

  push(bytes: Uint8Array): GpsReading[] {
    return this.#framer.push(bytes).flatMap((piece) => this.#readPiece(piece));
  }

  flush(): GpsReading[] {
    const last = this.#framer.flush().flatMap((piece) => this.#readPiece(piece));
    return [...last, ...this.#fromNmea(this.#nmea.flush()), ...this.#endEpoch()];
  }

  #readPiece(piece: StreamPiece): GpsReading[] {
    if (piece.kind === "other") return this.#fromNmea(this.#nmea.push(piece.bytes));
    if (piece.kind === "ubx") return this.#readFrame(piece.frame);
    this.#frames += 1;
    return [];
  }

  /** A good frame that nothing here reads is a frame all the same. */
  #readFrame(frame: UbxFrame): GpsReading[] {
    const result = decodeUbx(frame);
    if (!result.ok && result.code === "bad-payload") this.#refused += 1;
    else this.#frames += 1;
    return result.ok ? this.#addMessage(result.message) : [];
  }

  #addMessage(message: UbxMessage): GpsReading[] {
    const finished = isNav(message) ? this.#advance(message) : [];
    this.#state.add(message, this.#clock.elapsedMs());
    this.#onMessage(message);
    return message.kind === "nav-eoe" ? [...finished, ...this.#endEpoch()] : finished;
  }

  #advance(message: UbxNavMessage): GpsReading[] {
    const finished = this.#epoch.isEndedBy(message) ? this.#endEpoch() : [];
    this.#epoch.add(message, this.#clock.now());
    if (this.#epoch.hasSolution) this.#lastSolutionMs = this.#clock.elapsedMs();
    return finished;
  }

  #endEpoch(): GpsReading[] {
    const reading = this.#epoch.reading(this.#calendar, this.#state.leapSeconds);
    this.#epoch = new UbxEpoch();
    return reading === undefined ? [] : [this.#complete(dropFalseFix(reading))];
  }

  #fromNmea(readings: GpsReading[]): GpsReading[] {
    const elapsedMs = this.#clock.elapsedMs();
    const reading = readings.at(-1);
    if (reading !== undefined) this.#lastNmea = { reading, elapsedMs };
    const flows = elapsedMs - this.#lastSolutionMs <= UBX_FLOWS_MS;
    return flows ? [] : readings.map((reading) => this.#complete(reading));
  }

  /** Adds the receiver's state, and the satellites that the epoch's own messages did not report. */
  #complete(reading: GpsReading): GpsReading {
    const elapsedMs = this.#clock.elapsedMs();
    const sky = this.#state.satellites(elapsedMs);
    const nmea = this.#recentNmea(elapsedMs);
    const satellitesUsed = reading.satellitesUsed ?? (sky && countUsed(sky));
    return {
      ...(nmea?.antenna !== undefined && { antenna: nmea.antenna }),
      ...reading,
      ...this.#state.facts(elapsedMs),
      satellites: reading.satellites.length > 0 ? reading.satellites : (sky ?? nmea?.satellites ?? []),
      ...(satellitesUsed !== undefined && { satellitesUsed }),
    };
  }

  #recentNmea(elapsedMs: number): GpsReading | undefined {
    const nmea = this.#lastNmea;
    return nmea === undefined || elapsedMs - nmea.elapsedMs > STATE_KEPT_MS ? undefined : nmea.reading;
  }
}

function isNav(message: UbxMessage): message is UbxNavMessage {
  return "towMs" in message;
}
