import {
  type Clock,
  type Entropy,
  entropyCounts,
  entropyHash,
  entropyMessage,
  entropyTopic,
  epochOf,
  type RoleSigners,
  type Signer,
  windowOf,
} from "@earshot/protocol";
import type { Mutex } from "@earshot/protocol/runtime";
import type { StateTeller } from "../entropy/announced-state.ts";
import type { EntropySource } from "../entropy/entropy-source.ts";
import type { FixedParameters } from "../parameters/parameters-log.ts";
import type { Store } from "../store/store.ts";
import type { Progress } from "../time/progress.ts";
import type { SteadyClock } from "../time/steady-clock.ts";
import type { Downlink } from "./downlink.ts";

interface EntropyPublisherDeps {
  parameters: FixedParameters;
  store: Pick<Store, "addEntropy" | "latestEntropy" | "entropyRange">;
  clock: Pick<Clock, "now"> & Partial<Pick<SteadyClock, "doubt">>;
  signer: Signer | RoleSigners;
  source: EntropySource;
  downlink: Downlink;
  progress: Pick<Progress, "published">;
  /** What the next epoch will be judged by. */
  states: Pick<StateTeller, "before">;
  /** Held while it is announced what there is, and while that changes. */
  announcing: Mutex;
  /** Called where an epoch begins, with the last entropy before: takes back what that did not announce. */
  takeBack(latest: Entropy, epoch: number): Promise<void>;
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

  /**
   * Makes and stores the current period's value if there is none yet. Waits for its source, in vain where the period ends
   * or the clock falls in doubt meanwhile.
   */
  async makeDue(signal: AbortSignal): Promise<Entropy | undefined> {
    const { announcing, clock, parameters, progress, signer, source, store } = this.#deps;
    const begunMs = clock.now();
    const index = Math.floor(begunMs / parameters.entropyPeriodMs);
    const latest = (await store.latestEntropy())?.entropy;
    if (latest !== undefined && latest.index >= index) return undefined;
    if (latest !== undefined) await this.#beginEpoch(latest, index);
    const drawn = await source.draw(index, signal);
    return announcing.run(async () => {
      // Index and time are of one moment: the time lies in the period, or no verifier would believe it.
      const atMs = drawn.source === null ? begunMs : clock.now();
      const isOver = Math.floor(atMs / parameters.entropyPeriodMs) !== index;
      if (isOver || clock.doubt !== undefined) return undefined;
      const entropy = await this.#make({ index, atMs, ...drawn }, latest);
      await store.addEntropy(entropy, entropyMessage.seal(entropy, signer, parameters.network));
      progress.published(entropy);
      return entropy;
    });
  }

  /** What nobody was told in time must not count in the epoch that begins. */
  async #beginEpoch(latest: Entropy, index: number): Promise<void> {
    const { parameters, takeBack } = this.#deps;
    const epoch = epochOf(index, parameters);
    if (epochOf(latest.index, parameters) < epoch) await takeBack(latest, epoch);
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

  async #make(
    { index, atMs, value, source }: Pick<Entropy, "index" | "atMs" | "value" | "source">,
    latest: Entropy | undefined,
  ): Promise<Entropy> {
    const { parameters, states, store } = this.#deps;
    const { entropyPeriodMs, entropyValidityMs, windowPeriods, reportDeadlineMs, revealDeadlineMs } =
      parameters;
    const windowStart = windowOf(index, windowPeriods) * windowPeriods;
    const before = await store.entropyRange(windowStart, index - 1);
    const first = before.find(({ entropy }) => entropyCounts(entropy));
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
      source,
      state: await states.before(epochOf(index, parameters) + 1),
    };
  }
}
