import type { GpsReading } from "../gps-reading.ts";
import { ROLLOVER_MS } from "../receiver-calendar.ts";
import type { IntegrityFinding, WatchReport } from "./integrity-summary.ts";
import { round } from "./recent-values.ts";
import { INTEGRITY_THRESHOLDS as T } from "./thresholds.ts";

/** Receiver time and the host's clocks at one moment. */
interface Pair {
  receiverMs: number;
  hostMs: number;
  elapsedMs: number;
}

interface Step {
  elapsedMs: number;
  /** By how much the receiver went ahead of the host. */
  stepMs: number;
  by: "receiver" | "host";
}

/** How long a step must last: readings that were delayed arrive all at once, and then the time is right again. */
const CONFIRMED_AFTER_MS = 5000;
/** Longest time between two readings of a receiver that speaks. */
const USUAL_GAP_MS = 2000 + T.clockStepMs;

/**
 * Whether receiver time and the host's clock go on together, and which of the two stepped when they do not. While
 * readings come in at their usual pace, with a fix or without, and the host's wall clock goes on with its monotonic
 * one, it was the receiver; else the host is blamed, or a silence of the receiver in which nothing is known. Only time with a fix
 * counts: before it, a receiver reports what its battery kept.
 */
export class ClockWatch {
  #last: Pair | undefined;
  #lastArrival: { atMs: number; elapsedMs: number } | undefined;
  /** Since the last pair. */
  #isHostSteady = true;
  #candidate: { step: Step; offsetBeforeMs: number; readings: number } | undefined;
  readonly #steps = new Map<Step["by"], Step>();
  #facts: WatchReport["facts"] = {};
  #factsElapsedMs = Number.NEGATIVE_INFINITY;

  /** @param elapsedMs when it came, by the monotonic clock */
  add(reading: GpsReading, elapsedMs: number): void {
    const { mode, timeMs, atMs, hostClockOffsetNs, hostClockOffsetBy } = reading;
    const last = this.#lastArrival ?? { atMs, elapsedMs };
    this.#lastArrival = { atMs, elapsedMs };
    const gapMs = elapsedMs - last.elapsedMs;
    const hostStepMs = atMs - last.atMs - gapMs;
    if (gapMs < 0 || gapMs > USUAL_GAP_MS || Math.abs(hostStepMs) > T.clockStepMs) this.#isHostSteady = false;
    if (mode < 2 || timeMs === undefined) return;
    // As it was reported: that a rollover is known, once the host's clock is set, is no step of the receiver's.
    const receiverMs = timeMs - (reading.weekRollovers ?? 0) * ROLLOVER_MS;
    if (receiverMs === this.#last?.receiverMs) return;
    const pair = { receiverMs, hostMs: atMs, elapsedMs };
    if (this.#last !== undefined) this.#advance(this.#last, pair);
    this.#last = pair;
    this.#isHostSteady = true;
    const offsetMs = hostClockOffsetNs === undefined ? atMs - timeMs : hostClockOffsetNs / 1e6;
    this.#facts = {
      hostClockOffsetMs: round(offsetMs, 3),
      hostClockOffsetBy: hostClockOffsetBy ?? "arrival",
    };
    this.#factsElapsedMs = elapsedMs;
  }

  report(nowElapsedMs: number): WatchReport {
    const findings = [...this.#steps.values()]
      .filter(({ elapsedMs }) => nowElapsedMs - elapsedMs <= T.heldMs)
      .map(findingOf);
    const isFresh = nowElapsedMs - this.#factsElapsedMs <= T.windowMs;
    return { facts: isFresh ? this.#facts : {}, findings };
  }

  #advance(before: Pair, after: Pair): void {
    const stepMs = after.receiverMs - before.receiverMs - (after.hostMs - before.hostMs);
    if (this.#isGlitchOver(after)) return;
    if (Math.abs(stepMs) <= T.clockStepMs) {
      this.#confirm(after);
      return;
    }
    const step: Step = { elapsedMs: after.elapsedMs, stepMs, by: this.#isHostSteady ? "receiver" : "host" };
    this.#candidate = { step, offsetBeforeMs: before.hostMs - before.receiverMs, readings: 1 };
  }

  /** Back at the time before the candidate. */
  #isGlitchOver({ hostMs, receiverMs }: Pair): boolean {
    const before = this.#candidate?.offsetBeforeMs;
    if (before === undefined || Math.abs(hostMs - receiverMs - before) > T.clockStepMs) return false;
    this.#candidate = undefined;
    return true;
  }

  #confirm({ elapsedMs }: Pair): void {
    if (this.#candidate === undefined) return;
    this.#candidate.readings += 1;
    const { step, readings } = this.#candidate;
    if (readings < T.clockStepReadings || elapsedMs - step.elapsedMs < CONFIRMED_AFTER_MS) return;
    this.#steps.set(step.by, { ...step, elapsedMs });
    this.#candidate = undefined;
  }
}

function findingOf({ stepMs, by }: Step): IntegrityFinding {
  const stepS = round(stepMs / 1000, 1);
  const measured = { stepS, limitS: T.clockStepMs / 1000 };
  return by === "receiver"
    ? { code: "clock_stepped", flag: "clockStep", text: `Receiver time stepped by ${stepS} s`, measured }
    : {
        code: "host_clock_stepped",
        text: `This machine's clock stepped by ${round(-stepS, 1)} s against the receiver`,
        measured: { ...measured, stepS: round(-stepS, 1) },
      };
}
