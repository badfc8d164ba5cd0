import type { Clock } from "@earshot/protocol/hotspot";
import { LinkedAbort, pause } from "@earshot/protocol/runtime";

/** Tells one waiting loop that there is something to do; told while nobody waits, the next wait returns at once. */
export class Wakeup {
  #isSet = false;
  #wake: (() => void) | undefined;

  notify(): void {
    this.#isSet = true;
    this.#wake?.();
  }

  /** Resolves when notified, or when `signal` is aborted. */
  async wait(signal: AbortSignal): Promise<void> {
    if (!this.#isSet && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const stop = () => resolve();
      this.#wake = stop;
      signal.addEventListener("abort", stop, { once: true });
      await promise;
      signal.removeEventListener("abort", stop);
      this.#wake = undefined;
    }
    this.#isSet = false;
  }
}

/** Sleeps for `ms`, or until notified or aborted, whichever comes first. Leaves no sleeper behind. */
export async function pauseOrWake(
  clock: Clock,
  ms: number,
  wakeup: Wakeup,
  signal: AbortSignal,
): Promise<void> {
  const ended = new LinkedAbort(signal);
  await Promise.race([pause(clock, ms, ended.signal), wakeup.wait(ended.signal)]);
  ended.end();
}
