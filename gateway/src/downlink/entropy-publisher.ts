import {
  type Clock,
  type Entropy,
  entropyHash,
  entropyMessage,
  entropyTopic,
  type RoleSigners,
  type Signer,
  windowOf,
} from "@earshot/protocol";
import type { FixedParameters } from "../parameters/parameters-log.ts";
import type { Store } from "../store/store.ts";
import type { Progress } from "../time/progress.ts";
import type { Downlink } from "./downlink.ts";

/** 32 unpredictable bytes for the entropy with this index. The demo seeds it; a beacon of public randomness may replace it. */
export type EntropySource = (index: number) => Uint8Array;

interface EntropyPublisherDeps {
  parameters: FixedParameters;
  store: Pick<Store, "addEntropy" | "latestEntropy" | "entropyRange">;
  clock: Pick<Clock, "now">;
  signer: Signer | RoleSigners;
  source: EntropySource;
  downlink: Downlink;
  progress: Pick<Progress, "published">;
}

const NO_HASH = new Uint8Array(32);

/**
 * One value each period, chained to the one before: continued after a restart, with a gap for the time in between.
 * A value is stored before it is published, so that no two are ever published for one period.
 */
export class EntropyPublisher {
  readonly #deps: EntropyPublisherDeps;

  constructor(deps: EntropyPublisherDeps) {
    this.#deps = deps;
  }

  /** Makes and stores the current period's value if there is none yet. */
  async makeDue(): Promise<Entropy | undefined> {
    const { clock, parameters, progress, signer, store } = this.#deps;
    // Index and time are of one moment: the time lies in the period, or no verifier would believe it.
    const atMs = clock.now();
    const index = Math.floor(atMs / parameters.entropyPeriodMs);
    const latest = (await store.latestEntropy())?.entropy;
    if (latest !== undefined && latest.index >= index) return undefined;
    const entropy = await this.#make(index, atMs, latest);
    await store.addEntropy(entropy, entropyMessage.seal(entropy, signer, parameters.network));
    progress.published(entropy);
    return entropy;
  }

  /** Publishes the newest value, retained; again whenever a broker may have lost it. */
  async announce(): Promise<void> {
    const { downlink, parameters, store } = this.#deps;
    const latest = await store.latestEntropy();
    if (latest === undefined) return;
    await downlink.publish(entropyTopic(parameters.network), latest.message, { retain: true });
  }

  /** The current period's. */
  index(): number {
    return Math.floor(this.#deps.clock.now() / this.#deps.parameters.entropyPeriodMs);
  }

  /** Start of the next period, ms since the Unix epoch. */
  nextPeriodMs(): number {
    const { entropyPeriodMs } = this.#deps.parameters;
    return (this.index() + 1) * entropyPeriodMs;
  }

  async #make(index: number, atMs: number, latest: Entropy | undefined): Promise<Entropy> {
    const { parameters, source, store } = this.#deps;
    const { entropyPeriodMs, entropyValidityMs, windowPeriods, reportDeadlineMs, revealDeadlineMs } =
      parameters;
    const value = source(index);
    const windowStart = windowOf(index, windowPeriods) * windowPeriods;
    const [first] = await store.entropyRange(windowStart, index - 1);
    return {
      index,
      atMs,
      value,
      previousHash: latest === undefined ? NO_HASH : entropyHash(latest),
      periodMs: entropyPeriodMs,
      validityMs: entropyValidityMs,
      windowPeriods,
      windowValue: first?.entropy.value ?? value,
      reportDeadlineMs,
      revealDeadlineMs,
    };
  }
}
