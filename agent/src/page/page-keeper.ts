import type { Clock, Log, Random } from "@earshot/protocol/hotspot";
import { Backoff, errorCode, errorText } from "@earshot/protocol/runtime";
import { pauseOrWake, Wakeup } from "../time/wakeup.ts";
import type { PageOptions, RunningPage } from "./serve.ts";

type OpenPage = (options: PageOptions) => Promise<RunningPage>;

const BACKOFF = { firstMs: 1000, maxMs: 30_000 };

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program, or another agent, listens there",
  EADDRNOTAVAIL: "this machine does not have the address yet",
  EACCES: "ports below 1024 are root's alone: choose a higher one",
  ENOTFOUND: "the name is not known (yet)",
  EAI_AGAIN: "the name is not known (yet)",
};

/** Serves the page at the wanted address: tries again while it cannot listen there, and moves when the address changes. */
export class PageKeeper {
  readonly #open: OpenPage;
  readonly #context: { clock: Clock; random: Random; log: Log };
  readonly #changed = new Wakeup();
  #wanted: PageOptions | undefined;
  #tried = Promise.withResolvers<void>();

  constructor(open: OpenPage, context: { clock: Clock; random: Random; log: Log }) {
    this.#open = open;
    this.#context = context;
  }

  /**
   * @param wanted `undefined` for no page
   * @returns once it listens there, or cannot for now
   */
  async serveAt(wanted: PageOptions | undefined): Promise<void> {
    if (JSON.stringify(wanted) !== JSON.stringify(this.#wanted)) {
      this.#tried.resolve();
      this.#tried = Promise.withResolvers();
      this.#wanted = wanted;
      this.#changed.notify();
    } else if (wanted === undefined) return;
    await this.#tried.promise;
  }

  /** Serves until aborted, then stops the page. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const wanted = this.#wanted;
      const page = wanted && (await this.#openWhenPossible(wanted, signal));
      if (wanted === this.#wanted) this.#tried.resolve();
      while (wanted === this.#wanted && !signal.aborted) await this.#changed.wait(signal);
      await page?.stop();
    }
    this.#tried.resolve();
  }

  async #openWhenPossible(wanted: PageOptions, signal: AbortSignal): Promise<RunningPage | undefined> {
    const { clock, random, log } = this.#context;
    const backoff = new Backoff(BACKOFF, random);
    let isLogged = false;
    while (wanted === this.#wanted && !signal.aborted) {
      try {
        const page = await this.#open(wanted);
        log.info("The status page is there", { page: page.url });
        return page;
      } catch (error) {
        // Once: a port that is taken for good must not fill the log.
        if (!isLogged) {
          const fields = { ...reasonOf(error, wanted), err: error };
          log.error("No status page yet; trying again ([page] listen)", fields);
        }
        isLogged = true;
        if (wanted === this.#wanted) this.#tried.resolve();
        await pauseOrWake(clock, backoff.nextMs(), this.#changed, signal);
      }
    }
    return undefined;
  }
}

function reasonOf(error: unknown, { listen: { host, port } }: PageOptions): { listen: string; why: string } {
  return { listen: `${host}:${port}`, why: REASONS[errorCode(error)] ?? errorText(error) };
}
