import type { LoraFrame, RadioFrame } from "@earshot/drivers";
import {
  BANDWIDTHS_HZ,
  type BeaconFrame,
  decodeBeaconFrame,
  EARLIEST_PLAUSIBLE_MS,
  equalBytes,
  type Gnss,
  type HeardWitness,
  isWithin,
  PACKET_LIMITS,
  type Range,
  type ReceptionDetails,
  readClock,
  roundWithin,
  shortId,
  toWallTime,
} from "@earshot/protocol/hotspot";
import { BoundedMap, pause } from "@earshot/protocol/runtime";
import { type CoreContext, makePacket, storePacket } from "../core/core-context.ts";
import { Wakeup } from "../time/wakeup.ts";
import type { EntropyRange } from "./entropy-range.ts";

/** Far more than are heard in the time in which a report counts. */
const REMEMBERED_FRAMES = 4096;
/** Beacons that wait until the clock is set: many times what is heard in a minute. */
const MAX_UNDATED = 256;
/** How often to look whether the clock is set. */
const LOOK_EACH_MS = 1000;

/**
 * Makes one signed witness packet of each beacon heard from another hotspot. Beacons heard while the clock is not set, as
 * after a start without a network, wait and are dated once it is.
 */
export class Witnesser {
  readonly #context: CoreContext;
  readonly #gnss: () => Gnss | null;
  readonly #range: EntropyRange;
  readonly #ownShortId: Uint8Array;
  /** Frames by their bytes, hex. */
  readonly #seen = new BoundedMap<string, true>(REMEMBERED_FRAMES);
  #undated: { frame: LoraFrame; elapsedMs: number }[] = [];
  readonly #hasUndated = new Wakeup();

  constructor(context: CoreContext, gnss: () => Gnss | null, range: EntropyRange) {
    this.#context = context;
    this.#gnss = gnss;
    this.#range = range;
    this.#ownShortId = shortId(context.signer.publicKey);
  }

