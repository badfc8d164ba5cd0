import { drawIndex, type Entropy, entropyTimeMs, epochOf } from "@earshot/protocol";
import type { FixedParameters } from "../parameters/parameters-log.ts";
import type { Store } from "../store/store.ts";

export interface Arrival {
  receivedAtMs: number;
  /** It is filed under none before. */
  earliestEpoch: number;
}

/** How far judging and closing have come: decides where a packet that arrives now is filed. */
export class Progress {
  readonly parameters: FixedParameters;
  /** Highest index judged. */
  judgedThrough: number;
  /** Highest index whose judging has begun: a report about it that arrives now is late. */
  judgingThrough: number;
  /** Lowest epoch not closed. */
  openEpoch: number;
  /** Lowest epoch that packets are filed under: `openEpoch`, or the next while that is being closed. */
  #filingEpoch: number;
  #lastReceivedMs = 0;
  #publishedThrough = -1;
  #publication = Promise.withResolvers<void>();

  constructor(parameters: FixedParameters, judgedThrough: number, openEpoch: number) {
    this.parameters = parameters;
    this.judgedThrough = judgedThrough;
    this.judgingThrough = judgedThrough;
    this.openEpoch = openEpoch;
    this.#filingEpoch = openEpoch;
    this.#notBefore(judgedThrough);
  }

  /** Highest index whose entropy is published: no report about a later one can be true. */
  get publishedThrough(): number {
    return this.#publishedThrough;
  }

  /** Resolves with the next entropy. */
  get nextPublication(): Promise<void> {
    return this.#publication.promise;
  }

  /** Call before hotspots may learn of it: what arrives from now on was received after the entropy was made. */
  published({ index, atMs }: Pick<Entropy, "index" | "atMs">): void {
    this.#publishedThrough = Math.max(this.#publishedThrough, index);
    this.#lastReceivedMs = Math.max(this.#lastReceivedMs, atMs);
    this.#publication.resolve();
    this.#publication = Promise.withResolvers();
  }

  /** Call before reports about this index are loaded: those received from now on count as late. */
  startJudging(entropyIndex: number): void {
    this.judgingThrough = entropyIndex;
    this.#notBefore(entropyIndex);
  }

  /** Call before an epoch's packets are loaded: from now on none is filed under it. */
  startClosing(epoch: number, lastIndex: number): void {
    this.startJudging(Math.max(lastIndex, this.judgingThrough));
    this.#filingEpoch = epoch + 1;
  }

  /** Judging and closing continue from here: what came after it was revoked. */
  rewindTo(
    judgedThrough: number,
    openEpoch: number,
    latest: Pick<Entropy, "index" | "atMs"> | undefined,
  ): void {
    this.judgedThrough = judgedThrough;
    this.judgingThrough = judgedThrough;
    this.openEpoch = openEpoch;
    this.#filingEpoch = openEpoch;
    this.#lastReceivedMs = 0;
    this.#publishedThrough = -1;
    this.#notBefore(judgedThrough);
    if (latest !== undefined) this.published(latest);
  }

  closed(epoch: number): void {
    this.openEpoch = epoch + 1;
  }

  /**
   * Receive time of a packet. It never runs backwards, even when the machine's clock was set back; it is never before
   * entropy that was published earlier, and never timely when judging of its index had begun: verdicts must not depend on
   * when they were reached.
   */
  receivedAtMs(nowMs: number): number {
    this.#lastReceivedMs = Math.max(this.#lastReceivedMs, nowMs);
    return this.#lastReceivedMs;
  }

  /**
   * When a change that comes at `atMs` counts as made. Each must be announced by an entropy message of its epoch, or it
   * might be of any time: in an epoch's last period, whose message may be out, it counts as made when the next begins.
   */
  changeAtMs(atMs: number): number {
    const { entropyPeriodMs, epochPeriods } = this.parameters;
    const next = Math.floor(atMs / entropyPeriodMs) + 1;
    return next % epochPeriods === 0 ? next * entropyPeriodMs : atMs;
  }

  /** For a packet that comes now: how it is filed, however long it is checked before that. */
  arrival(nowMs: number): Arrival {
    return { receivedAtMs: this.receivedAtMs(nowMs), earliestEpoch: this.#filingEpoch };
  }

  epochFor(entropyIndex: number, { earliestEpoch }: Pick<Arrival, "earliestEpoch">): number {
    return Math.max(epochOf(entropyIndex, this.parameters), earliestEpoch);
  }

  #notBefore(entropyIndex: number): void {
    const drawMs = entropyTimeMs(drawIndex(entropyIndex, this.parameters), this.parameters);
    this.#lastReceivedMs = Math.max(this.#lastReceivedMs, drawMs);
  }
}

/** Continues where an earlier run stopped, or starts a network with the current period. */
export async function loadProgress(
  store: Store,
  parameters: FixedParameters,
  nowMs: number,
): Promise<Progress> {
  const current = Math.floor(nowMs / parameters.entropyPeriodMs);
  let judged = await store.judgedThrough();
  if (judged === undefined) {
    // Whatever was due to be judged before now.
    judged = current - drawIndex(0, parameters);
    await store.addJudgement(judged, [], [], []);
  }
  const closed = await store.latestEpoch();
  const first = await store.firstEntropy(0);
  const openEpoch =
    closed === undefined ? epochOf(first?.entropy.index ?? current, parameters) : closed.epoch + 1;
  const progress = new Progress(parameters, judged, openEpoch);
  const latest = await store.latestEntropy();
  if (latest !== undefined) progress.published(latest.entropy);
  return progress;
}
