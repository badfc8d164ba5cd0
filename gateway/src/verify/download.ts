import type { Clock } from "@earshot/protocol";
import { errorText, LinkedAbort } from "@earshot/protocol/runtime";

/** What is fetched from a server that nobody vouches for: bounded in size and time, as sent, and from that host only. */

export type Fetch = (url: URL, init: BunFetchRequestInit) => Promise<Response>;

/** How downloads are made. Without a clock there is no time limit. */
export interface Transport {
  fetch: Fetch;
  clock?: Pick<Clock, "elapsedMs" | "sleep">;
  /** Ends it at any time. */
  signal?: AbortSignal;
}

/** Bytes that are allowed: at most so many, or exactly. */
export type Allowed = { maxBytes: number } | { bytes: number };

export type Downloaded = { ok: true; bytes: Uint8Array } | { ok: false; problem: string };

/** How long nothing may come. */
const SILENCE_MS = 30_000;
/** From a minute on so much must have come each second since: slower is a server that holds us up. */
const GRACE_MS = 60_000;
const MIN_BYTES_PER_S = 4096;

/**
 * The bytes at an address, or what is wrong. Redirects are not followed: they may lead to another host. Encoded bytes
 * are not taken, although no encoding was asked for: a few of them become gigabytes.
 */
export async function download(transport: Transport, url: URL, allowed: Allowed): Promise<Downloaded> {
  const aborted = new LinkedAbort(transport.signal ?? new AbortController().signal);
  const received = new Received("bytes" in allowed ? allowed.bytes : allowed.maxBytes);
  const watched = transport.clock && giveUp(received, transport.clock, aborted);
  try {
    const response = await transport.fetch(url, {
      redirect: "manual",
      decompress: false,
      headers: { "accept-encoding": "identity" },
      signal: aborted.signal,
    });
    const problem = headProblem(response, allowed) ?? (await receive(response, received));
    if (problem !== undefined) return { ok: false, problem: `${problem} (${url})` };
    if ("bytes" in allowed && received.length < allowed.bytes) {
      return { ok: false, problem: `it ended after ${received.length} of ${allowed.bytes} bytes (${url})` };
    }
    return { ok: true, bytes: received.bytes };
  } catch (error) {
    const reason: unknown = aborted.signal.aborted ? aborted.signal.reason : error;
    return { ok: false, problem: `${errorText(reason)} (${url})` };
  } finally {
    // The rest is not needed.
    aborted.end(new Error("The download has ended"));
    await watched;
  }
}

function headProblem({ status, headers }: Response, allowed: Allowed): string | undefined {
  if (status >= 300 && status < 400) return `HTTP status ${status}: redirects are not followed`;
  if (status !== 200) return `HTTP status ${status}`;
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding.toLowerCase() !== "identity") {
    return `encoded as "${encoding.slice(0, 40)}", although only identity was asked for`;
  }
  const length = headers.get("content-length");
  if (length === null) return undefined;
  if ("bytes" in allowed) {
    return Number(length) === allowed.bytes ? undefined : `${length} bytes instead of ${allowed.bytes}`;
  }
  return Number(length) <= allowed.maxBytes ? undefined : moreThan(allowed.maxBytes);
}

const moreThan = (bytes: number): string => `more than ${bytes} bytes`;

async function receive({ body }: Response, received: Received): Promise<string | undefined> {
  if (body === null) return undefined;
  for await (const part of body) if (!received.add(part)) return moreThan(received.limit);
  return undefined;
}

/** Bytes as they come, in one place that grows with them. */
class Received {
  readonly limit: number;
  #buffer = new Uint8Array(0);
  length = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  get bytes(): Uint8Array {
    return this.#buffer.length === this.length ? this.#buffer : this.#buffer.slice(0, this.length);
  }

  /** False when there are more than allowed; then nothing is added. */
  add(part: Uint8Array): boolean {
    const length = this.length + part.length;
    if (length > this.limit) return false;
    if (length > this.#buffer.length) {
      const grown = new Uint8Array(Math.min(this.limit, Math.max(length, this.#buffer.length * 2, 65_536)));
      grown.set(this.#buffer.subarray(0, this.length));
      this.#buffer = grown;
    }
    this.#buffer.set(part, this.length);
    this.length = length;
    return true;
  }
}

/** Aborts when nothing has come for too long, or all together takes too long. Ends when it is aborted. */
async function giveUp(
  received: Received,
  clock: Pick<Clock, "elapsedMs" | "sleep">,
  aborted: LinkedAbort,
): Promise<void> {
  const startMs = clock.elapsedMs();
  let [length, changedMs] = [received.length, startMs];
  while (!aborted.signal.aborted) {
    const elapsedMs = clock.elapsedMs();
    // Looked at now and then, so that a part costs no timer: silence is noticed at most a tenth late.
    if (received.length !== length) [length, changedMs] = [received.length, elapsedMs];
    const isSilent = elapsedMs - changedMs >= SILENCE_MS;
    const isSlow = received.length < ((elapsedMs - startMs - GRACE_MS) * MIN_BYTES_PER_S) / 1000;
    if (isSilent || isSlow) {
      const slow = `it came slower than ${MIN_BYTES_PER_S} bytes a second`;
      const what = isSilent ? `nothing came for ${SILENCE_MS / 1000} s` : slow;
      aborted.end(new Error(`${what}: given up after ${length} bytes`));
      return;
    }
    try {
      await clock.sleep(SILENCE_MS / 10, aborted.signal);
    } catch {
      return;
    }
  }
}
