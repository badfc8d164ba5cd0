import { type Clock, type PacketType, readU32 } from "@earshot/protocol";
import { type Rate, TokenBucket } from "@earshot/protocol/runtime";
import type { Limits } from "../access/hotspot-limits.ts";

/** What of a report is counted. */
export interface Report {
  /** Of the packet. */
  id: Uint8Array;
  type: PacketType;
  entropyIndex: number;
}

interface QuotaDeps {
  limits: Omit<Limits, "maxUnheard" | "unheardDays">;
  clock: Pick<Clock, "elapsedMs">;
  /** Highest entropy index whose reports have been called for judging. */
  progress: { readonly judgingThrough: number };
}

/** What a hotspot may still send. */
interface Allowance {
  packets: TokenBucket;
  bytes: TokenBucket;
}

/** The first four bytes of the ids of accepted packets: a duplicate takes no further place. */
interface Taken {
  beacons: number[];
  witnesses: number[];
}

const DAY_S = 86_400;
/** Hotspots whose allowance is kept: about 12 MB. */
const MAX_HOTSPOTS = 65_536;
/** Allowances tried when there is no room for another. */
const MAX_EVICTION_TRIES = 8;
/** Judged indexes whose reports are still counted: late ones are limited too. */
const COUNTED_LATE = 16;

/**
 * What one hotspot may have stored. An allowance is forgotten only when it is whole again, so that nobody gets a new one
 * by making the gateway forget the old; while all that are kept are in use, further hotspots share one.
 */
export class Quota {
  readonly #deps: QuotaDeps;
  readonly #packetRate: Rate;
  readonly #byteRate: Rate;
  /** Least recently used first. */
  readonly #allowances = new Map<string, Allowance>();
  readonly #shared: Allowance;
  /** Reports taken, by entropy index and hotspot. */
  readonly #reports = new Map<number, Map<string, Taken>>();

  constructor(deps: QuotaDeps) {
    this.#deps = deps;
    const { packetsAtOnce, packetsPerSecond, bytesPerDay } = deps.limits;
    this.#packetRate = { burst: packetsAtOnce, perSecond: packetsPerSecond };
    this.#byteRate = { burst: bytesPerDay, perSecond: bytesPerDay / DAY_S };
    this.#shared = this.#whole(deps.clock.elapsedMs());
  }

  /** Whether a packet of this hotspot may be looked at; asked before anything else is done with it. */
  admits(hotspotId: string, bytes: number): boolean {
    const elapsedMs = this.#deps.clock.elapsedMs();
    const allowance = this.#allowanceOf(hotspotId, elapsedMs);
    return (
      allowance.packets.has(elapsedMs) &&
      allowance.bytes.take(elapsedMs, bytes) &&
      allowance.packets.take(elapsedMs)
    );
  }

  /** Whether a report of this hotspot on a beacon of this period may be stored; takes a place for it if so. */
  admitsReport(hotspotId: string, { id, type, entropyIndex }: Report): boolean {
    const { limits, progress } = this.#deps;
    if (entropyIndex <= progress.judgingThrough - COUNTED_LATE) return true;
    const taken = this.#takenOf(hotspotId, entropyIndex);
    const [own, limit] =
      type === "beacon"
        ? [taken.beacons, limits.beaconReportsPerPeriod]
        : [taken.witnesses, limits.witnessReportsPerPeriod];
    const mark = readU32(id, 0);
    if (own.includes(mark)) return true;
    if (own.length >= limit) return false;
    own.push(mark);
    return true;
  }

  /** A report that was admitted is not stored. */
  releaseReport(hotspotId: string, { id, type, entropyIndex }: Report): void {
    const taken = this.#reports.get(entropyIndex)?.get(hotspotId);
    if (taken === undefined) return;
    const own = type === "beacon" ? taken.beacons : taken.witnesses;
    const at = own.indexOf(readU32(id, 0));
    if (at >= 0) own.splice(at, 1);
  }

  #allowanceOf(hotspotId: string, elapsedMs: number): Allowance {
    const known = this.#allowances.get(hotspotId);
    if (known !== undefined) {
      this.#allowances.delete(hotspotId);
      this.#allowances.set(hotspotId, known);
      return known;
    }
    if (this.#allowances.size >= MAX_HOTSPOTS && !this.#evictWhole(elapsedMs)) return this.#shared;
    const made = this.#whole(elapsedMs);
    this.#allowances.set(hotspotId, made);
    return made;
  }

  #evictWhole(elapsedMs: number): boolean {
    for (const [hotspotId, { packets, bytes }] of this.#allowances.entries().take(MAX_EVICTION_TRIES)) {
      if (packets.isFull(elapsedMs) && bytes.isFull(elapsedMs)) return this.#allowances.delete(hotspotId);
    }
    return false;
  }

  #whole(elapsedMs: number): Allowance {
    return {
      packets: new TokenBucket(this.#packetRate, elapsedMs),
      bytes: new TokenBucket(this.#byteRate, elapsedMs),
    };
  }

  #takenOf(hotspotId: string, entropyIndex: number): Taken {
    let ofIndex = this.#reports.get(entropyIndex);
    if (ofIndex === undefined) {
      this.#forgetJudged();
      ofIndex = new Map();
      this.#reports.set(entropyIndex, ofIndex);
    }
    const taken = ofIndex.get(hotspotId) ?? { beacons: [], witnesses: [] };
    ofIndex.set(hotspotId, taken);
    return taken;
  }

  #forgetJudged(): void {
    const before = this.#deps.progress.judgingThrough - COUNTED_LATE;
    for (const index of this.#reports.keys()) if (index <= before) this.#reports.delete(index);
  }
}
