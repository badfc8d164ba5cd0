import type { Clock, Log } from "@earshot/protocol";
import { Backoff, errorText, OutageLog, pause } from "@earshot/protocol/runtime";
import {
  formatNote,
  type LogPolicy,
  type NoteSignature,
  type PolicyWitness,
  parseCheckpoint,
  parseNote,
  type SignedNote,
} from "@earshot/protocol/tlog";
import { count, type GatewayMetrics } from "../monitoring/metrics.ts";
import type { SignedHead } from "./public-log.ts";
import { askWitness, type Fetch, type WitnessAnswer } from "./witness-client.ts";

interface WitnessesDeps {
  policy: LogPolicy;
  clock: Pick<Clock, "elapsedMs" | "sleep">;
  fetch: Fetch;
  log: Log;
  metrics: Pick<GatewayMetrics, "cosignatures" | "cosignFailures" | "logWitnessed">;
  /** That one size of the log is the beginning of another. */
  consistency(oldSize: number, newSize: number): Promise<Uint8Array[]>;
  /** Called with each checkpoint that has the policy's cosignatures; resolves when it is stored. */
  onWitnessed(head: SignedHead): Promise<void>;
}

const RETRY = { firstMs: 1000, maxMs: 300_000 };
/** Checkpoints whose cosignatures are still collected: a slow witness may answer about one that is not the newest. */
const MAX_COLLECTING = 16;
/** So long a checkpoint may wait for its cosignatures. */
const MAX_WAIT_MS = 600_000;

/** A checkpoint and the cosignatures that it has by now. */
interface Collecting {
  size: number;
  note: SignedNote;
  /** By the witness's name in the policy. */
  cosignatures: Map<string, NoteSignature>;
}

/** A witness that can be asked, and what is known of it. */
interface Asked {
  witness: PolicyWitness & { url: string };
  /** The size that it cosigned last, as far as is known here. */
  size: number;
  outages: OutageLog;
  problem: string | undefined;
}

/**
 * Has the log's checkpoints cosigned by each witness of the policy that has an address. Each is asked about the newest
 * checkpoint, one at a time, and again after growing waits until it cosigns one.
 */
export class Witnesses {
  readonly #deps: WitnessesDeps;
  readonly #asked: readonly Asked[];
  /** By size, the newest last. */
  readonly #collecting = new Map<number, Collecting>();
  #newest: Collecting | undefined;
  #changed = Promise.withResolvers<void>();
  #witnessedSize = -1;
  /** Since when a checkpoint lacks cosignatures, monotonic. */
  #waitsSinceMs: number | undefined;

