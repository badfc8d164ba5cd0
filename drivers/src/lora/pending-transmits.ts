import type { Clock } from "@earshot/protocol/hotspot";
import type { TransmitResult } from "./lora-reading.ts";
import type { TxpkAck } from "./txpk-ack.ts";

/** A forwarder answers an immediate transmission within its next fetch of some 10 ms; some never answer. */
const ACK_TIMEOUT_MS = 5_000;
const MAX_PENDING = 64;

interface Pending {
  gatewayEui: string;
  powerDbm: number;
  settle: (result: TransmitResult) => void;
}

export interface PendingTransmit {
  token: number;
  /** Settles with the forwarder's answer, `NO_ACK` at the deadline, or with what `settle` gives first. */
  result: Promise<TransmitResult>;
  settle: (result: TransmitResult) => void;
}

/** Transmissions that wait for their TX_ACK, distinguished by token. */
export class PendingTransmits {
  readonly #clock: Clock;
  readonly #byToken = new Map<number, Pending>();
  #token: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    // Not always the same start, so that an answer to an earlier run of this program finds no transmission here.
    this.#token = Math.trunc(clock.now()) & 0xffff;
  }

  get size(): number {
    return this.#byToken.size;
  }

  /** For a PULL_RESP that no answer is expected for. */
  nextToken(): number {
    do this.#token = (this.#token + 1) & 0xffff;
    while (this.#byToken.has(this.#token));
    return this.#token;
  }

  /** `undefined` while 64 wait. */
  add(gatewayEui: string, powerDbm: number): PendingTransmit | undefined {
    if (this.#byToken.size >= MAX_PENDING) return undefined;
    const token = this.nextToken();
    const { promise, resolve } = Promise.withResolvers<TransmitResult>();
    const timer = new AbortController();
    const settle = (result: TransmitResult) => {
      this.#byToken.delete(token);
      timer.abort();
      resolve(result);
    };
    this.#byToken.set(token, { gatewayEui, powerDbm, settle });
    this.#clock.sleep(ACK_TIMEOUT_MS, timer.signal).then(
      () => settle({ sent: false, error: "NO_ACK" }),
      () => {},
    );
    return { token, result: promise, settle };
  }

  /** False when nothing waits for this answer: it came late, twice, or from another concentrator. */
  acknowledge(token: number, gatewayEui: string, ack: TxpkAck): boolean {
    const pending = this.#byToken.get(token);
    if (pending === undefined || pending.gatewayEui !== gatewayEui) return false;
    pending.settle(
      ack.sent
        ? { sent: true, powerDbm: ack.powerDbm ?? pending.powerDbm }
        : { sent: false, error: ack.error },
    );
    return true;
  }

  /** Settles all that wait. */
  close(): void {
    for (const pending of [...this.#byToken.values()]) pending.settle({ sent: false, error: "CLOSED" });
  }
}
