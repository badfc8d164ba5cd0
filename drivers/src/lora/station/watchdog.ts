import type { Clock } from "@earshot/protocol/hotspot";
import type { StationConnection } from "./station-connection.ts";

/** Time is counted in ticks: a step of the host's clock must not end all connections. */
const TICK_MS = 5_000;
const STATUS_TICKS = 6;
const PING_TICKS = 6;
/** Two pings unanswered, and the time for the last answer. */
const SILENT_TICKS = 15;
/** A station asks where to connect, reads the answer and leaves. */
const BRIEF_TICKS = 3;

export interface WatchdogOptions {
  clock: Clock;
  /** Most connections at once. */
  limit: number;
  /** Called every 30 s. */
  onStatus: () => void;
}

export interface WatchOptions {
  /** Ends after 15 s, whatever comes. */
  isBrief?: boolean;
  /** Called before a connection is ended for its silence. */
  onSilent: () => void;
}

export interface Watched {
  /** The other end is alive. */
  noteAlive(): void;
  /** It has identified itself: it keeps its place. */
  keep(): void;
}

interface Entry extends Watched {
  connection: StationConnection;
  options: WatchOptions;
  idleTicks: number;
  isKept: boolean;
}

/** Pings connections that are silent for 30 s and ends those silent for 75 s; beats the time for the status. */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #entries = new Set<Watched>();
  readonly #stop = new AbortController();
  #ticks = 0;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    this.#run().catch(() => {});
  }

  /** Whether there is room for one more; ends the longest open one that has not identified itself, if that makes room. */
  hasRoom(): boolean {
    if (this.#entries.size < this.#options.limit) return true;
    const unidentified = ([...this.#entries] as Entry[]).find(({ isKept }) => !isKept);
    if (unidentified === undefined) return false;
    this.#entries.delete(unidentified);
    unidentified.connection.terminate();
    return true;
  }

  watch(connection: StationConnection, options: WatchOptions): Watched {
    const entry: Entry = {
      connection,
      options,
      idleTicks: 0,
      isKept: false,
      noteAlive: () => {
        entry.idleTicks = 0;
      },
      keep: () => {
        entry.isKept = true;
      },
    };
    this.#entries.add(entry);
    return entry;
  }

  forget(watched: Watched): void {
    this.#entries.delete(watched);
  }

  stop(): void {
    this.#stop.abort();
  }

  /** Ends when the sleep is aborted. */
  async #run(): Promise<void> {
    for (;;) {
      await this.#options.clock.sleep(TICK_MS, this.#stop.signal);
      this.#ticks += 1;
      for (const entry of [...this.#entries] as Entry[]) this.#check(entry);
      if (this.#ticks % STATUS_TICKS === 0) this.#options.onStatus();
    }
  }

  #check(entry: Entry): void {
    const { connection, options } = entry;
    entry.idleTicks += 1;
    if (entry.idleTicks >= (options.isBrief === true ? BRIEF_TICKS : SILENT_TICKS)) {
      options.onSilent();
      connection.terminate();
    } else if (entry.idleTicks % PING_TICKS === 0) connection.ping();
  }
}
