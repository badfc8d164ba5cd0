import type { RadioFrame } from "./lora-reading.ts";

export interface DuplicateFilterOptions {
  /** Frames remembered; the oldest is forgotten first. */
  memory?: number;
}

/** Demodulators that hear one transmission twice end within microseconds of each other; frames last longer than this. */
const SAME_RECEPTION_US = 3_000;
/** Where `tmst` is no microsecond counter (one simulator puts Unix seconds there) only its arrival counts. */
const SAME_ARRIVAL_MS = 2_000;
/** Ghosts sit on the next channels, 200 kHz apart. */
const NEIGHBOUR_HZ = 1_000_000;
const TMST_PERIOD_US = 2 ** 32;

interface Remembered {
  frame: RadioFrame;
  /** When it came, by the monotonic clock. */
  elapsedMs: number;
  /** Where the frame stands among those let through from the datagram now being filtered; -1 for an earlier one. */
  position: number;
}

/**
 * Drops the second reading of one transmission by one concentrator: the same datagram delivered twice, or a ghost
 * (a strong frame demodulated on a neighbouring channel too, tens of dB weaker). Two frames are one reception when
 * payload and data rate are equal, their counters lie within 3 ms and their frequencies within 1 MHz.
 *
 * The stronger is kept. When the weaker came first, in an earlier datagram, it is already gone and both come out:
 * losing the true frequency and level would be worse. Tokens are no help: forwarders repeat them after each start.
 */
export class DuplicateFilter {
  readonly #memory: number;
  #recent: Remembered[] = [];
  #dropped = 0;

  constructor(options: DuplicateFilterOptions = {}) {
    this.#memory = options.memory ?? 64;
  }

  /** Frames dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /**
   * The frames of one datagram less the duplicates, in their order.
   *
   * @param elapsedMs when it came, by the monotonic clock
   */
  filter(frames: readonly RadioFrame[], elapsedMs: number): RadioFrame[] {
    const kept: RadioFrame[] = [];
    for (const remembered of this.#recent) remembered.position = -1;
    for (const frame of frames) this.#offer(frame, elapsedMs, kept);
    return kept;
  }

  #offer(frame: RadioFrame, elapsedMs: number, kept: RadioFrame[]): void {
    const earlier = this.#recent.find(
      (remembered) =>
        elapsedMs - remembered.elapsedMs <= SAME_ARRIVAL_MS && isSameReception(remembered.frame, frame),
    );
    if (earlier === undefined) {
      this.#remember({ frame, elapsedMs, position: kept.push(frame) - 1 });
      return;
    }
    if (isStronger(frame, earlier.frame)) {
      Object.assign(earlier, { frame, elapsedMs });
      if (earlier.position < 0) earlier.position = kept.push(frame) - 1;
      else {
        kept[earlier.position] = frame;
        this.#dropped += 1;
      }
      return;
    }
    this.#dropped += 1;
  }

  #remember(remembered: Remembered): void {
    this.#recent.push(remembered);
    if (this.#recent.length > this.#memory) this.#recent.shift();
  }
}

function isSameReception(one: RadioFrame, other: RadioFrame): boolean {
  if (one.tmstUs === undefined || other.tmstUs === undefined) return false;
  return (
    counterDistanceUs(one.tmstUs, other.tmstUs) <= SAME_RECEPTION_US &&
    Math.abs(one.freqHz - other.freqHz) <= NEIGHBOUR_HZ &&
    hasSameDataRate(one, other) &&
    hasSameBytes(one.bytes, other.bytes)
  );
}

function counterDistanceUs(one: number, other: number): number {
  const distance = Math.abs(one - other);
  return Math.min(distance, TMST_PERIOD_US - distance);
}

function hasSameDataRate(one: RadioFrame, other: RadioFrame): boolean {
  if (one.modulation === "lora") {
    return (
      other.modulation === "lora" &&
      one.spreadingFactor === other.spreadingFactor &&
      one.bandwidthHz === other.bandwidthHz
    );
  }
  return one.modulation === other.modulation;
}

function hasSameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

/** A frame whose level is unknown is weaker than any other; SNR decides between equal levels. */
function isStronger(one: RadioFrame, other: RadioFrame): boolean {
  const least = Number.NEGATIVE_INFINITY;
  const levelGap = (one.rssiDbm ?? least) - (other.rssiDbm ?? least);
  if (levelGap > 0) return true;
  return !(levelGap < 0) && (one.snrDb ?? least) > (other.snrDb ?? least);
}
