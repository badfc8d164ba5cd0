import { type VerifyingKey, verifyEd25519 } from "@earshot/protocol";

export interface SentSignature {
  publicKey: Uint8Array;
  key: VerifyingKey;
  message: Uint8Array;
  signature: Uint8Array;
}

/** Checks signatures in other threads: 1 for each valid one, in order. */
export type VerifyElsewhere = (
  jobs: readonly Pick<SentSignature, "publicKey" | "message" | "signature">[],
) => Promise<Uint8Array>;

export interface SignatureQueueDeps {
  verifyElsewhere: VerifyElsewhere;
  /** As the batcher's. */
  scheduleFlush: (flush: () => void) => void;
  maxWaiting: number;
  /** The other threads failed: signatures are checked here. */
  onFailure(error: Error): void;
}

class Batch {
  /** Undefined for a call that only waits for its turn. */
  readonly jobs: (SentSignature | undefined)[] = [];
  readonly answers = Promise.withResolvers<readonly boolean[]>();
}

/** Fewer are checked here: waking another thread costs more. */
const MIN_ELSEWHERE = 64;
/** Few enough that none waits long for the others of its batch. */
const MAX_BATCH = 256;
/** So that the other threads find the next batch when they have finished one. */
const MAX_UNDER_WAY = 2;

/**
 * Checks signatures in other threads, many at a time, and answers in the order of the calls: packets are stored and
 * refused in the order in which they came.
 */
export class SignatureQueue {
  readonly #deps: SignatureQueueDeps;
  #queue: Batch[] = [];
  #underWay = 0;
  #isGathering = false;
  #waiting = 0;
  #latest: Promise<unknown> = Promise.resolve();

  constructor(deps: SignatureQueueDeps) {
    this.#deps = deps;
  }

  get isEmpty(): boolean {
    return this.#waiting === 0;
  }

  /**
   * Whether the signature is valid, once all earlier calls are answered; without a job it only waits for them: false.
   * @throws {Error} if too many wait already
   */
  async check(job: SentSignature | undefined): Promise<boolean> {
    const { scheduleFlush, maxWaiting } = this.#deps;
    if (this.#waiting >= maxWaiting) {
      throw new Error(`${maxWaiting} packets wait for their signature to be checked already`);
    }
    this.#waiting++;
    const batch = this.#openBatch();
    const at = batch.jobs.push(job) - 1;
    if (!this.#isGathering) {
      this.#isGathering = true;
      scheduleFlush(() => {
        this.#isGathering = false;
        this.#handOver();
      });
    }
    return (await batch.answers.promise)[at] === true;
  }

  #openBatch(): Batch {
    const last = this.#queue.at(-1);
    if (last !== undefined && last.jobs.length < MAX_BATCH) return last;
    const batch = new Batch();
    this.#queue.push(batch);
    return batch;
  }

  #handOver(): void {
    while (this.#underWay < MAX_UNDER_WAY) {
      const batch = this.#queue.shift();
      if (batch === undefined) return;
      this.#underWay++;
      this.#latest = this.#answer(batch, this.#latest);
    }
  }

  async #answer(batch: Batch, earlier: Promise<unknown>): Promise<void> {
    const answers = await this.#verify(batch.jobs);
    await earlier;
    this.#waiting -= batch.jobs.length;
    this.#underWay--;
    batch.answers.resolve(answers);
    this.#handOver();
  }

  async #verify(all: Batch["jobs"]): Promise<readonly boolean[]> {
    const jobs = all.filter((job) => job !== undefined);
    const held = jobs.length < MIN_ELSEWHERE ? undefined : await this.#verifyElsewhere(jobs);
    let next = 0;
    return all.map((job) => job !== undefined && (held === undefined ? verifyNow(job) : held[next++] === 1));
  }

  /** Undefined where the other threads failed: then they are checked here. */
  async #verifyElsewhere(jobs: readonly SentSignature[]): Promise<Uint8Array | undefined> {
    try {
      return await this.#deps.verifyElsewhere(jobs);
    } catch (error) {
      this.#deps.onFailure(error as Error);
      return undefined;
    }
  }
}

export const verifyNow = ({ key, message, signature }: SentSignature): boolean =>
  verifyEd25519(key, message, signature);
