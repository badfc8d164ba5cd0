import { type OutageLog, omitUndefined } from "@earshot/protocol/runtime";
import type { SocketAddress } from "../../driver.ts";
import { DuplicateFilter } from "../duplicate-filter.ts";
import type { RadioStatus } from "../lora-reading.ts";
import { RadioCounters } from "../radio-counters.ts";
import { addressText, SharedEuiDetector, sharedName } from "../shared-eui.ts";
import type { StationPosition } from "./station-events.ts";

/** What of a session its station's record needs. */
export interface LiveSession {
  /** True once the station was configured: before, it drops what it is told to send. */
  readonly isReady: boolean;
  readonly address: SocketAddress;
  end(): void;
}

/** One station, known by its EUI; it outlives its connections, and its counters run on. */
export interface StationRecord<S extends LiveSession> {
  readonly gatewayEui: string;
  readonly counters: RadioCounters;
  duplicates: DuplicateFilter;
  session?: S;
  /** Its connections, for the log. */
  readonly outages: OutageLog;
  /** Whether several stations have this EUI; all but one have a record of their own then. */
  readonly turns: SharedEuiDetector;
  /** The EUI, in a record of that kind. */
  partOf?: string;
  /** By the monotonic clock. */
  lastSeenElapsedMs: number;
  position?: StationPosition;
  /** As it named itself, such as "2.0.6(linux/testsim)" and "linux". */
  version?: string;
  model?: string;
}

/** One that was heard from so lately has not given its connection up. */
const LIVELY_MS = 60_000;
/** A station has one connection: each turn is one that was lost. */
const ENOUGH_TURNS = 3;

/** The stations known, at most `limit`: one that is not connected, or has sent nothing, gives its place to a new one. */
export class StationTable<S extends LiveSession> {
  readonly #limit: number;
  readonly #outagesOf: (gatewayEui: string) => OutageLog;
  readonly #byEui = new Map<string, StationRecord<S>>();

  constructor(limit: number, outagesOf: (gatewayEui: string) => OutageLog) {
    this.#limit = limit;
    this.#outagesOf = outagesOf;
  }

  get all(): readonly StationRecord<S>[] {
    return [...this.#byEui.values()];
  }

  find(gatewayEui: string): StationRecord<S> | undefined {
    return this.#byEui.get(gatewayEui);
  }

  /** Whether `add` would accept it. */
  hasRoomFor(gatewayEui: string): boolean {
    return (
      this.#byEui.has(gatewayEui) ||
      this.#byEui.size < this.#limit ||
      this.all.some(({ session }) => session?.isReady !== true)
    );
  }

  /** The record of a station, new or known; `undefined` when there are too many in use. */
  add(gatewayEui: string, elapsedMs: number): StationRecord<S> | undefined {
    const known = this.#byEui.get(gatewayEui);
    if (known !== undefined) return known;
    if (this.#byEui.size >= this.#limit && !this.#dropUnused()) return undefined;
    const record: StationRecord<S> = {
      gatewayEui,
      counters: new RadioCounters(),
      duplicates: new DuplicateFilter(),
      outages: this.#outagesOf(gatewayEui),
      turns: new SharedEuiDetector(ENOUGH_TURNS),
      lastSeenElapsedMs: elapsedMs,
    };
    this.#byEui.set(gatewayEui, record);
    return record;
  }

  /**
   * The record of the station that connects now with this EUI. One that comes while the other is still there takes its
   * place; where they alternate they are two, and each keeps its connection.
   */
  recordFor(gatewayEui: string, address: SocketAddress, elapsedMs: number): StationRecord<S> | undefined {
    const record = this.add(gatewayEui, elapsedMs);
    if (record?.session === undefined) return record;
    if (elapsedMs - record.lastSeenElapsedMs <= LIVELY_MS) record.turns.turn(elapsedMs);
    if (this.sharedBy(record, elapsedMs) === undefined) return record;
    const part = this.add(sharedName(gatewayEui, address), elapsedMs);
    if (part !== undefined) part.partOf = gatewayEui;
    return part;
  }

  /** Where the stations come from that have the EUI of this one; `undefined` when it is one. */
  sharedBy(record: StationRecord<S>, elapsedMs: number): string[] | undefined {
    const { gatewayEui, turns } = record;
    const live = this.all.filter((one) => one === record || one.partOf === gatewayEui);
    const addresses = live.flatMap(({ session }) =>
      session === undefined ? [] : addressText(session.address),
    );
    return turns.isShared(elapsedMs) || addresses.length > 1 ? addresses.sort() : undefined;
  }

  /** Who transmits: the named station, else the one known longest that can. */
  forTransmit(gatewayEui?: string): StationRecord<S> | undefined {
    const named = gatewayEui?.toLowerCase();
    return this.all.find(
      (record) => (named === undefined || record.gatewayEui === named) && record.session?.isReady === true,
    );
  }

  /** Absent ones first, then those that connected and sent nothing; of each the longest not heard. */
  #dropUnused(): boolean {
    const unused = this.all
      .filter(({ session }) => session?.isReady !== true)
      .toSorted((one, other) => one.lastSeenElapsedMs - other.lastSeenElapsedMs);
    const longest = unused.find(({ session }) => session === undefined) ?? unused[0];
    longest?.session?.end();
    return longest !== undefined && this.#byEui.delete(longest.gatewayEui);
  }
}

const MULTI_SF_SPREADING_FACTORS = 6;

/** Station passes on nothing with a bad CRC or none, and does not count it: `rxBad` and `rxNoCrc` are 0. */
export function statusOf(
  { gatewayEui, counters, position }: StationRecord<LiveSession>,
  channels: number,
  atMs: number,
): RadioStatus {
  return omitUndefined({
    kind: "radio",
    atMs,
    gatewayEui,
    rxOk: counters.rxOk,
    rxBad: counters.rxBad,
    rxNoCrc: counters.rxNoCrc,
    transmitted: counters.transmitted,
    channels,
    spreadingFactors: MULTI_SF_SPREADING_FACTORS,
    latDeg: position?.latDeg,
    lonDeg: position?.lonDeg,
    altM: position?.altM,
  } as const);
}
