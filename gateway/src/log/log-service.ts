import type { Clock, Log, NetworkKeys, RoleSigners } from "@earshot/protocol";
import { Mutex } from "@earshot/protocol/runtime";
import {
  formatNoteKey,
  type LogPolicy,
  parseCheckpoint,
  parseNote,
  parsePolicy,
  SIGNATURE_TYPES,
  type TileName,
} from "@earshot/protocol/tlog";
import type { BundleStore } from "../bundle/bundle-store.ts";
import type { GatewayMetrics } from "../monitoring/metrics.ts";
import type { FixedParameters } from "../parameters/parameters-log.ts";
import type { LogKind } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import { LogSources } from "./log-sources.ts";
import { ManifestProofs } from "./manifest-proofs.ts";
import { PublicLog, type SignedHead } from "./public-log.ts";
import type { Fetch } from "./witness-client.ts";
import { Witnesses } from "./witnesses.ts";

/** How a network's log is kept. */
export interface LogOptions {
  /** Names the log; `earshot/NETWORK` when left out. */
  origin?: string;
  /** Who cosigns; nobody when left out. */
  policy?: LogPolicy;
  /** Asks witnesses; `fetch` when left out. */
  fetch?: Fetch;
}

interface LogServiceDeps {
  store: Store;
  parameters: FixedParameters;
  statements(): readonly Uint8Array[];
  bundles: Pick<BundleStore, "manifest" | "keepProof" | "hasProof">;
  signer: RoleSigners & { readonly keys: NetworkKeys };
  clock: Pick<Clock, "now" | "elapsedMs" | "sleep">;
  log: Log;
  metrics: GatewayMetrics;
  options: LogOptions;
}

/** Needs no cosignatures. */
const NO_WITNESSES = "quorum none";

/** The network's log with its witnesses, as the gateway runs and shows it. */
export class LogService {
  readonly #deps: LogServiceDeps;
  readonly #origin: string;
  readonly #log: PublicLog;
  readonly #witnesses: Witnesses;
  readonly #proofs: ManifestProofs;
  readonly #keeping = new Mutex();
  #witnessed: SignedHead | undefined;

  constructor(deps: LogServiceDeps) {
    const { store, parameters, statements, bundles, signer, clock, log, metrics, options } = deps;
    this.#deps = deps;
    this.#origin = options.origin ?? `earshot/${parameters.network}`;
    this.#log = new PublicLog({
      store,
      sources: new LogSources({ store, parameters, statements, bundles, signer, clock }),
      origin: this.#origin,
      signer: () => signer.signerFor("log"),
      onCheckpoint: (head) => {
        metrics.logSize = head.size;
        return this.#witnesses.submit(head);
      },
    });
    this.#proofs = new ManifestProofs({ store, bundles, log: this.#log });
    this.#witnesses = new Witnesses({
      policy: options.policy ?? defaultPolicy(),
      clock,
      fetch: options.fetch ?? globalThis.fetch,
      log,
      metrics,
      consistency: (oldSize, newSize) => this.#log.consistency(oldSize, newSize),
      onWitnessed: (head) => this.#keep(head),
    });
  }

  /** By which checkpoints are verified: the one of now first, then those that will sign from an announced epoch on. */
  get verifierKeys(): string[] {
    const { keys } = this.#deps.signer;
    const epoch = keys.epochAt(this.#deps.clock.now());
    const signing = [epoch, ...keys.changesAfter(epoch)].flatMap((at) => keys.signing("log", at));
    const name = this.#origin;
    const texts = signing.map((publicKey) => formatNoteKey({ name, type: SIGNATURE_TYPES.log, publicKey }));
    return [...new Set(texts)];
  }

  /** The newest checkpoint, with the cosignatures that it has by now. */
  get checkpoint(): string | undefined {
    return this.#witnesses.newest;
  }

  get problems(): string[] {
    return [this.#log.problem, this.#witnesses.problem].filter((problem) => problem !== undefined);
  }

  /** Appends what is missing; call it whenever something may be. */
  async advance(): Promise<void> {
    this.#witnessed ??= headOf(await this.#deps.store.logNote("witnessed"));
    await this.#log.advance();
  }

  /** Has checkpoints cosigned until aborted. */
  run(signal: AbortSignal): Promise<void> {
    return this.#witnesses.run(signal);
  }

  tile(name: TileName): Promise<Uint8Array | undefined> {
    return this.#log.tile(name);
  }

  /** That an entry is in the log: below the newest cosigned checkpoint, or the newest of all where that does not reach so far. */
  async prove(kind: LogKind, number: number): Promise<string | undefined> {
    for (const head of [this.#witnessed, this.#log.head]) {
      const proof = head && (await this.#log.prove(kind, number, head));
      if (proof !== undefined) return proof;
    }
    return undefined;
  }

  async #keep(head: SignedHead): Promise<void> {
    const { store, log } = this.#deps;
    this.#witnessed = head;
    // One after the other: witnesses answer when they like.
    await this.#keeping.run(async () => {
      await store.putWitnessedNote(head.note);
      const epochs = await this.#proofs.keep(head);
      for (const epoch of epochs) log.info("The epoch's manifest is proven to be in the log", { epoch });
    });
  }
}

function headOf(note: string | undefined): SignedHead | undefined {
  const parsed = note === undefined ? undefined : parseNote(note);
  const checkpoint = parsed && parseCheckpoint(parsed);
  return note === undefined || checkpoint === undefined ? undefined : { size: checkpoint.size, note };
}

function defaultPolicy(): LogPolicy {
  const read = parsePolicy(NO_WITNESSES);
  if (!read.ok) throw new TypeError(read.problem);
  return read.policy;
}
