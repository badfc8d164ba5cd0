import type { OnProgress } from "./check-packets.ts";

interface Stretch {
  phase: string;
  sinceMs: number;
}

/** How long each phase of verifying a bundle takes. */
export class PhaseTimes {
  readonly #elapsedMs: () => number;
  readonly #totals = new Map<string, number>();
  #running: Stretch | undefined;

  constructor(elapsedMs: () => number) {
    this.#elapsedMs = elapsedMs;
  }

  /** @returns how long this phase has been going on, in ms */
  enter(phase: string): number {
    if (this.#running?.phase !== phase) {
      this.#end();
      this.#running = { phase, sinceMs: this.#elapsedMs() };
    }
    return this.#elapsedMs() - this.#running.sinceMs;
  }

  /** Ends the phase that is going on and forgets all. @returns ms by phase, in the order in which they came */
  take(): Map<string, number> {
    this.#end();
    this.#running = undefined;
    const taken = new Map(this.#totals);
    this.#totals.clear();
    return taken;
  }

  #end(): void {
    if (this.#running === undefined) return;
    const { phase, sinceMs } = this.#running;
    this.#totals.set(phase, (this.#totals.get(phase) ?? 0) + this.#elapsedMs() - sinceMs);
  }
}

const CLEAR = "\r\u001b[K";
const BAR_LENGTH = 24;

/** A line that is written over again and again on a terminal; nothing where there is none. */
export function progressLine(
  io: { err(text: string): void; isTerminal: boolean },
  times: PhaseTimes,
): { onProgress: OnProgress; clear(): void } {
  return {
    onProgress(phase, done, total) {
      const ms = times.enter(phase);
      if (io.isTerminal) io.err(CLEAR + lineOf(phase, done, total, ms));
    },
    clear() {
      if (io.isTerminal) io.err(CLEAR);
    },
  };
}

function lineOf(phase: string, done: number, total: number, ms: number): string {
  const share = total === 0 ? 0 : done / total;
  const filled = Math.round(share * BAR_LENGTH);
  const bar = "#".repeat(filled) + ".".repeat(BAR_LENGTH - filled);
  if (total <= 1) return `[${bar}] ${phase}`;
  const rate = ms > 0 && done > 0 ? `, ${Math.round((done * 1000) / ms)} per second` : "";
  return `[${bar}] ${phase}: ${done} of ${total}${rate}`;
}
