import type { Clock } from "@earshot/protocol/hotspot";
import { LinkedAbort, withTimeout } from "@earshot/protocol/runtime";

export type Fetch = (url: URL, init: RequestInit) => Promise<Response>;

/** How long nothing may come. */
const SILENCE_MS = 30_000;
/** A page of the API: ids of some 10,000 reports. */
const MAX_JSON_BYTES = 2 ** 21;

/** A proof of the network's log, with the entry. */
const MAX_TEXT_BYTES = 2 ** 20;

/** Reads a gateway's API: bounded in size and time, from that host only. `undefined` is 404: it has no such thing. */
export class GatewayApi {
  readonly #base: URL;
  readonly #clock: Clock;
  readonly #fetch: Fetch;
  readonly #signal: AbortSignal;

  constructor(base: URL, { clock, signal, fetch }: { clock: Clock; signal: AbortSignal; fetch: Fetch }) {
    this.#base = base;
    this.#clock = clock;
    this.#signal = signal;
    this.#fetch = fetch;
  }

  /** @throws {Error} */
  async json(path: string): Promise<unknown> {
    const bytes = await this.bytes(path, MAX_JSON_BYTES);
    return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as unknown);
  }

  /** Empty where there is none. @throws {Error} */
  async text(path: string): Promise<string> {
    return new TextDecoder().decode(await this.bytes(path, MAX_TEXT_BYTES));
  }

  /** @throws {Error} */
  async bytes(path: string, maxBytes: number): Promise<Uint8Array | undefined> {
    const parts: Uint8Array[] = [];
    const isThere = await this.stream(path, maxBytes, (part) => parts.push(part));
    return isThere ? new Uint8Array(Buffer.concat(parts)) : undefined;
  }

  /** Hands the bytes on as they come. False where there are none. @throws {Error} */
  async stream(path: string, maxBytes: number, use: (part: Uint8Array) => void): Promise<boolean> {
    const url = new URL(path, this.#base);
    const request = new LinkedAbort(this.#signal);
    const inTime = <T>(promise: Promise<T>) =>
      withTimeout(this.#clock, SILENCE_MS, `nothing came from ${url} for ${SILENCE_MS / 1000} s`, promise);
    try {
      const sent = this.#fetch(url, { redirect: "error", signal: request.signal });
      const response = await inTime(sent);
      if (response.status === 404) return false;
      if (!response.ok) throw new Error(`HTTP ${response.status} (${url})`);
      const reader = response.body?.getReader();
      let length = 0;
      for (let read = await inTime(next(reader)); read !== undefined; read = await inTime(next(reader))) {
        length += read.length;
        if (length > maxBytes) throw new Error(`more than ${maxBytes} bytes came (${url})`);
        use(read);
      }
      return true;
    } finally {
      request.end();
    }
  }
}

async function next(
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined,
): Promise<Uint8Array | undefined> {
  return (await reader?.read())?.value;
}
