import type { Clock } from "../time/clock.ts";

const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's own clock. The one place, beside each program's `main.ts`, that touches global time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsedMs: () => performance.now(),
  sleep(ms, signal) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (signal?.aborted) {
      reject(signal.reason);
      return promise;
    }
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    // Timers hold 31 bits of milliseconds (24.8 days) and fire at once beyond: a longer sleep takes several.
    const arm = (leftMs: number): ReturnType<typeof setTimeout> =>
      setTimeout(
        () => {
          if (leftMs > MAX_TIMER_MS) {
            timer = arm(leftMs - MAX_TIMER_MS);
            return;
          }
          signal?.removeEventListener("abort", onAbort);
          resolve();
        },
        Math.min(leftMs, MAX_TIMER_MS),
      );
    let timer = arm(Math.max(0, ms));
    signal?.addEventListener("abort", onAbort, { once: true });
    return promise;
  },
};
