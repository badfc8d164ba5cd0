import type { Clock } from "@earshot/protocol/hotspot";
import type { ByteLink, OpenByteLink } from "../driver.ts";

export interface PollOptions {
  clock: Clock;
  /** Written one after the other when the link is open. */
  start: readonly Uint8Array[];
  /** Written every `periodMs` from then on. */
  request: Uint8Array;
  periodMs: number;
}

/** A link to a device that speaks when it is asked: asks until it is closed or lost. */
export function polledLink(link: ByteLink | OpenByteLink, options: PollOptions): OpenByteLink {
  return async (signal) => {
    const open = typeof link === "function" ? await link(signal) : link;
    return new PolledLink(open, options);
  };
}

class PolledLink implements ByteLink {
  readonly #link: ByteLink;
  readonly #stop = new AbortController();
  readonly #asking: Promise<void>;

  constructor(link: ByteLink, options: PollOptions) {
    this.#link = link;
    this.#asking = this.#ask(options);
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#link.write(bytes);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#link.close();
    await this.#asking;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.#link[Symbol.asyncIterator]();
  }

  /** A link that is lost fails for whoever reads it. */
  async #ask({ clock, start, request, periodMs }: PollOptions): Promise<void> {
    const { signal } = this.#stop;
    try {
      for (const bytes of start) await this.#link.write(bytes);
      while (!signal.aborted) {
        await clock.sleep(periodMs, signal);
        await this.#link.write(request);
      }
    } catch {
      // Closed, or lost.
    }
  }
}
