import type { Clock } from "@earshot/protocol/hotspot";
import { FrameTally } from "../frame-tally.ts";
import type { ModemDialect, ModemEvent, ModemFrame } from "./dialect.ts";
import { type ModemAnswer, ModemExchange } from "./modem-exchange.ts";
import type { ModemFacts } from "./modem-facts.ts";
import {
  isReadable,
  ModemClosedError,
  type ModemFaultError,
  ModemResetError,
  silenceError,
} from "./modem-faults.ts";

/** What the modem reports without being asked. */
interface ModemListener {
  onFrame(frame: ModemFrame): void;
  onReceptionEnded(): void;
  onReceptionFailed(): void;
  onReset(): void;
}

export interface ModemPortOptions {
  dialect: ModemDialect;
  clock: Clock;
  /** Aborted when the link closes. */
  signal: AbortSignal;
  write: (bytes: Uint8Array) => Promise<void>;
  answerTimeoutMs: number;
  facts: ModemFacts;
  listener: () => ModemListener;
}

/** A banner has several lines; nothing is asked before the last one is out. */
export const SETTLE_MS = 300;

/** Sorts the output of a modem: answers to the exchange, the rest to the session; everything is counted. */
export class ModemPort {
  readonly exchange: ModemExchange;
  frames = 0;
  badFrames = 0;
  readonly tally: FrameTally;
  readonly #options: ModemPortOptions;
  readonly #reader;
  #strangeBytes = 0;
  #receivedBytes = 0;
  #understood = 0;
  #strangeLine: string | undefined;
  #onTransmission: ((isSent: boolean) => void) | undefined;
  #onReboot: (() => void) | undefined;

  constructor(options: ModemPortOptions) {
    const { dialect, clock, signal, write, answerTimeoutMs } = options;
    this.#options = options;
    this.#reader = dialect.createReader();
    this.tally = new FrameTally(clock);
    const { valueEndsCommand } = dialect;
    this.exchange = new ModemExchange({ clock, signal, write, timeoutMs: answerTimeoutMs, valueEndsCommand });
  }

  get garbageBytes(): number {
    return this.#reader.garbageBytes + this.#strangeBytes;
  }

  push(bytes: Uint8Array): void {
    this.#receivedBytes += bytes.length;
    for (const event of this.#reader.push(bytes)) this.#onEvent(event);
  }

  /** Gives up a frame that never came to its end: it may have swallowed an answer. */
  abandonPartialFrame(): void {
    for (const event of this.#reader.abandonPartialFrame?.() ?? []) this.#onEvent(event);
  }

  silence(): ModemFaultError {
    const { name, baudRates } = this.#options.dialect;
    return silenceError({
      name,
      baudRates,
      receivedBytes: this.#receivedBytes,
      understood: this.#understood,
      strangeLine: this.#strangeLine,
    });
  }

  /** Waits for the module to confirm that its frame went out, or did not; `undefined` when nothing comes in time. */
  async transmission(waitMs: number, send: () => Promise<boolean>): Promise<boolean | undefined> {
    const reported = new AbortController();
    let isSent: boolean | undefined;
    this.#onTransmission = (sent) => {
      isSent = sent;
      reported.abort();
    };
    if (await send()) await this.#sleep(waitMs, reported.signal);
    this.#onTransmission = undefined;
    return isSent;
  }

  /** Gives a command after which the module starts again, and waits until it has, at most `bootMs`. */
  async reboot(bootMs: number, give: () => Promise<ModemAnswer>): Promise<void> {
    const started = new AbortController();
    this.#onReboot = () => started.abort();
    try {
      const answer = await give().catch(asReset);
      if (answer.status === "ok" || answer.status === "silent") await this.#sleep(bootMs, started.signal);
      await this.#sleep(SETTLE_MS);
    } finally {
      this.#onReboot = undefined;
    }
    if (this.#options.signal.aborted) throw new ModemClosedError("The link was closed");
  }

  /** Ends early when `early` or the link's signal is aborted. */
  #sleep(ms: number, early?: AbortSignal): Promise<void> {
    const { clock, signal } = this.#options;
    return clock.sleep(ms, early === undefined ? signal : AbortSignal.any([signal, early])).catch(() => {});
  }

  #onEvent(event: ModemEvent): void {
    if (this.exchange.onEvent(event)) {
      this.#understood += 1;
      return;
    }
    if (event.kind === "line") this.#onStrange(event.text);
    else if (event.kind === "damaged") this.#onDamaged();
    else {
      this.#understood += 1;
      this.#onOwnEvent(event);
    }
  }

  #onOwnEvent(event: ModemEvent): void {
    const listener = this.#options.listener();
    switch (event.kind) {
      case "frame":
        this.frames += 1;
        this.tally.accept();
        listener.onFrame(event);
        return;
      case "rf-error":
        if (event.orTransmission && this.#onTransmission !== undefined) this.#onTransmission(false);
        else {
          this.#options.facts.rfErrors += 1;
          listener.onReceptionFailed();
        }
        return;
      case "receive-ended":
        listener.onReceptionFailed();
        return;
      case "transmitted":
        this.#onTransmission?.(true);
        return;
      case "reset":
        if (this.#onReboot === undefined) listener.onReset();
        else this.#onReboot();
    }
  }

  #onStrange(line: string): void {
    this.#strangeBytes += line.length;
    if (isReadable(line)) this.#strangeLine = line.slice(0, 80);
  }

  /** A damaged frame was one that ended. */
  #onDamaged(): void {
    this.badFrames += 1;
    this.tally.refuse("frame_data");
    this.#options.listener().onReceptionEnded();
  }
}

/** That it starts before it has answered is just as well. */
function asReset(error: unknown): ModemAnswer {
  if (error instanceof ModemResetError) return { status: "reset" };
  throw error;
}
