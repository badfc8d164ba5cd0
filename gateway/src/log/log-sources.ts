import {
  type Clock,
  type IndexRoot,
  indexRootMessage,
  packetsRoot,
  type RoleSigners,
  sha256,
} from "@earshot/protocol";
import { judgedFromMs } from "@earshot/protocol/omission";
import type { BundleStore } from "../bundle/bundle-store.ts";
import type { FixedParameters } from "../parameters/parameters-log.ts";
import type { LogEntry, LogKind, StoredEpoch } from "../store/records.ts";
import type { LogAddition, Store } from "../store/store.ts";

type SourceStore = Pick<
  Store,
  | "firstEntropy"
  | "entropyRange"
  | "judgedThrough"
  | "nextIndex"
  | "reportsOfIndex"
  | "epochs"
  | "logThrough"
  | "logStatements"
>;

export interface LogSourcesDeps {
  store: SourceStore;
  /** Of any version: what roots depend on never changes. */
  parameters: FixedParameters;
  /** What is signed now and then, in order: key documents, parameters, denials. */
  statements(): readonly Uint8Array[];
  bundles: Pick<BundleStore, "manifest">;
  /** Signs index roots. */
  signer: RoleSigners;
  clock: Pick<Clock, "now">;
}

/** What belongs into the log and is not there yet. */
export type Missing = Pick<LogAddition, "entries" | "through">;

/** Entries of one kind at a time: an old network's first log is made in portions. */
const PORTION = 256;

/**
 * Compares what the gateway has made with what its log has: so an entry is appended when what it says takes effect, and
 * one that a killed run did not get to when the next one begins, by the same way.
 */
export class LogSources {
  readonly #deps: LogSourcesDeps;
  /** SHA-256 of the statements in the log, hex. */
  #statements: Set<string> | undefined;
  /** Those that are in it, as they were handed in: they are not hashed each time. */
  #known = new WeakSet<Uint8Array>();

  constructor(deps: LogSourcesDeps) {
    this.#deps = deps;
  }

  /** The next portion, empty when nothing is missing. @throws {Error} if a manifest that is to be logged cannot be read */
  async next(): Promise<Missing> {
    for (const find of [this.#newStatements, this.#entropy, this.#indexRoots, this.#manifests]) {
      const missing = await find.call(this);
      if (missing.entries.length > 0) return missing;
    }
    return { entries: [], through: {} };
  }

  /** Call when a portion may be stored or not. */
  forget(): void {
    this.#statements = undefined;
    this.#known = new WeakSet();
  }

  /** Call when a portion is stored. */
  added({ entries }: Missing): void {
    for (const { kind, message } of entries) {
      if (kind === "statement") this.#statements?.add(sha256(message).toHex());
    }
  }

  async #newStatements(): Promise<Missing> {
    if (this.#statements === undefined) {
      const logged = await this.#deps.store.logStatements();
      this.#statements = new Set(logged.map(({ message }) => sha256(message).toHex()));
    }
    const logged = this.#statements;
    const messages = this.#deps.statements().filter((message) => {
      if (this.#known.has(message)) return false;
      const isNew = !logged.has(sha256(message).toHex());
      if (!isNew) this.#known.add(message);
      return isNew;
    });
    return portion(
      "statement",
      messages.map((message) => ({ number: 0, message })),
    );
  }

  async #entropy(): Promise<Missing> {
    const { store } = this.#deps;
    const first = await store.firstEntropy(((await store.logThrough("entropy")) ?? -1) + 1);
    if (first === undefined) return portion("entropy", []);
    const { index } = first.entropy;
    const list = await store.entropyRange(index, index + PORTION - 1);
    return portion(
      "entropy",
      list.map(({ entropy, message }) => ({ number: entropy.index, message })),
    );
  }

  async #indexRoots(): Promise<Missing> {
    const { store } = this.#deps;
    const judged = (await store.judgedThrough()) ?? -1;
    const found: { number: number; message: Uint8Array }[] = [];
    let after = (await store.logThrough("index")) ?? -1;
    while (found.length < PORTION) {
      const index = await store.nextIndex(after);
      if (index === undefined || index > judged) break;
      found.push({ number: index, message: await this.#rootOf(index) });
      after = index;
    }
    return portion("index", found);
  }

  async #rootOf(index: number): Promise<Uint8Array> {
    const { store, parameters, signer, clock } = this.#deps;
    const { network } = parameters;
    const ids = reportsUnderRoot(await store.reportsOfIndex(index), index, parameters).map(({ id }) =>
      Uint8Array.fromHex(id),
    );
    const root: IndexRoot = { network, index, atMs: clock.now(), count: ids.length, root: packetsRoot(ids) };
    return indexRootMessage.seal(root, signer, network);
  }

  async #manifests(): Promise<Missing> {
    const { store, bundles } = this.#deps;
    const closed = await epochsAfter((await store.logThrough("manifest")) ?? -1, store);
    return portion(
      "manifest",
      closed.slice(0, PORTION).map(({ epoch, bundle, manifestHash }) => {
        const message = bundles.manifest(bundle);
        if (message === undefined || sha256(message).toHex() !== manifestHash.toHex()) {
          throw new Error(`The manifest of epoch ${epoch} is missing or was changed in ${bundle}`);
        }
        return { number: epoch, message };
      }),
    );
  }
}

/** Of the reports about an index those that came before it was judged. */
export function reportsUnderRoot<T extends { receivedAtMs: number }>(
  reports: readonly T[],
  entropyIndex: number,
  parameters: FixedParameters,
): T[] {
  const untilMs = judgedFromMs({ entropyIndex }, parameters);
  return reports.filter(({ receivedAtMs }) => receivedAtMs < untilMs);
}

/** All closed epochs above this one, ascending. */
async function epochsAfter(after: number, store: Pick<Store, "epochs">): Promise<StoredEpoch[]> {
  const found: StoredEpoch[] = [];
  for (let before: string | undefined; ; ) {
    const page = await store.epochs({ limit: PORTION, ...(before !== undefined && { after: before }) });
    const above = page.filter(({ epoch }) => epoch > after);
    found.push(...above);
    if (above.length < PORTION) return found.reverse();
    before = String(above.at(-1)?.epoch);
  }
}

function portion(kind: LogKind, found: readonly Omit<LogEntry, "kind">[]): Missing {
  const entries = found.slice(0, PORTION).map((entry) => ({ kind, ...entry }));
  const last = entries.at(-1);
  const isNumbered = last !== undefined && kind !== "statement";
  return { entries, through: isNumbered ? { [kind]: last.number } : {} };
}
