import {
  type ByteLink,
  type Driver,
  type DriverCounts,
  LinkLostError,
  type OpenByteLink,
} from "../driver.ts";
import { errorMessage } from "./error-message.ts";
import { ReadingQueue } from "./reading-queue.ts";

/** Bytes in, readings out; keeps a bounded buffer and never throws. */
export interface StreamDecoder<R> {
  /** Frames understood and refused, and bytes skipped, so far. */
  readonly counts: Readonly<Omit<DriverCounts, "droppedReadings">>;
  push(bytes: Uint8Array): R[];
  /** What is complete enough to tell when no more bytes will come. */
  flush(): R[];
}

export interface StreamDriverOptions<R> {
  name: string;
  /** An open link, or how to open one; failing to open it is thrown by the iteration. */
  link: ByteLink | OpenByteLink;
  decoder: StreamDecoder<R>;
  /** Readings held for a slow consumer. */
  capacity: number;
  /** Written once the link is open. */
  greeting?: Uint8Array;
}

/** A driver that decodes a byte link. It reads from the moment it is made, whether or not anybody iterates. */
export function streamDriver<R>(options: StreamDriverOptions<R>): Driver<R> {
  return new StreamDriver(options);
}

class StreamDriver<R> implements Driver<R> {
  readonly name: string;
  readonly #options: StreamDriverOptions<R>;
  readonly #readings: ReadingQueue<R>;
  readonly #opening = new AbortController();
  readonly #running: Promise<void>;
  #link: ByteLink | undefined;
  #closingLink: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: StreamDriverOptions<R>) {
    this.name = options.name;
    this.#options = options;
    this.#readings = new ReadingQueue({ capacity: options.capacity, onLeave: () => this.close() });
    this.#running = this.#run();
  }

  counts(): Readonly<DriverCounts> {
    return { ...this.#options.decoder.counts, droppedReadings: this.#readings.dropped };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncIterator](): AsyncIterator<R, undefined> {
    return this.#readings[Symbol.asyncIterator]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #run(): Promise<void> {
    try {
      await this.#read(await this.#open());
      throw new LinkLostError(`Lost ${this.name}: the link ended`);
    } catch (error) {
      this.#deliver(this.#options.decoder.flush());
      await this.#closeLink();
      this.#readings.fail(asLinkLost(this.name, error));
    }
  }

  async #open(): Promise<ByteLink> {
    const { link, greeting } = this.#options;
    this.#link = typeof link === "function" ? await link(this.#opening.signal) : link;
    if (greeting !== undefined && !this.#readings.ended) await this.#link.write(greeting);
    return this.#link;
  }

  async #read(link: ByteLink): Promise<void> {
    if (this.#readings.ended) return;
    for await (const bytes of link) {
      if (this.#readings.ended) return;
      this.#deliver(this.#options.decoder.push(bytes));
    }
  }

  #deliver(readings: R[]): void {
    for (const reading of readings) this.#readings.push(reading);
  }

  async #close(): Promise<void> {
    this.#readings.end();
    this.#opening.abort();
    await this.#closeLink();
    await this.#running;
  }

  /** A link that fails to close is gone all the same. */
  #closeLink(): Promise<void> {
    if (this.#link === undefined) return Promise.resolve();
    this.#closingLink ??= this.#link.close().catch(() => {});
    return this.#closingLink;
  }
}

function asLinkLost(name: string, error: unknown): LinkLostError {
  if (error instanceof LinkLostError) return error;
  return new LinkLostError(`Lost ${name}: ${errorMessage(error)}`, { cause: error });
}
