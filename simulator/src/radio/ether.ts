import { airtimeMs, type Clock } from "@earshot/protocol";
import type { Environment } from "./path-loss.ts";
import { type Air, type OnAir, overlaps, receive } from "./reception.ts";
import type { Reception, Station, Transmission } from "./station.ts";

interface EtherOptions {
  clock: Clock;
  seed: number;
  environment: Environment;
}

interface Member {
  station: Station;
  onReception: (reception: Reception) => void;
}

/** The radio channel between all stations: delivers each transmission to its receivers at the end of its time on air. */
export class Ether {
  readonly #clock: Clock;
  readonly #air: Air;
  readonly #members = new Map<string, Member>();
  /** Frames that have not ended, and those that overlap with one of them. */
  #onAir: OnAir[] = [];
  readonly #inFlight = new Set<OnAir>();
  #transmissions = 0;

  constructor({ clock, seed, environment }: EtherOptions) {
    this.#clock = clock;
    this.#air = { environment, seed };
  }

  /** Frames sent so far. */
  get transmissions(): number {
    return this.#transmissions;
  }

  /** Adds a station; returns a function that removes it. */
  join(station: Station, onReception: (reception: Reception) => void): () => void {
    if (this.#members.has(station.id)) throw new RangeError(`Station ${station.id} is on the air already`);
    const member = { station, onReception };
    this.#members.set(station.id, member);
    return () => {
      if (this.#members.get(station.id) === member) this.#members.delete(station.id);
    };
  }

  /**
   * Sends now. Resolves when the frame has ended and all its receivers have it; rejects when `signal` is
   * aborted before that.
   * @throws {RangeError} for a station that is not on the air.
   */
  async transmit(frame: Omit<Transmission, "startMs">, signal?: AbortSignal): Promise<void> {
    const sender = this.#members.get(frame.from)?.station;
    if (sender === undefined) throw new RangeError(`Station ${frame.from} is not on the air`);
    const startMs = this.#clock.now();
    const durationMs = airtimeMs({ ...frame, payloadBytes: frame.bytes.length });
    const sent: OnAir = { transmission: { ...frame, startMs }, sender, endMs: startMs + durationMs };
    this.#onAir.push(sent);
    this.#inFlight.add(sent);
    this.#transmissions += 1;
    try {
      // Clocks count whole milliseconds; a frame is there once it has ended.
      await this.#clock.sleep(Math.ceil(durationMs), signal);
      this.#deliver(sent);
    } finally {
      this.#forget(sent);
    }
  }

  /** Whether a station is sending at this moment. */
  isSending(id: string): boolean {
    const nowMs = this.#clock.now();
    return this.#onAir.some(({ sender, endMs }) => sender.id === id && endMs > nowMs);
  }

  #deliver(sent: OnAir): void {
    const others = this.#onAir.filter((other) => other !== sent && overlaps(other, sent));
    for (const { station, onReception } of [...this.#members.values()]) {
      if (station.id === sent.sender.id) continue;
      const reception = receive(this.#air, sent, station, others);
      if (reception !== undefined) onReception(reception);
    }
  }

  #forget(sent: OnAir): void {
    this.#inFlight.delete(sent);
    const flying = [...this.#inFlight];
    this.#onAir = this.#onAir.filter((frame) =>
      flying.some((other) => other === frame || overlaps(other, frame)),
    );
  }
}
