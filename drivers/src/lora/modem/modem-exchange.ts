import type { Clock } from "@earshot/protocol/hotspot";
import type { ModemCommand, ModemEvent } from "./dialect.ts";

export interface ModemExchangeOptions {
  write: (bytes: Uint8Array) => Promise<void>;
  clock: Clock;
  /** Aborted when the link closes. */
  signal: AbortSignal;
  /** How long an answer may take. */
  timeoutMs: number;
  /** A value ends a command; no status follows. */
  valueEndsCommand: boolean;
}

/** What became of one command, once it was asked. */
export type ModemAnswer =
  | { status: "ok"; value?: string }
  | { status: "busy" | "error"; text: string }
  /** Nothing came in time, the module started again meanwhile, or the link closed. */
  | { status: "silent" | "reset" | "closed" };

interface Outstanding {
  command: ModemCommand;
  value?: string;
  settle: (answer: ModemAnswer) => void;
}

const TEXT = new TextEncoder();

/** Commands to a modem and their answers, one at a time, beside what it reports unasked. */
export class ModemExchange {
  /** Answers that nothing waited for: late ones, or another program talks to the modem too. */
  strayAnswers = 0;
  readonly #options: ModemExchangeOptions;
  #outstanding: Outstanding | undefined;

  constructor(options: ModemExchangeOptions) {
    this.#options = options;
  }

  /** Whether an event belonged to the outstanding command, or could only have belonged to one. */
  onEvent(event: ModemEvent): boolean {
    if (event.kind === "status") return this.#onStatus(event);
    const outstanding = this.#outstanding;
    if (outstanding === undefined) return false;
    if (event.kind === "line" || event.kind === "reset") {
      if (event.text.toLowerCase() === outstanding.command.text.toLowerCase()) return true;
      const value = outstanding.command.value?.exec(event.text)?.[1];
      if (value !== undefined) {
        this.#onValue(outstanding, value);
        return true;
      }
    }
    if (event.kind === "reset") outstanding.settle({ status: "reset" });
    return false;
  }

  /** Writes one command and waits for its answer. Nothing else may be outstanding. */
  async ask(command: ModemCommand): Promise<ModemAnswer> {
    const { promise, resolve } = Promise.withResolvers<ModemAnswer>();
    const { clock, signal, timeoutMs, write } = this.#options;
    if (signal.aborted) return { status: "closed" };
    const answered = new AbortController();
    this.#outstanding = { command, settle: resolve };
    const giveUp = () => resolve({ status: signal.aborted ? "closed" : "silent" });
    clock
      .sleep(command.timeoutMs ?? timeoutMs, AbortSignal.any([signal, answered.signal]))
      .then(giveUp, giveUp);
    // A write that fails is a lost link, which the reading side reports.
    write(TEXT.encode(`${command.text}\r\n`)).catch(() => {});
    const answer = await promise;
    this.#outstanding = undefined;
    answered.abort();
    return answer;
  }

  #onStatus(event: Extract<ModemEvent, { kind: "status" }>): true {
    const outstanding = this.#outstanding;
    if (outstanding === undefined) {
      this.strayAnswers += 1;
      return true;
    }
    const { command, value, settle } = outstanding;
    if (event.status !== "ok") settle({ status: event.status, text: event.text });
    else if (command.value === undefined) settle({ status: "ok" });
    else if (value !== undefined) settle({ status: "ok", value });
    // The late answer to a command that was given up.
    else this.strayAnswers += 1;
    return true;
  }

  #onValue(outstanding: Outstanding, value: string): void {
    if (this.#options.valueEndsCommand) outstanding.settle({ status: "ok", value });
    else outstanding.value = value;
  }
}
