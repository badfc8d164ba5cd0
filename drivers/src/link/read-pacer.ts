import { read, readSync } from "node:fs";
import { availableParallelism } from "node:os";
import { errorCode } from "@earshot/protocol/runtime";

/** Two file descriptors of one terminal whose reads wait at most VTIME. */
export interface PacedPort {
  /** Opened without O_NONBLOCK: a read waits up to VTIME for the first byte. */
  readonly blockingFd: number;
  /** Opened with O_NONBLOCK: a read returns at once. */
  readonly nonBlockingFd: number;
}

/** A read that waits for its first byte. */
export interface PendingRead {
  /** Bytes read, at least 1. Rejects when the device is gone, or with the reason given to `cancel`. */
  readonly bytesRead: Promise<number>;
  /** Gives the read up; resolves when the file descriptors are no longer in use. */
  cancel(reason: Error): Promise<void>;
}

/** What a read answers when the device behind the port has gone. */
const GONE = ["EIO", "ENODEV", "ENXIO"];

/** Fills the buffer of one port once. */
class Request implements PendingRead {
  readonly port: PacedPort;
  readonly bytesRead: Promise<number>;
  settled = false;
  readonly #buffer: Uint8Array;
  readonly #settle: { resolve: (bytesRead: number) => void; reject: (error: unknown) => void };
  readonly #forget: (request: Request) => void;
  #blocking: Promise<void> = Promise.resolve();

  constructor(port: PacedPort, buffer: Uint8Array, forget: (request: Request) => void) {
    this.port = port;
    this.#buffer = buffer;
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.bytesRead = promise;
    this.#settle = { resolve, reject };
    this.#forget = forget;
  }

  /** Takes what has arrived, without waiting. */
  poll(): void {
    try {
      const bytesRead = readSync(this.port.nonBlockingFd, this.#buffer);
      // A silent device answers EAGAIN; end of file means that the terminal was hung up.
      if (bytesRead === 0) this.fail(new Error("it was unplugged"));
      else this.#done(bytesRead);
    } catch (error) {
      if (errorCode(error) !== "EAGAIN") this.fail(error);
    }
  }

  /** Waits for VTIME or the first byte. Never rejects. */
  waitForData(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#blocking = promise;
    read(this.port.blockingFd, this.#buffer, 0, this.#buffer.length, null, (error, bytesRead) => {
      if (error) this.fail(error);
      else if (bytesRead > 0) this.#done(bytesRead);
      else this.poll();
      resolve();
    });
    return promise;
  }

  fail(error: unknown): void {
    this.#finish();
    const gone = GONE.includes(errorCode(error));
    this.#settle.reject(gone ? new Error("it was unplugged", { cause: error }) : error);
  }

  cancel(reason: Error): Promise<void> {
    this.fail(reason);
    return this.#blocking;
  }

  #done(bytesRead: number): void {
    this.#finish();
    this.#settle.resolve(bytesRead);
  }

  #finish(): void {
    this.settled = true;
    this.#forget(this);
  }
}

/** Leaves one thread of Bun's file pool, which has one per core and at least two, to everything else. */
const MAX_LEADERS = Math.max(1, availableParallelism() - 1);

/**
 * Reads any number of serial ports with few waiting threads.
 *
 * With one blocking read per port, measured on two cores, two idle ports delay every other file access by VTIME, 24
 * ports by ten times that. So only some ports at a time, the leaders, do a blocking read, in turn; whenever one
 * returns (a byte, or VTIME) all the others are polled without blocking. A byte waits at most VTIME.
 */
export class ReadPacer {
  readonly #waiting = new Set<Request>();
  #leaders = 0;

  /** Starts a read into `buffer`, at least one byte long. One at a time per port. */
  read(port: PacedPort, buffer: Uint8Array): PendingRead {
    const request = new Request(port, buffer, (done) => this.#waiting.delete(done));
    this.#waiting.add(request);
    if (this.#leaders < MAX_LEADERS) void this.#lead();
    else request.poll();
    return request;
  }

  /** Takes what has arrived at every port that no leader waits for. */
  poll(): void {
    for (const request of [...this.#waiting]) request.poll();
  }

  async #lead(): Promise<void> {
    this.#leaders += 1;
    for (const leader of this.#waiting) {
      this.#waiting.delete(leader);
      await leader.waitForData();
      this.poll();
      // Behind the others, so that the next round is led by another port.
      if (!leader.settled) this.#waiting.add(leader);
    }
    this.#leaders -= 1;
  }
}
