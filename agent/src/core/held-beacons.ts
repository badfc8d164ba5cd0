import { type Clock, decodePacket } from "@earshot/protocol/hotspot";
import { BoundedMap } from "@earshot/protocol/runtime";
import { pauseOrWake, Wakeup } from "../time/wakeup.ts";
import type { NetworkClock } from "./network-clock.ts";

/** Far more than wait at any time: one is made in each window. */
const MAX_REMEMBERED = 4096;
/** Clocks count whole milliseconds, and the report must come after the deadline. */
const AFTER_MS = 1;

/**
 * Beacon reports stay in the outbox until the time of the beacon's witnesses is over, by the network's clock: whoever
 * sees one earlier could hand in what it never heard. After a restart, until an entropy has come, all stay.
 */
export class HeldBeacons {
  readonly #network: NetworkClock;
  readonly #clock: Pick<Clock, "elapsedMs">;
  /** By sequence number: the entropy index of the beacon, -1 for what is none. */
  readonly #indexes = new BoundedMap<number, number>(MAX_REMEMBERED);
  /** Reports that were held when they were asked for last. */
  readonly #held = new Set<number>();
  readonly #changed = new Wakeup();

  constructor(network: NetworkClock, clock: Pick<Clock, "elapsedMs">) {
    this.#network = network;
    this.#clock = clock;
  }

  /** Whether a beacon report has to wait. @param read its bytes, where they can be read */
  isHeld(sequence: number, read: () => Uint8Array | undefined): boolean {
    const index = this.#indexOf(sequence, read);
    const isHeld = index !== undefined && this.#waitMs(index) !== 0;
    if (isHeld === this.#held.has(sequence)) return isHeld;
    if (isHeld) this.#held.add(sequence);
    else this.#held.delete(sequence);
    this.#changed.notify();
    return isHeld;
  }

  /** The network's time is known better. */
  onEntropy(): void {
    this.#changed.notify();
  }

  /** Calls `release` whenever a report that is held may go, until aborted. */
  async run(clock: Clock, release: () => void, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const waits = [...this.#held].flatMap(
        (sequence) => this.#waitMs(this.#indexes.get(sequence) ?? -1) ?? [],
      );
      const nextMs = Math.min(...waits);
      if (nextMs === 0) release();
      if (nextMs === 0 || waits.length === 0) await this.#changed.wait(signal);
      else await pauseOrWake(clock, nextMs, this.#changed, signal);
    }
  }

  #indexOf(sequence: number, read: () => Uint8Array | undefined): number | undefined {
    const known = this.#indexes.get(sequence);
    if (known !== undefined) return known < 0 ? undefined : known;
    const bytes = read();
    const result = bytes === undefined ? undefined : decodePacket(bytes);
    const packet = result?.ok === true ? result.decoded.packet : undefined;
    const index = packet?.type === "beacon" ? packet.entropyIndex : -1;
    this.#indexes.set(sequence, index);
    return index < 0 ? undefined : index;
  }

  /** 0: it may go. `undefined`: the network's time is not known. */
  #waitMs(entropyIndex: number): number | undefined {
    const networkMs = this.#network.now(this.#clock.elapsedMs());
    const deadlineMs = this.#network.reportDeadlineMs(entropyIndex);
    if (networkMs === undefined || deadlineMs === undefined) return undefined;
    return Math.max(0, Math.ceil(deadlineMs + AFTER_MS - networkMs));
  }
}
