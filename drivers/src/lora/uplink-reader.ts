import type { Clock, ClockReading, Log } from "@earshot/protocol/hotspot";
import { omitUndefined } from "@earshot/protocol/runtime";
import type { FrameRefusals } from "../driver.ts";
import { receptionOf } from "./channel-counts.ts";
import type { Forwarder } from "./forwarder-table.ts";
import { FrameTally } from "./frame-tally.ts";
import type { LoraReading, RadioFrame, RadioStatus } from "./lora-reading.ts";
import { readPushData } from "./push-data.ts";
import { type RxpkRefusal, readRxpk } from "./rxpk.ts";
import { type ForwarderStat, readStat } from "./stat.ts";
import type { TolerantObject } from "./tolerant-json.ts";

export interface UplinkCounts {
  frames: number;
  badFrames: number;
  /** Rxpks with a bad CRC or none; in `badFrames` too, as are the refusals. */
  noise: number;
  refusals: FrameRefusals;
  /** Second readings of one transmission, dropped. */
  duplicates: number;
}

/** A forwarder under test may send a `stat` with each datagram; its status is reported no more often than this. */
const STATUS_INTERVAL_MS = 1_000;

/** Turns the JSON of a PUSH_DATA into readings and counts what came of it. */
export class UplinkReader {
  #frames = 0;
  #badFrames = 0;
  #duplicates = 0;
  #noise = 0;
  readonly tally: FrameTally;

  /** @param log gets the first refusal of each reason */
  constructor(clock: Pick<Clock, "elapsedMs">, log?: Log) {
    this.tally = new FrameTally(clock, log);
  }

  counts(): UplinkCounts {
    return {
      frames: this.#frames,
      badFrames: this.#badFrames,
      noise: this.#noise,
      refusals: this.tally.refusals,
      duplicates: this.#duplicates,
    };
  }

  read(forwarder: Forwarder, json: Uint8Array, present: ClockReading): LoraReading[] {
    const { rxpks, stats, damages } = readPushData(json);
    this.#badFrames += damages;
    const isReadable = rxpks.length > 0 || stats.length > 0;
    if (isReadable) {
      forwarder.hasReported = true;
      this.tally.count("datagram_damaged", damages);
    } else if (damages > 0) {
      this.tally.refuse("datagram_damaged");
    }
    const readings: LoraReading[] = this.#readFrames(forwarder, rxpks, present);
    const status = this.#readStatus(forwarder, stats, present);
    if (status !== undefined) readings.push(status);
    return readings;
  }

  #readFrames(
    forwarder: Forwarder,
    rxpks: readonly TolerantObject[],
    { nowMs: atMs, elapsedMs }: ClockReading,
  ): RadioFrame[] {
    const frames: RadioFrame[] = [];
    for (const rxpk of rxpks) {
      const result = readRxpk(rxpk, { atMs, gatewayEui: forwarder.gatewayEui });
      if (result.ok) {
        frames.push(result.frame);
        forwarder.counters.addFrame();
        this.tally.accept();
      } else {
        this.#refuse(forwarder, result.code);
      }
      const isGood = result.ok;
      const reception = isGood || result.code === "crc-bad" ? receptionOf(rxpk, isGood) : undefined;
      if (reception !== undefined) forwarder.channels.add(reception);
    }
    this.#frames += frames.length;
    const droppedBefore = forwarder.duplicates.dropped;
    const kept = forwarder.duplicates.filter(frames, elapsedMs);
    this.#duplicates += forwarder.duplicates.dropped - droppedBefore;
    return kept;
  }

  #refuse(forwarder: Forwarder, code: RxpkRefusal): void {
    this.#badFrames += 1;
    forwarder.counters.addRefusal(code);
    if (code === "crc-bad" || code === "crc-none") this.#noise += 1;
    else this.tally.refuse(code);
  }

  /** Every interval is added up; only their output is limited. */
  #readStatus(
    forwarder: Forwarder,
    stats: readonly TolerantObject[],
    { nowMs, elapsedMs }: ClockReading,
  ): RadioStatus | undefined {
    let last: ForwarderStat | undefined;
    for (const stat of stats) {
      last = readStat(stat);
      forwarder.counters.addInterval(last);
      this.#frames += 1;
    }
    const { lastStatusElapsedMs: lastMs } = forwarder;
    const tooSoon = lastMs !== undefined && elapsedMs - lastMs < STATUS_INTERVAL_MS;
    if (last === undefined || tooSoon) return undefined;
    forwarder.lastStatusElapsedMs = elapsedMs;
    return statusOf(forwarder, last, nowMs);
  }
}

function statusOf(forwarder: Forwarder, stat: ForwarderStat, atMs: number): RadioStatus {
  const { gatewayEui, counters, channels } = forwarder;
  const withCrc = counters.rxOk + counters.rxBad;
  return omitUndefined({
    kind: "radio",
    atMs,
    gatewayEui,
    rxOk: counters.rxOk,
    rxBad: counters.rxBad,
    rxNoCrc: counters.rxNoCrc,
    transmitted: counters.transmitted,
    channelCounts: listed(channels.channels),
    radioCounts: listed(channels.radios),
    crcErrorPermille: withCrc > 0 ? Math.round((1000 * counters.rxBad) / withCrc) : undefined,
    rxOffPlan: channels.offPlan,
    ackPercent: stat.ackPercent,
    temperatureC: stat.temperatureC,
    latDeg: stat.latDeg,
    lonDeg: stat.lonDeg,
    altM: stat.altM,
  } as const);
}

/** Copies; nothing where the list is empty. */
function listed<C extends object>(counts: readonly C[]): C[] | undefined {
  return counts.length > 0 ? counts.map((counted) => ({ ...counted })) : undefined;
}
