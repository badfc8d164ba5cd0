import type { Clock } from "@earshot/protocol/hotspot";
import type { UbxAck } from "./ack.ts";
import type { UbxMessage } from "./messages.ts";

export interface UbxExchangeOptions {
  write: (bytes: Uint8Array) => Promise<void>;
  clock: Clock;
  /** Aborted when the link closes. */
  signal: AbortSignal;
  /** How long an answer may take. */
  timeoutMs: number;
}

export type Answer = "accepted" | "refused" | "silent";

/** Questions to a receiver, one at a time, beside the readings that it goes on sending. */
export class UbxExchange {
  readonly #options: UbxExchangeOptions;
  #onMessage: (message: UbxMessage) => void = () => {};

  constructor(options: UbxExchangeOptions) {
    this.#options = options;
  }

  /** True once the link is gone: nothing will be answered. */
  get isClosed(): boolean {
    return this.#options.signal.aborted;
  }

  /** Every message that the receiver sends. */
  onMessage(message: UbxMessage): void {
    this.#onMessage(message);
  }

  /** Writes `frame` and waits for what `match` makes of a message; undefined when nothing comes in time. */
  async ask<T>(frame: Uint8Array, match: (message: UbxMessage) => T | undefined): Promise<T | undefined> {
    const { promise, resolve } = Promise.withResolvers<T | undefined>();
    this.#onMessage = (message) => {
      const answer = match(message);
      if (answer !== undefined) resolve(answer);
    };
    const answered = new AbortController();
    const { clock, signal, timeoutMs, write } = this.#options;
    const giveUp = () => resolve(undefined);
    clock.sleep(timeoutMs, AbortSignal.any([signal, answered.signal])).then(giveUp, giveUp);
    // A write that fails is a lost link, which the reading side reports.
    write(frame).catch(giveUp);
    const answer = await promise;
    answered.abort();
    this.#onMessage = () => {};
    return answer;
  }

  /** Asks a configuration message, a second time when the first one stays unanswered: bytes get lost. */
  async configure(frame: Uint8Array): Promise<Answer> {
    const isAnswer = (message: UbxMessage) => ackOf(frame, message);
    const ack = (await this.ask(frame, isAnswer)) ?? (await this.ask(frame, isAnswer));
    if (ack === undefined) return "silent";
    return ack.accepted ? "accepted" : "refused";
  }
}

/** The answer to this frame: it names class and id, and so only one question may be open. */
function ackOf(frame: Uint8Array, message: UbxMessage): UbxAck | undefined {
  const isOurs = message.kind === "ack" && message.messageClass === frame[2] && message.id === frame[3];
  return isOurs ? message : undefined;
}
