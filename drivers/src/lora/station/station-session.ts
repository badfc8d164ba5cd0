import type { Clock, Log, RegionId } from "@earshot/protocol/hotspot";
import type { SocketAddress } from "../../driver.ts";
import { DuplicateFilter } from "../duplicate-filter.ts";
import type { LoraReading } from "../lora-reading.ts";
import { carriesFrame } from "./lorawan-frame.ts";
import { bigintOf, integerOf, type LosslessObject, parseLosslessObject, textOf } from "./lossless-json.ts";
import { routerConfig } from "./router-config.ts";
import type { StationConnection } from "./station-connection.ts";
import type { StationCounters } from "./station-counters.ts";
import { answerTimesync, readGpsEvent } from "./station-events.ts";
import type { LiveSession, StationRecord } from "./station-table.ts";
import { rssiKindOf, type StationUplinkReader, xtimeToTmstUs } from "./station-uplink.ts";

/** What a session needs of the server. */
export interface SessionHost {
  readonly clock: Clock;
  readonly log: Log;
  readonly region: RegionId;
  readonly powerDbm: number;
  readonly uplinks: StationUplinkReader;
  readonly counters: StationCounters;
  /** UTC from GPS, ms since the Unix epoch; `undefined` while unknown. */
  gpsTimeMs(): number | undefined;
  push(reading: LoraReading): void;
  /** The station's position changed. */
  moved(record: StationRecord<StationSession>): void;
  /** Whether a transmission waited for this confirmation. */
  confirmed(session: StationSession, diid: number | undefined, tmstUs: number | undefined): boolean;
}

const PROTOCOL_VERSION = 2;
const MAX_TEXT_CHARS = 200;
/** A station in trouble may send alarms without end; one in so many ms is logged. */
const ALARM_INTERVAL_MS = 10_000;

/** One connection of one station to its router endpoint. What comes after `end()` is ignored. */
export class StationSession implements LiveSession {
  readonly record: StationRecord<StationSession>;
  readonly #connection: StationConnection;
  readonly #host: SessionHost;
  #isReady = false;
  #ended = false;
  #lastAlarmElapsedMs = Number.NEGATIVE_INFINITY;

  constructor(connection: StationConnection, record: StationRecord<StationSession>, host: SessionHost) {
    this.#connection = connection;
    this.record = record;
    this.#host = host;
    // The concentrator's counter starts anew: what it numbered before is no duplicate.
    record.duplicates = new DuplicateFilter();
  }

  get isReady(): boolean {
    return this.#isReady && !this.#ended;
  }

  get address(): SocketAddress {
    return this.#connection.request.remote;
  }

  end(): void {
    this.#ended = true;
    this.#connection.terminate();
  }

  send(text: string): boolean {
    return !this.#ended && this.#connection.send(text);
  }

  receive(text: string): void {
    const { counters, clock } = this.#host;
    if (this.#ended) {
      counters.staleMessages += 1;
      return;
    }
    this.record.lastSeenElapsedMs = clock.elapsedMs();
    const message = parseLosslessObject(text);
    const msgtype = message === undefined ? undefined : textOf(message, "msgtype");
    if (message === undefined || msgtype === undefined) {
      counters.refuseMessage();
      return;
    }
    if (carriesFrame(msgtype)) this.#readUplink(msgtype, message);
    else this.#serve(msgtype, message);
  }

  #serve(msgtype: string, message: LosslessObject): void {
    const { counters } = this.#host;
    counters.frames += 1;
    switch (msgtype) {
      case "version":
        this.#configure(message);
        break;
      case "dntxed":
        this.#confirm(message);
        break;
      case "timesync":
        this.#answerTimesync(message);
        break;
      case "event":
        this.#readEvent(message);
        break;
      case "alarm":
        this.#reportAlarm(textOf(message, "text") ?? "");
        break;
      default:
        counters.otherMessages += 1;
    }
  }

  #readUplink(msgtype: string, message: LosslessObject): void {
    const { uplinks, counters, clock } = this.#host;
    const { gatewayEui, duplicates, version } = this.record;
    if (!this.#isReady) {
      counters.refuseUnready();
      return;
    }
    const result = uplinks.read(msgtype, message, {
      ...{ atMs: clock.now(), gatewayEui, rssiKind: rssiKindOf(version) },
    });
    if (!result.ok) {
      counters.refuse(result.code);
      return;
    }
    counters.accept();
    this.record.counters.addFrame();
    const kept = duplicates.filter([result.frame], clock.elapsedMs());
    if (kept.length === 0) counters.duplicates += 1;
    for (const frame of kept) this.#host.push(frame);
  }

  #configure(message: LosslessObject): void {
    const { log, region, powerDbm, clock } = this.#host;
    const { gatewayEui } = this.record;
    this.record.version = shorten(textOf(message, "station"));
    this.record.model = shorten(textOf(message, "model"));
    const protocol = integerOf(message, "protocol", 0, 1_000_000);
    const facts = { gatewayEui, version: this.record.version, model: this.record.model };
    this.record.outages.up("info", "A station connected", facts);
    if (protocol !== PROTOCOL_VERSION)
      log.warn("A station speaks another version of the protocol than 2", { ...facts, protocol });
    this.#isReady = this.send(JSON.stringify(routerConfig({ region, powerDbm, nowMs: clock.now() })));
  }

  #confirm(message: LosslessObject): void {
    const diid = bigintOf(message, "diid") ?? bigintOf(message, "seqno");
    const tmstUs = xtimeToTmstUs(bigintOf(message, "xtime"));
    if (!this.#host.confirmed(this, diid === undefined ? undefined : Number(diid), tmstUs)) {
      this.#host.counters.strayConfirmations += 1;
    }
  }

  #answerTimesync(message: LosslessObject): void {
    const utcMs = this.#host.gpsTimeMs();
    const answer = utcMs === undefined ? undefined : answerTimesync(message, utcMs);
    if (answer !== undefined) this.send(answer);
  }

  #readEvent(message: LosslessObject): void {
    const event = readGpsEvent(message);
    if (event === undefined) return;
    if (event.position === null) delete this.record.position;
    else this.record.position = event.position;
    this.#host.moved(this.record);
  }

  #reportAlarm(text: string): void {
    const { counters, clock, log } = this.#host;
    counters.alarms += 1;
    if (clock.elapsedMs() - this.#lastAlarmElapsedMs < ALARM_INTERVAL_MS) return;
    this.#lastAlarmElapsedMs = clock.elapsedMs();
    log.warn("A station raised an alarm", { gatewayEui: this.record.gatewayEui, text: shorten(text) });
  }
}

const shorten = (text: string | undefined): string | undefined => text?.slice(0, MAX_TEXT_CHARS);
