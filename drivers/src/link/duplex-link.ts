import type { Duplex } from "node:stream";
import { errorText } from "@earshot/protocol/runtime";
import { type ByteLink, LinkLostError } from "../driver.ts";

export interface DuplexLinkOptions {
  stream: Duplex;
  /** What is lost when it is lost: "serial port /dev/ttyUSB0", "tcp localhost:2947". */
  where: string;
  /** Releases what is below the stream. Called once. */
  release: () => Promise<void>;
}

/** A byte link over a Node.js stream: its end and its errors become a `LinkLostError`. Leaving the loop closes it. */
export class DuplexLink implements ByteLink {
  readonly #options: DuplexLinkOptions;
  #closing: Promise<void> | undefined;

  constructor(options: DuplexLinkOptions) {
    this.#options = options;
    // The iteration and writes report errors; one that comes between them must not end the process.
    options.stream.on("error", () => {});
  }

  write(bytes: Uint8Array): Promise<void> {
    const { stream, where } = this.#options;
    if (stream.destroyed) return Promise.reject(new LinkLostError(`Cannot write: ${where} is closed`));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // A stream that is closing may never answer.
    const onClose = () => reject(this.#lost("it was closed during a write"));
    stream.once("close", onClose);
    stream.write(bytes, (error) => {
      stream.off("close", onClose);
      if (error) reject(this.#lost(error));
      else resolve();
    });
    return promise;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    try {
      for await (const bytes of this.#options.stream) yield bytes;
      throw new Error("the other end closed it");
    } catch (error) {
      if (this.#closing === undefined) throw this.#lost(error);
    } finally {
      await this.close();
    }
  }

  async #close(): Promise<void> {
    await this.#options.release();
    this.#options.stream.destroy();
  }

  #lost(cause: unknown): LinkLostError {
    return new LinkLostError(`Lost ${this.#options.where}: ${errorText(cause)}`, { cause });
  }
}
