import type { Signer } from "@earshot/protocol";
import { Mutex } from "@earshot/protocol/runtime";
import {
  encodeEntries,
  entryHash,
  formatCheckpoint,
  formatNote,
  formatProof,
  parseCheckpoint,
  parseNote,
  proveConsistency,
  proveInclusion,
  type ReadHashes,
  readEdge,
  signNote,
  TILE_WIDTH,
  type TileEdge,
  type TileHash,
  type TileName,
  tileHashes,
} from "@earshot/protocol/tlog";
import type { LogKind } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import type { LogSources, Missing } from "./log-sources.ts";

type LogStore = Pick<
  Store,
  "logSize" | "logEntries" | "newestLogEntry" | "logHashes" | "logNote" | "addToLog" | "putWitnessedNote"
>;

interface PublicLogDeps {
  store: LogStore;
  sources: Pick<LogSources, "next" | "added" | "forget">;
  /** Names the log; also its key's name. */
  origin: string;
  /** Holds the log's key of now. */
  signer(): Signer;
  /** Called with each new checkpoint, and at first with that of an earlier run; never rejects. */
  onCheckpoint(head: SignedHead): Promise<void>;
}

/** A checkpoint as the log has signed it. */
export interface SignedHead {
  size: number;
  /** A signed note. */
  note: string;
}

/**
 * The network's append-only log (c2sp.org/tlog-tiles). Entries and the checkpoint over them are stored together and
 * nothing is published before, so a run that is killed leaves no checkpoint that the next one contradicts.
 */
export class PublicLog {
  readonly #deps: PublicLogDeps;
  readonly #mutex = new Mutex();
  /** Unknown at first, and after an attempt that may have been stored or not. */
  #edge: TileEdge | undefined;
  #head: SignedHead | undefined;
  #problem: string | undefined;

  constructor(deps: PublicLogDeps) {
    this.#deps = deps;
  }

  /** The newest checkpoint; none before `advance`. */
  get head(): SignedHead | undefined {
    return this.#head;
  }

  /** Why nothing is appended, in a sentence. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Appends all that is missing. Rejects when the store fails; then nothing is lost, call it again. */
  advance(): Promise<void> {
    return this.#mutex.run(async () => {
      try {
        const { sources } = this.#deps;
        const edge = this.#edge ?? (await this.#load());
        this.#edge = edge;
        for (let missing = await sources.next(); missing.entries.length > 0; missing = await sources.next()) {
          await this.#append(missing);
        }
        this.#problem = undefined;
      } catch (error) {
        this.#problem = "Nothing can be appended to the network's log; the gateway's log says why";
        throw error;
      }
    });
  }

  /** Hashes on a level of tiles, from what is stored. */
  readonly read: ReadHashes = async (level, first, count) => {
    const { store } = this.#deps;
    const hashes =
      level === 0
        ? (await store.logEntries(first, count)).map(({ message }) => entryHash(message))
        : await store.logHashes(level, first, count);
    if (hashes.length === count) return hashes;
    throw new RangeError(`The log has ${hashes.length} of ${count} hashes from ${first} on level ${level}`);
  };

  /** A tile's bytes; `undefined` when the log is not that long. */
  async tile({ level, index, width }: TileName): Promise<Uint8Array | undefined> {
    const first = index * TILE_WIDTH;
    const above = level === "entries" ? 0 : level;
    if (first + width > tileHashes(above, this.#head?.size ?? 0)) return undefined;
    if (level !== "entries") return Buffer.concat(await this.read(level, first, width));
    const entries = await this.#deps.store.logEntries(first, width);
    return encodeEntries(entries.map(({ message }) => message));
  }

  /** That an older size of this log is the beginning of a newer one. */
  consistency(oldSize: number, newSize: number): Promise<Uint8Array[]> {
    return proveConsistency(oldSize, newSize, this.read);
  }

  /**
   * The newest entry with this number, and that it is in the log: a C2SP log proof with the entry as its extra data.
   * `undefined` when there is none below the checkpoint.
   */
  async prove(kind: LogKind, number: number, { note, size }: SignedHead): Promise<string | undefined> {
    const entry = await this.#deps.store.newestLogEntry(kind, number);
    if (entry === undefined || entry.position >= size) return undefined;
    const hashes = await proveInclusion(entry.position, size, this.read);
    return formatProof({ extra: entry.message, index: entry.position, hashes, checkpoint: note });
  }

  /** @throws {Error} if what is stored contradicts the newest checkpoint: going on would fork the log */
  async #load(): Promise<TileEdge> {
    const { store, onCheckpoint, sources } = this.#deps;
    sources.forget();
    const size = await store.logSize();
    const edge = await readEdge(size, this.read);
    const stored = await store.logNote("newest");
    if (stored === undefined && size === 0) return edge;
    const note = stored === undefined ? undefined : parseNote(stored);
    const checkpoint = note && parseCheckpoint(note);
    const isSame = checkpoint?.size === size && checkpoint.root.toHex() === edge.root.toHex();
    if (stored === undefined || !isSame) {
      throw new Error(
        `The log's ${size} entries are not those of its checkpoint (${checkpoint?.size ?? "none"}): nothing more is signed`,
      );
    }
    this.#head = { size, note: stored };
    await onCheckpoint(this.#head);
    return edge;
  }

  async #append(missing: Missing): Promise<void> {
    const { store, sources, onCheckpoint } = this.#deps;
    const edge = (this.#edge as TileEdge).copy();
    const position = edge.size;
    const hashes: TileHash[] = missing.entries.flatMap(({ message }) => edge.append(entryHash(message)));
    const note = this.#sign(edge);
    try {
      await store.addToLog({ position, ...missing, hashes, note });
    } catch (error) {
      this.#edge = undefined;
      throw error;
    }
    sources.added(missing);
    this.#edge = edge;
    this.#head = { size: edge.size, note };
    await onCheckpoint(this.#head);
  }

  #sign({ size, root }: TileEdge): string {
    const { origin, signer } = this.#deps;
    const text = formatCheckpoint({ origin, size, root });
    return formatNote({ text, signatures: [signNote(text, origin, signer())] });
  }
}
