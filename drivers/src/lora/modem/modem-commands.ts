import type { Clock } from "@earshot/protocol/hotspot";
import type { ModemCommand, ModemDialect } from "./dialect.ts";
import type { ModemAnswer, ModemExchange } from "./modem-exchange.ts";
import { ModemClosedError, type ModemFaultError, ModemResetError } from "./modem-faults.ts";

/** Waits before a busy module is asked again. */
const BUSY_WAITS_MS = [50, 100, 200, 400, 800];
/** Questions that may stay unanswered, one after the other. */
const SILENCES = 3;

export interface ModemCommandsOptions {
  exchange: ModemExchange;
  dialect: ModemDialect;
  clock: Clock;
  signal: AbortSignal;
  /** Called when an answer did not come: a frame that was begun may have swallowed it. */
  onSilence: () => void;
  /** The error for a module that does not answer. */
  silence: () => ModemFaultError;
}

/** Commands as they are meant: repeated while the module is busy, and when bytes got lost. */
export class ModemCommands {
  /** Commands given again because the module was busy, and because it did not answer. */
  busyRetries = 0;
  silences = 0;
  readonly #options: ModemCommandsOptions;

  constructor(options: ModemCommandsOptions) {
    this.#options = options;
  }

  /**
   * Asks until the answer is one.
   *
   * @throws {ModemFaultError} after three silences
   * @throws {ModemResetError} when the module starts again meanwhile
   */
  async request(command: ModemCommand): Promise<ModemAnswer> {
    for (let silences = 0; ; ) {
      const answer = await this.#whileBusy(command);
      if (answer.status !== "silent") return answer;
      silences = this.#countSilence(silences);
      // A late answer must not be mistaken for that of the next command: the module is asked who it is in between.
      if (command !== this.#options.dialect.identify && (await this.#isFenceSilent())) {
        silences = this.#countSilence(silences);
      }
    }
  }

  /** As `request`, but a silence is an answer: what must not be done twice. */
  async requestOnce(command: ModemCommand): Promise<ModemAnswer> {
    const answer = await this.#whileBusy(command);
    if (answer.status === "silent") this.#countSilence(0);
    return answer;
  }

  /** Asks once; busy is an answer. */
  async ask(command: ModemCommand): Promise<ModemAnswer> {
    const answer = await this.#options.exchange.ask(command);
    if (answer.status === "closed") throw new ModemClosedError("The link was closed");
    if (answer.status === "reset") throw new ModemResetError("The module started again");
    return answer;
  }

  /** @throws {ModemClosedError} when the link is closed meanwhile */
  async pause(ms: number): Promise<void> {
    const { clock, signal } = this.#options;
    try {
      await clock.sleep(ms, signal);
    } catch {
      throw new ModemClosedError("The link was closed");
    }
  }

  async #whileBusy(command: ModemCommand): Promise<ModemAnswer> {
    const { stop } = this.#options.dialect;
    for (const waitMs of BUSY_WAITS_MS) {
      const answer = await this.ask(command);
      if (answer.status !== "busy") return answer;
      this.busyRetries += 1;
      await this.pause(waitMs);
      if (stop !== undefined && command !== stop) await this.ask(stop);
    }
    return this.ask(command);
  }

  async #isFenceSilent(): Promise<boolean> {
    return (await this.ask(this.#options.dialect.identify)).status === "silent";
  }

  #countSilence(before: number): number {
    this.silences += 1;
    this.#options.onSilence();
    if (before + 1 >= SILENCES) throw this.#options.silence();
    return before + 1;
  }
}