  constructor(deps: WitnessesDeps) {
    this.#deps = deps;
    const log = deps.log;
    this.#asked = deps.policy.witnesses.flatMap((witness) => {
      const { url, name } = witness;
      if (url === undefined) return [];
      const outages = new OutageLog(`The witness ${name}`, deps.clock, log);
      return [{ witness: { ...witness, url }, size: 0, outages, problem: undefined }];
    });
  }

  /** The newest checkpoint with the cosignatures that it has by now. */
  get newest(): string | undefined {
    return this.#newest && noteOf(this.#newest);
  }

  /** A new checkpoint. Where no cosignatures are needed it counts as witnessed, and is kept, at once. Never rejects. */
  async submit({ size, note: text }: SignedHead): Promise<void> {
    const note = parseNote(text);
    if (note === undefined || parseCheckpoint(note)?.size !== size) {
      throw new TypeError(`Not a checkpoint of size ${size}`);
    }
    if (this.#collecting.has(size)) return;
    const added: Collecting = { size, note, cosignatures: new Map() };
    this.#collecting.set(size, added);
    for (const known of this.#collecting.keys()) {
      if (this.#collecting.size > MAX_COLLECTING) this.#collecting.delete(known);
    }
    this.#newest = added;
    this.#waitsSinceMs ??= this.#deps.clock.elapsedMs();
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
    await this.#noteQuorum(added);
  }

  /** Asks until aborted; never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener("abort", () => this.#changed.resolve(), { once: true });
    await Promise.all(this.#asked.map((asked) => this.#serve(asked, signal)));
  }

  /** Why checkpoints are not cosigned, in a sentence. */
  get problem(): string | undefined {
    if (this.#waitsSinceMs === undefined) return undefined;
    const waitsMs = this.#deps.clock.elapsedMs() - this.#waitsSinceMs;
    if (waitsMs <= MAX_WAIT_MS) return undefined;
    const reasons = this.#asked.flatMap(({ problem, witness: { name } }) =>
      problem === undefined ? [] : [`${name}: ${problem}`],
    );
    const { quorum } = this.#deps.policy;
    return `The log's checkpoints have waited ${waitsMs} ms for the cosignatures of ${quorum}; at most ${MAX_WAIT_MS} ms is healthy. ${reasons.join("; ")}`.trim();
  }

  async #serve(asked: Asked, signal: AbortSignal): Promise<void> {
    const backoff = new Backoff(RETRY);
    let done = -1;
    while (!signal.aborted) {
      const newest = this.#newest;
      if (newest === undefined || newest.size === done) {
        await this.#changed.promise;
        continue;
      }
      if (await this.#cosign(asked, newest, signal)) {
        done = newest.size;
        backoff.reset();
      } else if (!signal.aborted) {
        await pause(this.#deps.clock, backoff.nextMs(), signal);
      }
    }
  }

  /** @returns whether the witness has cosigned it */
  async #cosign(asked: Asked, checkpoint: Collecting, signal: AbortSignal): Promise<boolean> {
    const { metrics } = this.#deps;
    const { name } = asked.witness;
    try {
      const signature = await this.#ask(asked, checkpoint, signal);
      asked.size = checkpoint.size;
      asked.problem = undefined;
      asked.outages.works(`The witness ${name} cosigns again`);
      count(metrics.cosignatures, name);
      checkpoint.cosignatures.set(name, signature);
      await this.#noteQuorum(checkpoint);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      asked.problem = errorText(error);
      count(metrics.cosignFailures, name);
      asked.outages.down("warn", `The witness ${name} does not cosign`, { why: asked.problem });
      return false;
    }
  }

  /** @throws {Error} that says why it does not cosign */
  async #ask(asked: Asked, { size, note }: Collecting, signal: AbortSignal): Promise<NoteSignature> {
    const { clock, fetch, consistency } = this.#deps;
    const checkpoint = formatNote(note);
    const ask = async (): Promise<WitnessAnswer> => {
      const proof = await consistency(asked.size, size);
      const request = { oldSize: asked.size, proof, checkpoint };
      return askWitness(asked.witness, request, { clock, fetch, signal });
    };
    // It knows better which size it has cosigned last: this process may be new, or an answer was lost.
    let answer = await ask();
    if (answer.kind === "other size" && answer.size <= size) {
      asked.size = answer.size;
      answer = await ask();
    }
    if (answer.kind === "cosigned") return answer.signature;
    if (answer.kind === "refused") throw new Error(answer.problem);
    throw new Error(
      answer.size > size
        ? `it has cosigned ${answer.size} entries, this log has ${size}: the store was brought back from a copy, or another gateway signs with this key`
        : `it says ${answer.size} entries, and then something else`,
    );
  }

  async #noteQuorum(checkpoint: Collecting): Promise<void> {
    const { policy, onWitnessed, metrics, log } = this.#deps;
    const { size, cosignatures } = checkpoint;
    if (size < this.#witnessedSize || !policy.isQuorum(new Set(cosignatures.keys()))) return;
    this.#witnessedSize = size;
    metrics.logWitnessed = size;
    const isNewest = size === this.#newest?.size;
    this.#waitsSinceMs = isNewest ? undefined : this.#deps.clock.elapsedMs();
    try {
      await onWitnessed({ size, note: noteOf(checkpoint) });
    } catch (error) {
      // The next one replaces it.
      log.error("Cannot keep a cosigned checkpoint", { err: error });
    }
  }
}

const noteOf = ({ note: { text, signatures }, cosignatures }: Collecting): string =>
  formatNote({ text, signatures: [...signatures, ...cosignatures.values()] });
