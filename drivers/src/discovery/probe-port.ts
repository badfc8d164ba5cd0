import type { Clock } from "@earshot/protocol/hotspot";
import { abortAfter, errorText } from "@earshot/protocol/runtime";
import type { DeviceKind, FoundDevice, Query } from "../devices/device-kind.ts";
import type { ByteLink } from "../driver.ts";
import { identify } from "./identify.ts";
import { PassiveListener } from "./passive-listener.ts";
import { PROBE_PLAN, type ProbePlan, type ProbeStep } from "./probe-plan.ts";

/** What became of probing one port. */
export type ProbeOutcome =
  | { state: "found"; device: FoundDevice; baudRate: number; tookMs: number }
  /** Nothing was heard, asked or not. */
  | { state: "silent"; tookMs: number }
  /** Something speaks, and it is none of what is known here. */
  | { state: "unknown"; baudRate: number; heard: Uint8Array; tookMs: number }
  /** It could not be opened, or was lost. */
  | { state: "failed"; why: string; tookMs: number };

export interface ProbeOptions {
  /** Opens the port at a baud rate; 8 data bits, no parity. */
  open: (baudRate: number) => Promise<ByteLink>;
  clock: Clock;
  signal?: AbortSignal;
  /** Default `PROBE_PLAN`. */
  plan?: ProbePlan;
  /** The longest it may take; default 20 s. Whatever it is doing then is abandoned. */
  limitMs?: number;
}

/**
 * Finds out what is at a serial port: listens at likely baud rates, then asks what changes nothing in any device:
 * versions, and reads of registers. Nothing is ever set. Bounded in time and memory; never rejects.
 */
export async function probePort(options: ProbeOptions): Promise<ProbeOutcome> {
  const { clock, limitMs = 20_000, signal = new AbortController().signal } = options;
  const startElapsedMs = clock.elapsedMs();
  const tooLong = new Error(`not finished after ${limitMs / 1000} s`);
  const probe = (limited: AbortSignal) => new Probe(options, limited).run();
  const outcome = await abortAfter(clock, limitMs, tooLong, signal, probe);
  return { ...outcome, tookMs: clock.elapsedMs() - startElapsedMs };
}

type Outcome<T = ProbeOutcome> = T extends unknown ? Omit<T, "tookMs"> : never;

class Probe {
  readonly #options: ProbeOptions;
  readonly #plan: ProbePlan;
  readonly #signal: AbortSignal;
  #silentSteps = 0;
  #unknown: { baudRate: number; heard: Uint8Array } | undefined;

  constructor(options: ProbeOptions, signal: AbortSignal) {
    this.#options = options;
    this.#plan = options.plan ?? PROBE_PLAN;
    this.#signal = signal;
  }

  async run(): Promise<Outcome> {
    for (const step of this.#plan.steps) {
      if (this.#signal.aborted) break;
      try {
        const device = await this.#try(step);
        if (device !== undefined) return { state: "found", device, baudRate: step.baudRate };
      } catch (error) {
        return { state: "failed", why: errorText(error) };
      }
    }
    return this.#unknown === undefined ? { state: "silent" } : { state: "unknown", ...this.#unknown };
  }

  async #try(step: ProbeStep): Promise<FoundDevice | undefined> {
    const isTalker = this.#silentSteps < this.#plan.silentSteps;
    const listenMs = isTalker ? step.listenMs : 0;
    if (listenMs === 0 && step.queries.length === 0) return undefined;
    const link = await this.#options.open(step.baudRate);
    const listener = new PassiveListener(link, this.#options.clock);
    try {
      const device = await this.#listenAndAsk(link, listener, step, listenMs);
      if (listener.lost !== undefined && device === undefined) throw new Error(listener.lost);
      return device;
    } finally {
      await link.close().catch(() => {});
      await listener.ended();
    }
  }

  async #listenAndAsk(
    link: ByteLink,
    listener: PassiveListener,
    step: ProbeStep,
    listenMs: number,
  ): Promise<FoundDevice | undefined> {
    const spoken = await listener.waitFor(listenMs, kindHeard, this.#signal);
    if (spoken !== undefined) return this.#describe(link, listener, spoken);
    if (listener.heard.length > 0) {
      this.#unknown ??= { baudRate: step.baudRate, heard: listener.heard.slice(0, 64) };
      // It speaks by itself: the baud rate is another, or it is nothing known. Only text may be a modem's.
      if (!isText(listener.heard)) return undefined;
    } else {
      this.#silentSteps += 1;
    }
    for (const query of step.queries) {
      const device = await this.#ask(link, listener, query);
      if (device !== undefined || listener.lost !== undefined || this.#signal.aborted) return device;
    }
    return undefined;
  }

  async #ask(link: ByteLink, listener: PassiveListener, query: Query): Promise<FoundDevice | undefined> {
    listener.clear();
    // A port that takes no bytes (flow control, a dead adapter) must not delay anything.
    const written = link.write(query.request).catch(() => {});
    const answer = await listener.waitFor(this.#plan.answerMs, query.recognise, this.#signal);
    if (answer !== undefined) await written;
    return answer;
  }

  /** With the name that it gives itself, where it can be asked. */
  async #describe(link: ByteLink, listener: PassiveListener, kind: DeviceKind): Promise<FoundDevice> {
    const { type, description, nameQuery } = kind;
    const named = nameQuery && (await this.#ask(link, listener, nameQuery));
    return named ?? { type, description };
  }
}

const SURE_FRAMES = 2;
const SURE_SCORE = 500;

/** Two frames, or one that is most of what was heard: noise has none, as each has its checksum or names and numbers. */
function kindHeard(heard: Uint8Array): DeviceKind | undefined {
  const [best] = identify(heard);
  if (best === undefined || (best.frames < SURE_FRAMES && best.score < SURE_SCORE)) return undefined;
  return best.kind;
}

const MIN_PRINTABLE_SHARE = 0.9;

/** Whether nearly all of it can be read: at a wrong baud rate it cannot. */
function isText(bytes: Uint8Array): boolean {
  const printable = bytes.filter((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x0d || byte === 0x0a);
  return printable.length >= MIN_PRINTABLE_SHARE * bytes.length;
}
