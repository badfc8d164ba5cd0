export interface ReadingQueueOptions {
  /** Most items queued; beyond it the oldest is dropped and counted. */
  capacity: number;
  /** Called when the consumer leaves the iteration by `break`, `return` or an error of its own. */
  onLeave?: () => Promise<void>;
}

interface Waiter<T> {
  resolve: (result: IteratorResult<T, undefined>) => void;
  reject: (error: Error) => void;
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * A bounded queue between a device that never waits and a consumer that may be slow. Iterated once.
 *
 * `end()` forgets what is queued and ends the iteration; `fail()` lets the consumer read what is queued, then throws
 * once. Both are final: the first one counts, and later pushes are ignored.
 */
export class ReadingQueue<T> implements AsyncIterable<T> {
  readonly #capacity: number;
  readonly #onLeave: () => Promise<void>;
  #items: T[] = [];
  #head = 0;
  #waiters: Waiter<T>[] = [];
  #dropped = 0;
  #ended = false;
  #error: Error | undefined;
  #iterated = false;

  constructor(options: ReadingQueueOptions) {
    if (!Number.isInteger(options.capacity) || options.capacity < 1) {
      throw new RangeError(`Queue capacity is ${options.capacity}; allowed are whole numbers from 1`);
    }
    this.#capacity = options.capacity;
    this.#onLeave = options.onLeave ?? (async () => {});
  }

  /** Items dropped so far because the queue was full. */
  get dropped(): number {
    return this.#dropped;
  }

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** True after `end()` or `fail()`. */
  get ended(): boolean {
    return this.#ended;
  }

  push(item: T): void {
    if (this.#ended) return;
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter.resolve({ done: false, value: item });
      return;
    }
    if (this.length === this.#capacity) {
      this.#shift();
      this.#dropped += 1;
    }
    this.#items.push(item);
  }

  end(): void {
    this.#items = [];
    this.#head = 0;
    this.#error = undefined;
    this.#finish();
  }

  fail(error: Error): void {
    if (this.#ended) return;
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#error = error;
    else waiter.reject(error);
    this.#finish();
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    if (this.#iterated) throw new TypeError("Already iterated: readings are handed out once");
    this.#iterated = true;
    return {
      next: () => this.#next(),
      return: async () => {
        this.end();
        await this.#onLeave();
        return DONE;
      },
    };
  }

  async #next(): Promise<IteratorResult<T, undefined>> {
    if (this.length > 0) return { done: false, value: this.#shift() };
    const error = this.#error;
    if (error !== undefined) {
      this.#error = undefined;
      throw error;
    }
    if (this.#ended) return DONE;
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  #finish(): void {
    this.#ended = true;
    for (const waiter of this.#waiters.splice(0)) waiter.resolve(DONE);
  }

  #shift(): T {
    const item = this.#items[this.#head] as T;
    this.#head += 1;
    // Dropping the consumed half at once keeps a read O(1) on average and the array at most twice the capacity.
    if (this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}
