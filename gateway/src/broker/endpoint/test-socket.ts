import type { Socket } from "node:net";
import { Duplex } from "node:stream";

/** A socket whose other side is a test: what is written waits until it is taken. */
export class TestSocket extends Duplex {
  remoteAddress = "192.0.2.1";
  readonly writes: Buffer[] = [];
  #taken: (() => void) | undefined;
  #isOpen = true;

  /** @param isTaking false: the other side stops reading */
  constructor(isTaking = true) {
    super({ highWaterMark: 16 * 1024 });
    this.#isOpen = isTaking;
  }

  get asSocket(): Socket {
    return this as unknown as Socket;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.writes.push(chunk);
    if (this.#isOpen) done();
    else this.#taken = done;
  }

  /** The other side reads again. */
  takeAll(): void {
    this.#isOpen = true;
    this.#taken?.();
  }
}

/** Lets what streams put off happen. */
export const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
