import type { Clock, Log } from "@earshot/protocol";
import { Backoff, errorText } from "@earshot/protocol/runtime";
import { ConfigError } from "@earshot/protocol/runtime/config";
import { failure } from "../http/errors.ts";
import { StoreRefusedError } from "../store/owner.ts";

const RETRY = { firstMs: 1000, maxMs: 30_000 };

/** Waiting does not help: a wrong configuration, a store that another gateway or version uses, a bug. */
const FINAL = [ConfigError, StoreRefusedError, TypeError, ReferenceError, RangeError];
const isFinal = (error: unknown): boolean => FINAL.some((one) => error instanceof one);

/** Answers requests: the gateway's own API, or before that only that it is starting. */
type Fetch<E> = (request: Request, environment: E) => Response | Promise<Response>;

/**
 * The start of a gateway. What it needs (a database, a disk, an address) may be unavailable at first: it is tried again
 * after growing waits, and meanwhile `/healthz` says what is missing.
 */
export class Startup<E> {
  readonly #clock: Pick<Clock, "now" | "sleep">;
  readonly #log: Log;
  readonly #signal: AbortSignal;
  readonly #stop = new AbortController();
  /** By what is missing. */
  readonly #problems = new Map<string, string>();
  #answer: Fetch<E> | undefined;

  constructor({ clock, log }: { clock: Pick<Clock, "now" | "sleep">; log: Log }, signal: AbortSignal) {
    this.#clock = clock;
    this.#log = log;
    this.#signal = AbortSignal.any([signal, this.#stop.signal]);
  }

  /**
   * Opens it, again and again until that works.
   *
   * @param onTried called after the first attempt, however it ended
   * @throws what waiting does not mend, or the signal's reason
   */
  async open<T>(name: string, open: () => Promise<T>, onTried = () => {}): Promise<T> {
    const backoff = new Backoff(RETRY);
    try {
      for (;;) {
        try {
          const opened = await open();
          if (this.#problems.delete(name)) this.#log.info("Available now", { what: name });
          return opened;
        } catch (error) {
          if (isFinal(error)) throw error;
          this.#failed(name, error);
        }
        onTried();
        await this.#clock.sleep(backoff.nextMs(), this.#signal);
      }
    } finally {
      onTried();
    }
  }

  /** From now on the gateway itself answers requests. */
  answerWith(answer: Fetch<E>): void {
    this.#answer = answer;
  }

  readonly fetch: Fetch<E> = (request, environment) => {
    if (this.#answer !== undefined) return this.#answer(request, environment);
    const problems = ["The gateway is starting", ...this.#problems.values()];
    const isHealth = new URL(request.url).pathname === "/healthz";
    const unknown = { entropyAgeMs: null, judgedThroughAgeMs: null, latestEpoch: null };
    const health = { ok: false, nowMs: this.#clock.now(), problems, ...unknown };
    const body = isHealth
      ? health
      : failure("starting", "The gateway is starting; /healthz says how far it is");
    return Response.json(body, { status: 503, headers: { "Retry-After": "5", "Cache-Control": "no-store" } });
  };

  /** Stops trying. */
  stop(): void {
    this.#stop.abort(new Error("The gateway stops"));
  }

  #failed(name: string, error: unknown): void {
    const problem = `${name}: ${errorText(error)}`;
    // Once for each cause: a permanent failure must not fill the log.
    if (this.#problems.get(name) !== problem) {
      this.#log.error("Not available yet; trying again", { what: name, why: problem, err: error });
    }
    this.#problems.set(name, problem);
  }
}
