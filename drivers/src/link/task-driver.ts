import { errorText } from "@earshot/protocol/runtime";
import { type Driver, type DriverCounts, LinkLostError } from "../driver.ts";
import { ReadingQueue } from "./reading-queue.ts";

export interface TaskDriverOptions<R> {
  name: string;
  /** Readings queued for a slow consumer. */
  capacity: number;
  counts: () => Omit<DriverCounts, "droppedReadings">;
  /** Makes readings until `signal` is aborted; leaves nothing open or pending behind. Its end means that the device is lost. */
  run: (emit: (reading: R) => void, signal: AbortSignal) => Promise<void>;
}

/** A driver that is a task: for a device that is asked, or files that are read. It runs from the moment it is made. */
export function taskDriver<R>(options: TaskDriverOptions<R>): Driver<R> {
  return new TaskDriver(options);
}

class TaskDriver<R> implements Driver<R> {
  readonly name: string;
  readonly #options: TaskDriverOptions<R>;
  readonly #readings: ReadingQueue<R>;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #closing: Promise<void> | undefined;

  constructor(options: TaskDriverOptions<R>) {
    this.name = options.name;
    this.#options = options;
    this.#readings = new ReadingQueue({ capacity: options.capacity, onLeave: () => this.close() });
    this.#running = this.#run();
  }

  counts(): Readonly<DriverCounts> {
    return { ...this.#options.counts(), droppedReadings: this.#readings.dropped };
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

  /** After `close()` the queue has ended, and an error of the task that was stopped is not reported. */
  async #run(): Promise<void> {
    try {
      await this.#options.run((reading) => this.#readings.push(reading), this.#stop.signal);
      throw new LinkLostError(`Lost ${this.name}: the link ended`);
    } catch (error) {
      this.#readings.fail(toLinkLostError(this.name, error));
    }
  }

  async #close(): Promise<void> {
    this.#readings.end();
    this.#stop.abort();
    await this.#running;
  }
}

/** Whatever ended a device, as the loss of that device. */
export function toLinkLostError(name: string, error: unknown): LinkLostError {
  if (error instanceof LinkLostError) return error;
  return new LinkLostError(`Lost ${name}: ${errorText(error)}`, { cause: error });
}
