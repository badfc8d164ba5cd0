import type { Clock } from "@earshot/protocol/hotspot";
import { errorText } from "@earshot/protocol/runtime";
import type { ByteLink } from "../driver.ts";

/** Enough to recognise anything by; a flood is not kept. */
const MAX_HEARD_BYTES = 16_384;

/** Collects what comes over a link, and waits for it to make sense. */
export class PassiveListener {
  /** Why the link ended, once it did. */
  lost: string | undefined;
  readonly #clock: Clock;
  readonly #listening: Promise<void>;
  readonly #heard = new Uint8Array(MAX_HEARD_BYTES);
  #length = 0;
  #changed = Promise.withResolvers<void>();

  constructor(link: ByteLink, clock: Clock) {
    this.#clock = clock;
    this.#listening = this.#listen(link);
  }

  /** Everything since the start or the last `clear`, up to a limit. */
  get heard(): Uint8Array {
    return this.#heard.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  /** What `recognise` makes of all that was heard, as soon as it makes something of it; `undefined` after `ms`. */
  async waitFor<T>(
    ms: number,
    recognise: (heard: Uint8Array) => T | undefined,
    signal: AbortSignal,
  ): Promise<T | undefined> {
    const over = new AbortController();
    let isOver = false;
    const end = () => {
      isOver = true;
    };
    const timeout = this.#clock.sleep(ms, AbortSignal.any([signal, over.signal])).then(end, end);
    try {
      for (;;) {
        const changed = this.#changed.promise;
        const found = this.#length === 0 ? undefined : recognise(this.heard);
        if (found !== undefined || isOver || this.lost !== undefined) return found;
        await Promise.race([changed, timeout]);
      }
    } finally {
      over.abort();
      await timeout;
    }
  }

  /** Once the link is closed. */
  ended(): Promise<void> {
    return this.#listening;
  }

  async #listen(link: ByteLink): Promise<void> {
    try {
      for await (const bytes of link) this.#add(bytes);
      this.lost = "the port was closed";
    } catch (error) {
      this.lost = errorText(error);
    }
    this.#changed.resolve();
  }

  #add(bytes: Uint8Array): void {
    const part = bytes.subarray(0, MAX_HEARD_BYTES - this.#length);
    if (part.length === 0) return;
    this.#heard.set(part, this.#length);
    this.#length += part.length;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