  /** Dates the beacons that waited for the clock, until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    while (!signal.aborted) {
      await this.#hasUndated.wait(signal);
      while (clock.now() < EARLIEST_PLAUSIBLE_MS) if (!(await pause(clock, LOOK_EACH_MS, signal))) return;
      const [undated, present] = [this.#undated, readClock(clock)];
      this.#undated = [];
      const dated = undated.map(({ frame, elapsedMs }) =>
        this.onFrame({ ...frame, atMs: toWallTime(elapsedMs, present) }, elapsedMs),
      );
      await Promise.all(dated);
    }
  }

  /** @param elapsedMs when it came, by the monotonic clock */
  async onFrame(frame: RadioFrame, elapsedMs: number): Promise<void> {
    if (frame.modulation !== "lora") return;
    const beacon = decodeBeaconFrame(frame.bytes);
    if (beacon === undefined || equalBytes(beacon.shortId, this.#ownShortId)) return;
    if (frame.atMs < EARLIEST_PLAUSIBLE_MS) {
      this.#addUndated(frame, elapsedMs);
      return;
    }
    const { board, clock, concentrators, log } = this.#context;
    const about = () => ({ entropyIndex: beacon.entropyIndex, beaconer: beacon.shortId.toHex() });
    if (!this.#range.includes(beacon.entropyIndex, clock.now(), elapsedMs)) {
      board.losses.add("frame_stale");
      if (log.isDebug) log.debug("Frame left out", { reason: "frame_stale", ...about() });
      return;
    }
    board.counters.beaconsHeard += 1;
    const body = witnessBody(frame, concentrators.counter(frame.tmstUs, elapsedMs));
    if (body === undefined) {
      board.losses.add("frame_level");
      if (log.isDebug) log.debug("Frame left out", { reason: "frame_level", ...about() });
    } else if (this.#isRepeated(frame.bytes)) {
      board.counters.duplicatesHeard += 1;
      if (log.isDebug) log.debug("Frame left out", { reason: "heard before", ...about() });
    } else {
      await this.#report(beacon, body, elapsedMs);
    }
  }

  /** A frame that is heard twice is witnessed once. */
  #isRepeated(bytes: Uint8Array): boolean {
    const key = bytes.toHex();
    if (this.#seen.has(key)) return true;
    this.#seen.set(key, true);
    return false;
  }

  #addUndated(frame: LoraFrame, elapsedMs: number): void {
    this.#undated.push({ frame, elapsedMs });
    if (this.#undated.length > MAX_UNDATED && this.#undated.shift() !== undefined) {
      this.#context.board.losses.add("frame_unset_clock");
      this.#context.log.debug("Frame left out", { reason: "frame_unset_clock" });
    }
    this.#hasUndated.notify();
  }

  async #report(beacon: BeaconFrame, body: WitnessBody, elapsedMs: number): Promise<void> {
    const { board, log } = this.#context;
    const gnss = this.#gnss();
    const entry = await storePacket(this.#context, "witness", (sequence) =>
      makePacket(this.#context, { type: "witness", sequence, ...body, gnss }),
    );
    if (entry === undefined) return;
    const { atMs, freqHz, spreadingFactor, rssiDbm, snrDdb, rssiKind, freqOffsetHz } = body;
    const facts = {
      entropyIndex: beacon.entropyIndex,
      beaconer: beacon.shortId.toHex(),
      freqHz,
      spreadingFactor,
      rssiDbm,
      snrDb: snrDdb / 10,
      ...(rssiKind === null ? {} : { rssiKind }),
      ...(freqOffsetHz === null ? {} : { freqOffsetHz }),
    };
    board.addWitness(facts, elapsedMs);
    log.info("Beacon heard", { atMs, ...facts });
  }
}

type WitnessBody = Omit<HeardWitness, "type" | "sequence" | "gnss">;

/** `undefined` when the radio gave no signal level, or values that do not fit into a packet. */
function witnessBody(frame: LoraFrame, tmstUs: number | null): WitnessBody | undefined {
  const { spreadingFactor, bandwidthHz } = frame;
  const freqHz = roundWithin(frame.freqHz, PACKET_LIMITS.freqHz);
  const rssiDbm = roundWithin(frame.rssiDbm ?? Number.NaN, PACKET_LIMITS.rssiDbm);
  const snrDdb = roundWithin((frame.snrDb ?? Number.NaN) * 10, PACKET_LIMITS.snrDdb);
  if (freqHz === null || rssiDbm === null || snrDdb === null) return undefined;
  if (!BANDWIDTHS_HZ.includes(bandwidthHz) || !isWithin(spreadingFactor, PACKET_LIMITS.spreadingFactor)) {
    return undefined;
  }
  const settings = { freqHz, spreadingFactor, bandwidthHz };
  const level = { rssiDbm, snrDdb, tmstUs };
  return { atMs: Math.round(frame.atMs), frame: frame.bytes, ...settings, ...level, ...detailsOf(frame) };
}

/** What is not known, or does not fit into a packet, is null: none of it is worth the report. */
function detailsOf(frame: LoraFrame): ReceptionDetails {
  const fineTimeNs = orNull(frame.fineTimeNs, PACKET_LIMITS.fineTimeNs);
  const isEncrypted = frame.fineTimeEncrypted === true;
  return {
    freqOffsetHz: orNull(frame.freqOffsetHz, PACKET_LIMITS.freqOffsetHz),
    rssiKind: frame.rssiKind ?? null,
    fineTimeNs: isEncrypted ? null : fineTimeNs,
    fineTimeEncrypted: isEncrypted ? true : fineTimeNs === null ? null : false,
    concentrator: euiBytes(frame.gatewayEui),
    antenna: orNull(frame.antenna, PACKET_LIMITS.antenna),
  };
}

const orNull = (value: number | undefined, range: Range): number | null =>
  roundWithin(value ?? Number.NaN, range);

/** Where several concentrators use one EUI, their addresses follow it. */
function euiBytes(gatewayEui: string | undefined): Uint8Array | null {
  const digits = /^[0-9a-f]{16}/i.exec(gatewayEui ?? "")?.[0];
  return digits === undefined ? null : Uint8Array.fromHex(digits);
}
