import { entropyMessage, type IndexRoot, indexRootMessage, manifestMessage, sha256 } from "@earshot/protocol";
import {
  type Checkpoint,
  decodeEntries,
  entryHash,
  MAX_ENTRY_BYTES,
  parseCheckpoint,
  parseNote,
  proveInclusion,
  type ReadHashes,
  type SignedNote,
  TILE_WIDTH,
  type TileName,
  tilePath,
  verifyInclusion,
} from "@earshot/protocol/tlog";
import { download, type Transport } from "./download.ts";

const MAX_CHECKPOINT_BYTES = 65_536;
const HASH_BYTES = 32;

export type LogOpened = { ok: true; view: LogView } | { ok: false; problem: string };
type Bytes = { ok: true; bytes: Uint8Array } | { ok: false; problem: string };

/**
 * What a network's log (c2sp.org/tlog-tiles) says of its newest epochs. It is read from its end back, tile by tile, as
 * far as somebody asks; each tile is proven to be below the checkpoint. Kept are hashes, some 0.3 MB for a day of
 * minutes.
 */
export class LogView {
  readonly note: SignedNote;
  readonly checkpoint: Checkpoint;
  /** SHA-256 of each message about an index, hex. */
  readonly entropy = new Map<number, Set<string>>();
  readonly roots = new Map<number, IndexRoot[]>();
  /** SHA-256 of each manifest of an epoch, hex. */
  readonly manifests = new Map<number, Set<string>>();
  readonly #url: string;
  readonly #transport: Transport;
  readonly #network: (entry: Uint8Array) => void;
  /** Entries from this one on are read. */
  #from: number;
  #lowest = Number.POSITIVE_INFINITY;

  private constructor(
    url: string,
    transport: Transport,
    note: SignedNote,
    { checkpoint, network }: { checkpoint: Checkpoint; network: string },
  ) {
    this.#url = url;
    this.#transport = transport;
    this.note = note;
    this.checkpoint = checkpoint;
    this.#from = checkpoint.size;
    this.#network = (entry) => this.#take(entry, network);
  }

  /** @param url where `checkpoint` and `tile/` are: a gateway's `/log`, or a copy of it */
  static async open(url: string, network: string, transport: Transport): Promise<LogOpened> {
    const base = url.endsWith("/") ? url : `${url}/`;
    const got = await download(transport, new URL("checkpoint", base), { maxBytes: MAX_CHECKPOINT_BYTES });
    if (!got.ok) return got;
    const note = parseNote(new TextDecoder().decode(got.bytes));
    const checkpoint = note && parseCheckpoint(note);
    if (note === undefined || checkpoint === undefined) {
      return { ok: false, problem: `there is no checkpoint of a log (${base}checkpoint)` };
    }
    return { ok: true, view: new LogView(base, transport, note, { checkpoint, network }) };
  }

  /** Entries that were read, as far back as was asked. */
  get from(): number {
    return this.#from;
  }

  /** Reads on until the log has entropy of before this index, or begins. @returns what is wrong */
  async readBack(index: number): Promise<string | undefined> {
    while (this.#from > 0 && this.#lowest >= index) {
      const tile = Math.floor((this.#from - 1) / TILE_WIDTH);
      const problem = await this.#readTile(tile);
      if (problem !== undefined) return problem;
      this.#from = tile * TILE_WIDTH;
    }
    return undefined;
  }

  async #readTile(index: number): Promise<string | undefined> {
    const { size } = this.checkpoint;
    const first = index * TILE_WIDTH;
    const width = Math.min(TILE_WIDTH, size - first);
    const got = await this.#tile({ level: "entries", index, width }, TILE_WIDTH * (MAX_ENTRY_BYTES + 2));
    if (!got.ok) return got.problem;
    const entries = decodeEntries(got.bytes);
    if (entries?.length !== width) return `entries from ${first} on: not the ${width} that are there`;
    const hashes = entries.map(entryHash);
    // The proof of the first goes over the hashes of all others in the tile: it proves them too.
    const read: ReadHashes = async (level, start, count) =>
      level === 0 && start === first ? hashes : this.#hashes(level, start, count);
    try {
      const proof = await proveInclusion(first, size, read);
      const isIn = verifyInclusion({ ...this.checkpoint, index: first }, hashes[0] as Uint8Array, proof);
      if (!isIn) return `entries from ${first} on are not those below the checkpoint`;
    } catch (error) {
      return (error as Error).message;
    }
    for (const entry of entries) this.#network(entry);
    return undefined;
  }

  #tile(name: TileName, maxBytes: number): Promise<Bytes> {
    return download(this.#transport, new URL(tilePath(name), this.#url), { maxBytes });
  }

  /** @throws {Error} if the log does not give them */
  async #hashes(level: number, start: number, count: number): Promise<Uint8Array[]> {
    const bytes = count * HASH_BYTES;
    const got = await this.#tile({ level, index: start / TILE_WIDTH, width: count }, bytes);
    if (!got.ok) throw new Error(got.problem);
    if (got.bytes.length !== bytes)
      throw new Error(`${got.bytes.length} bytes of hashes instead of ${bytes}`);
    return Array.from({ length: count }, (_, i) => got.bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES));
  }

  /** Whoever signed it: what the network has put into its log is its word. */
  #take(entry: Uint8Array, network: string): void {
    const hash = sha256(entry).toHex();
    const entropy = entropyMessage.open(entry, network);
    if (entropy.ok) {
      const { index } = entropy.value;
      this.#lowest = Math.min(this.#lowest, index);
      this.entropy.set(index, (this.entropy.get(index) ?? new Set()).add(hash));
      return;
    }
    const root = indexRootMessage.open(entry, network);
    if (root.ok) {
      const { index } = root.value;
      this.roots.set(index, [...(this.roots.get(index) ?? []), root.value]);
      return;
    }
    const manifest = manifestMessage.open(entry, network);
    if (!manifest.ok) return;
    const { epoch } = manifest.value;
    this.manifests.set(epoch, (this.manifests.get(epoch) ?? new Set()).add(hash));
  }
}
