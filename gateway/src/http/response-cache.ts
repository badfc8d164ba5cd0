import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { Clock } from "@earshot/protocol";
import type { Context, MiddlewareHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import type { EventHub, GatewayEvent } from "../monitoring/events.ts";
import { noneMatchFits } from "./conditional-requests.ts";

/** How long an answer is cached, ms, unless an event makes it stale. */
export const KEEP_MS = 1000;
/** Of answers about many hotspots, which cost more. */
const KEEP_LONGER_MS: Readonly<Record<string, number>> = {
  "/api/v1/hotspots": 3000,
  "/api/v1/cells": 5000,
  "/api/v1/links": 5000,
  "/api/v1/openapi.json": 3_600_000,
};
const MAX_KEPT_BYTES = 33_554_432;
/** A longer path and query is answered, but not kept. */
const MAX_KEY_CHARACTERS = 300;
/** Below that, compressing saves no packet on the wire. */
const MIN_GZIP_BYTES = 1400;

const LIMITS = { atOnce: 2, maxWaiting: 256 };

interface Answer {
  bytes: Uint8Array<ArrayBuffer>;
  etag: string;
  /** Made when first asked for. */
  gzipped?: Promise<Uint8Array<ArrayBuffer>>;
  madeElapsedMs: number;
}

const compress = promisify(gzip);

/**
 * The API's answers in JSON: kept for a moment and shared, with an entity tag, compressed for who takes that, and
 * made a few at a time.
 */
export class ResponseCache {
  readonly #clock: Pick<Clock, "elapsedMs">;
  readonly #limit = new ConcurrencyLimit(LIMITS);
  /** By path and query, the oldest first. */
  readonly #kept = new Map<string, Answer>();
  #keptBytes = 0;
  /** Answers being made that no event has made stale. */
  readonly #making = new Map<string, Promise<Answer | undefined>>();

  constructor({ clock, events }: { clock: Pick<Clock, "elapsedMs">; events: Pick<EventHub, "listen"> }) {
    this.#clock = clock;
    events.listen((event) => this.#note(event));
  }

  readonly middleware: MiddlewareHandler = async (c, next) => {
    if (c.req.method !== "GET" && c.req.method !== "HEAD") {
      await next();
      if (c.res.ok) this.#forgetAll();
      return;
    }
    const key = keyOf(c);
    let answer = this.#fresh(key);
    const making = answer === undefined ? this.#making.get(key) : undefined;
    if (making !== undefined) answer = await making;
    // Also where the other's came to nothing that can be shared: a refusal, a stream.
    answer ??= await this.#shared(key, c, next);
    if (answer !== undefined) c.res = await send(answer, c);
  };

  #fresh(key: string): Answer | undefined {
    const answer = this.#kept.get(key);
    if (answer === undefined) return undefined;
    const path = key.split("?", 1)[0] ?? "";
    const ageMs = this.#clock.elapsedMs() - answer.madeElapsedMs;
    if (ageMs < (KEEP_LONGER_MS[path] ?? KEEP_MS)) return answer;
    this.#drop(key);
    return undefined;
  }

  async #shared(key: string, c: Context, next: () => Promise<void>): Promise<Answer | undefined> {
    const making = this.#limit.run(() => this.#make(c, next));
    this.#making.set(key, making);
    const isCurrent = () => this.#making.get(key) === making;
    try {
      const answer = await making;
      if (answer !== undefined && isCurrent() && key.length <= MAX_KEY_CHARACTERS) this.#keep(key, answer);
      return answer;
    } finally {
      if (isCurrent()) this.#making.delete(key);
    }
  }

  async #make(c: Context, next: () => Promise<void>): Promise<Answer | undefined> {
    const madeElapsedMs = this.#clock.elapsedMs();
    await next();
    const isJson = /^application\/json\b(?!l)/.test(c.res.headers.get("content-type") ?? "");
    if (c.res.status !== 200 || !isJson || c.res.headers.has("etag")) return undefined;
    const bytes = new Uint8Array(await c.res.arrayBuffer());
    return { bytes, etag: etagOf(bytes), madeElapsedMs };
  }

  #keep(key: string, answer: Answer): void {
    this.#kept.set(key, answer);
    this.#keptBytes += sizeOf(answer);
    for (const oldest of this.#kept.keys()) {
      if (this.#keptBytes <= MAX_KEPT_BYTES) break;
      this.#drop(oldest);
    }
  }

  #drop(key: string): void {
    this.#making.delete(key);
    const answer = this.#kept.get(key);
    if (answer === undefined) return;
    this.#keptBytes -= sizeOf(answer);
    this.#kept.delete(key);
  }

  #forgetAll(): void {
    this.#making.clear();
    this.#kept.clear();
    this.#keptBytes = 0;
  }

  /** Whoever receives an event asks at once. Lists keep their answer when one hotspot comes or goes: the event carries that. */
  #note(event: GatewayEvent): void {
    if (event.kind === "entropy") this.#drop("/api/v1/network");
    else if (event.kind === "hotspot") this.#drop(`/api/v1/hotspots/${event.hotspotId}`);
    else this.#forgetAll();
  }
}

