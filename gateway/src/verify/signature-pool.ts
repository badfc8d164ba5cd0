import { packJobs } from "./signature-batch.ts";
import type { PendingSignatures, SignatureChecker, SignatureJob } from "./signatures.ts";

/** Message to a worker, and its answer: one byte for each job. */
export interface BatchAsked {
  id: number;
  packed: Uint8Array<ArrayBuffer>;
}

export interface BatchAnswered {
  id: number;
  answers: Uint8Array;
}

/** Threads that check signatures. They start with the first batch; `close` ends them. */
interface SignaturePool extends SignatureChecker {
  close(): void;
}

const WORKER_FILE = new URL("signature-worker.ts", import.meta.url);

/** @param threads at least 1 */
export function openSignaturePool(threads: number): SignaturePool {
  if (!Number.isInteger(threads) || threads < 1) {
    throw new RangeError(`A signature pool of ${threads} threads was asked for; at least 1 is needed`);
  }
  let workers: SignatureThread[] | undefined;
  return {
    start(jobs) {
      workers ??= Array.from({ length: threads }, () => new SignatureThread());
      return share(jobs, workers);
    },
    close() {
      for (const worker of workers ?? []) worker.close();
      workers = [];
    },
  };
}

/** A key always goes to the same thread, which then knows it: admission takes as long as twenty signatures. */
function share(jobs: readonly SignatureJob[], workers: readonly SignatureThread[]): PendingSignatures {
  if (workers.length === 0) throw new TypeError("The signature pool is closed");
  const shares = workers.map((): number[] => []);
  for (const [i, { publicKey }] of jobs.entries()) shares[shareOf(publicKey, workers.length)]?.push(i);
  const parts = shares.map((own, i) => workers[i]?.ask(own.map((at) => jobs[at] as SignatureJob)));
  // Handled where it is awaited; until then an unhandled rejection would end the process.
  for (const part of parts) part?.catch(() => undefined);
  return {
    isReady: false,
    async answers() {
      const all = new Uint8Array(jobs.length);
      for (const [i, part] of (await Promise.all(parts)).entries()) {
        for (const [k, at] of (shares[i] ?? []).entries()) all[at] = part?.[k] ?? 0;
      }
      return all;
    },
  };
}

/** By bytes from the middle of the key, so that keys made to begin alike do not all go to one thread. */
const shareOf = (publicKey: Uint8Array, threads: number): number =>
  ((publicKey[13] ?? 0) * 256 + (publicKey[17] ?? 0)) % threads;

class SignatureThread {
  readonly #worker = new Worker(WORKER_FILE);
  readonly #waiting = new Map<number, PromiseWithResolvers<Uint8Array>>();
  #failure: Error | undefined;
  #nextId = 0;

  constructor() {
    this.#worker.onmessage = ({ data: { id, answers } }: MessageEvent<BatchAnswered>) => {
      this.#waiting.get(id)?.resolve(answers);
      this.#waiting.delete(id);
    };
    this.#worker.onerror = ({ message }) => this.#fail(new Error(`A signature thread failed: ${message}`));
  }

  async ask(jobs: readonly SignatureJob[]): Promise<Uint8Array> {
    if (jobs.length === 0) return new Uint8Array();
    if (this.#failure !== undefined) throw this.#failure;
    const id = this.#nextId++;
    const answer = Promise.withResolvers<Uint8Array>();
    this.#waiting.set(id, answer);
    const packed = packJobs(jobs);
    const asked: BatchAsked = { id, packed };
    this.#worker.postMessage(asked, [packed.buffer]);
    return answer.promise;
  }

  close(): void {
    this.#fail(new Error("The signature pool was closed"));
    this.#worker.terminate();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
