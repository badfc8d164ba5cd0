import type { Clock } from "@earshot/protocol/hotspot";
import type { TransmitResult } from "../lora-reading.ts";

/** Station tries for about a second to place a frame, and reports it when it is on air. */
const CONFIRM_TIMEOUT_MS = 5_000;
const MAX_PENDING = 64;

export interface PendingDownlink {
  diid: number;
  result: Promise<TransmitResult>;
  settle: (result: TransmitResult) => void;
}

/** Transmissions that wait for their `dntxed`, distinguished by `diid` and by the session they were handed to. */
export class PendingDownlinks {
  readonly #clock: Clock;
  readonly #byDiid = new Map<number, { session: object; settle: (result: TransmitResult) => void }>();
  #diid: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    // Not always the same start, so that a log of stations shows which run of this program sent what.
    this.#diid = Math.trunc(clock.now()) & 0x3fff_ffff;
  }

  get size(): number {
    return this.#byDiid.size;
  }

  /** `undefined` while 64 wait. */
  add(session: object): PendingDownlink | undefined {
    if (this.#byDiid.size >= MAX_PENDING) return undefined;
    this.#diid += 1;
    const diid = this.#diid;
    const { promise, resolve } = Promise.withResolvers<TransmitResult>();
    const timer = new AbortController();
    const settle = (result: TransmitResult) => {
      this.#byDiid.delete(diid);
      timer.abort();
      resolve(result);
    };
    this.#byDiid.set(diid, { session, settle });
    this.#clock.sleep(CONFIRM_TIMEOUT_MS, timer.signal).then(
      () => settle({ sent: false, error: "NO_ACK" }),
      () => {},
    );
    return { diid, result: promise, settle };
  }

  /** False when nothing waits for it: it came late, twice, or from another session. */
  confirm(diid: number | undefined, session: object, result: TransmitResult): boolean {
    const pending = diid === undefined ? undefined : this.#byDiid.get(diid);
    if (pending?.session !== session) return false;
    pending.settle(result);
    return true;
  }

  /** The session ended: whether its frames went out will never be known. */
  abandon(session: object): void {
    this.#settleAll("NO_ACK", session);
  }

  close(): void {
    this.#settleAll("CLOSED");
  }

  #settleAll(error: string, session?: object): void {
    for (const pending of [...this.#byDiid.values()]) {
      if (session === undefined || pending.session === session) pending.settle({ sent: false, error });
    }
  }
}