/** Path and query as they were sent. */
const keyOf = (c: Context): string => c.req.url.slice(c.req.url.indexOf("/", "https://".length));

/** With the compressed form, which is smaller. */
const sizeOf = ({ bytes }: Answer): number => 2 * bytes.length + 1000;

/** A weak entity tag (RFC 9110 §8.8.1): it ignores the time of the answer. */
function etagOf(bytes: Uint8Array): string {
  const head = new TextDecoder().decode(bytes.subarray(0, 40));
  const unstamped = bytes.subarray(/^\{"nowMs":\d+/.exec(head)?.[0].length ?? 0);
  return `W/"${new Bun.CryptoHasher("sha256").update(unstamped).digest("hex").slice(0, 32)}"`;
}

const GZIP = /(?:^|,)\s*(?:gzip|\*)\s*(?!;\s*q=0(?:\.0*)?\s*(?:,|$))/i;

async function send(answer: Answer, c: Context): Promise<Response> {
  const { bytes, etag } = answer;
  // `no-cache`: kept by browsers, but asked for again with its tag.
  const common = { ETag: etag, "Cache-Control": "no-cache", Vary: "Accept-Encoding" };
  if (noneMatchFits(c.req.header("if-none-match"), etag))
    return new Response(null, { status: 304, headers: common });
  const headers = { ...common, "Content-Type": "application/json" };
  const isSmall = bytes.length < MIN_GZIP_BYTES;
  if (isSmall || !GZIP.test(c.req.header("accept-encoding") ?? "")) return sized(bytes, headers);
  answer.gzipped ??= compress(bytes).then((gzipped) => new Uint8Array(gzipped));
  return sized(await answer.gzipped, { ...headers, "Content-Encoding": "gzip" });
}

const sized = (bytes: Uint8Array<ArrayBuffer>, headers: Record<string, string>): Response =>
  new Response(bytes, { headers: { ...headers, "Content-Length": String(bytes.length) } });

/**
 * Answers are made a few at a time, and what else came in the meantime goes before each: however many people read,
 * packets and logins do not wait behind a row of pages.
 */
export class ConcurrencyLimit {
  readonly #atOnce: number;
  readonly #maxWaiting: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor({ atOnce, maxWaiting }: { atOnce: number; maxWaiting: number }) {
    this.#atOnce = atOnce;
    this.#maxWaiting = maxWaiting;
  }

  /** @throws {HTTPException} 503 if too many wait already */
  async run<T>(job: () => Promise<T>): Promise<T> {
    if (this.#running < this.#atOnce) this.#running++;
    else await this.#wait();
    try {
      await new Promise((resolve) => setImmediate(resolve));
      return await job();
    } finally {
      // The turn goes on to whoever has waited longest.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }

  #wait(): Promise<void> {
    if (this.#waiting.length >= this.#maxWaiting) {
      throw new HTTPException(503, { message: "Too many requests wait already; try again later" });
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
