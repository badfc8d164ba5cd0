import { ReadingQueue, type ReadingQueueOptions } from "../link/reading-queue.ts";

/** A queue that knows when its consumer has dealt with everything and asks for more. */
export class ObservedQueue<T> implements AsyncIterable<T> {
  readonly #queue: ReadingQueue<T>;
  #starving = false;
  #watchers: (() => void)[] = [];

  constructor(options: ReadingQueueOptions) {
    this.#queue = new ReadingQueue(options);
  }

  get dropped(): number {
    return this.#queue.dropped;
  }

  get ended(): boolean {
    return this.#queue.ended;
  }

  push(item: T): void {
    if (this.#queue.ended) return;
    this.#starving = false;
    this.#queue.push(item);
  }

  end(): void {
    this.#queue.end();
    this.#notify();
  }

  fail(error: Error): void {
    this.#queue.fail(error);
    this.#notify();
  }

  /** Resolves once all items pushed so far were taken and the consumer asked for the next, or the queue ended. */
  drained(): Promise<void> {
    if (this.#starving || this.#queue.ended) return Promise.resolve();
    return new Promise((resolve) => this.#watchers.push(resolve));
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    const inner = this.#queue[Symbol.asyncIterator]();
    return {
      next: () => {
        if (this.#queue.length === 0) {
          this.#starving = true;
          this.#notify();
        }
        return inner.next();
      },
      return: async () => {
        const result = await inner.return?.();
        this.#notify();
        return result ?? { done: true, value: undefined };
      },
    };
  }

  #notify(): void {
    for (const watcher of this.#watchers.splice(0)) watcher();
  }
}
