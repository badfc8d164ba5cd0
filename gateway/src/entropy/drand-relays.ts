import { type Clock, type DrandChain, fromHex } from "@earshot/protocol";
import type { DrandChecker } from "@earshot/protocol/drand";
import { abortAfter, errorText } from "@earshot/protocol/runtime";
import { z } from "zod";
import { download, type Fetch } from "../verify/download.ts";

interface RelayDeps {
  /** Addresses of drand's HTTP relays, at most `MAX_RELAYS`, in the order in which they are asked. */
  urls: readonly string[];
  entropyPeriodMs: number;
  chain: Pick<DrandChain, "hash">;
  checker: DrandChecker;
  fetch: Fetch;
  clock: Pick<Clock, "elapsedMs" | "sleep">;
}

/** The signature of a round, or what each relay answered instead. */
export type RoundAnswer = { ok: true; signature: Uint8Array } | { ok: false; problems: string[] };

/** How long a relay may take before the next is asked: all together less than half a period. */
const RELAY_MS = 3000;
const RELAY_SHARE = 0.1;
export const MAX_RELAYS = 4;
/** An answer has some 250 bytes. */
const MAX_ANSWER_BYTES = 4096;

/** The League of Entropy's own relays and Cloudflare's. */
export const DEFAULT_RELAY_URLS = [
  "https://api.drand.sh",
  "https://api2.drand.sh",
  "https://drand.cloudflare.com",
] as const;

const answerSchema = z.object({ round: z.int(), signature: z.string() });

/** Asks relays for the signature of a round until one gives it. No relay is trusted: what it says is checked with the chain's key. */
export class DrandRelays {
  readonly #deps: RelayDeps;

  constructor(deps: RelayDeps) {
    this.#deps = deps;
  }

  /** Asks each relay once. Rejects only when `signal` is aborted. */
  async signatureOf(round: number, signal: AbortSignal): Promise<RoundAnswer> {
    const problems: string[] = [];
    for (const url of this.#deps.urls) {
      const answer = await this.#ask(url, round, signal);
      signal.throwIfAborted();
      if (answer instanceof Uint8Array) return { ok: true, signature: answer };
      problems.push(`${url}: ${answer}`);
    }
    return { ok: false, problems };
  }

  /** The checked signature, or what is wrong. */
  async #ask(url: string, round: number, signal: AbortSignal): Promise<Uint8Array | string> {
    const { chain, checker, clock, entropyPeriodMs, fetch } = this.#deps;
    const limitMs = Math.min(RELAY_MS, entropyPeriodMs * RELAY_SHARE);
    const address = new URL(`${chain.hash}/public/${round}`, url.endsWith("/") ? url : `${url}/`);
    const late = new Error(`no answer within ${limitMs} ms`);
    const downloaded = await abortAfter(clock, limitMs, late, signal, (limited) =>
      download({ fetch, clock, signal: limited }, address, { maxBytes: MAX_ANSWER_BYTES }),
    );
    if (!downloaded.ok) return downloaded.problem;
    const answer = readAnswer(downloaded.bytes);
    if (typeof answer === "string") return answer;
    if (answer.round !== round) return `it answered with round ${answer.round} when asked for ${round}`;
    if (!checker.isValid(answer)) return `its signature of round ${round} is not the chain's`;
    return answer.signature;
  }
}

function readAnswer(bytes: Uint8Array): { round: number; signature: Uint8Array } | string {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    return `its answer is no JSON: ${errorText(error)}`;
  }
  const read = answerSchema.safeParse(json);
  const signature = read.success ? fromHex(read.data.signature) : undefined;
  if (!read.success || signature === undefined) return "its answer has no round and signature in hex";
  return { round: read.data.round, signature };
}
