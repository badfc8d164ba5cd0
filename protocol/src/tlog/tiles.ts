import { concatBytes } from "../encoding/bytes.ts";
import {
  consistencyRanges,
  inclusionRanges,
  joinSubtrees,
  type LeafRange,
  parentHash,
  rootOf,
  type Subtree,
  subtreesOf,
} from "./tree.ts";

/*
 * How a log serves its tree: files that never change (c2sp.org/tlog-tiles). A tile holds 256 hashes. On level 0 they are
 * leaf hashes; each hash of level n + 1 is the root of a full tile of level n. What lies between is computed.
 */

/** Hashes of a full tile, and entries of a full bundle. */
export const TILE_WIDTH = 256;
const TILE_BITS = 8;

/** A tile, or (level "entries") the entries below one. */
export interface TileName {
  level: number | "entries";
  index: number;
  /** 1 to 256; below that the tile is partial. */
  width: number;
}

/** `tile/0/x001/067`, `tile/entries/000.p/17`: in the index each element but the last begins with an x. */
export function tilePath({ level, index, width }: TileName): string {
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, "0");
  const elements = padded.match(/\d{3}/g) as string[];
  const path = elements.map((element, i) => (i < elements.length - 1 ? `x${element}` : element)).join("/");
  return `tile/${level}/${path}${width === TILE_WIDTH ? "" : `.p/${width}`}`;
}

const TILE_PATH = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/(\d{1,3}))?$/;

/** The other way round; `undefined` unless it is written just so. */
export function parseTilePath(path: string): TileName | undefined {
  const [, levelText, indexText, widthText] = TILE_PATH.exec(path) ?? [];
  if (levelText === undefined || indexText === undefined) return undefined;
  const level = levelText === "entries" ? levelText : Number(levelText);
  const index = Number(indexText.replaceAll(/[x/]/g, ""));
  const width = widthText === undefined ? TILE_WIDTH : Number(widthText);
  const name: TileName = { level, index, width };
  return width >= 1 && tilePath(name) === path ? name : undefined;
}

/** How many hashes there are on a level of tiles in a tree of this size. */
export const tileHashes = (level: number, size: number): number =>
  Math.floor(size / 2 ** (TILE_BITS * level));

/** A hash above level 0: the root of a full tile of the level below. */
export interface TileHash {
  level: number;
  /** Counted along its level. */
  index: number;
  hash: Uint8Array;
}

/** The right edge of a log: what appending needs, the roots of its full subtrees, one for each bit of its size. */
export class TileEdge {
  #size: number;
  /** The largest first. */
  readonly #subtrees: Uint8Array[];

  /** @param subtrees of a tree of this size, as `subtreesOf` names them */
  constructor(size = 0, subtrees: readonly Uint8Array[] = []) {
    this.#size = size;
    this.#subtrees = [...subtrees];
  }

  get size(): number {
    return this.#size;
  }

  get root(): Uint8Array {
    return joinSubtrees(this.#subtrees);
  }

  copy(): TileEdge {
    return new TileEdge(this.#size, this.#subtrees);
  }

  /** @returns the roots of tiles that are full now, of rising level; usually none */
  append(leaf: Uint8Array): TileHash[] {
    const made: TileHash[] = [];
    let hash = leaf;
    let index = this.#size;
    for (let level = 1; index % 2 === 1; level++) {
      hash = parentHash(this.#subtrees.pop() as Uint8Array, hash);
      index = Math.floor(index / 2);
      if (level % TILE_BITS === 0) made.push({ level: level / TILE_BITS, index, hash });
    }
    this.#subtrees.push(hash);
    this.#size += 1;
    return made;
  }
}

/** Hashes on a level of tiles, from one on; all of them in one tile. */
export type ReadHashes = (level: number, first: number, count: number) => Promise<readonly Uint8Array[]>;

/** The edge of a tree of this size. */
export async function readEdge(size: number, read: ReadHashes): Promise<TileEdge> {
  const range = { start: 0, end: size };
  return new TileEdge(size, await readSubtrees(range, byTile(size, read)));
}

/** That the entry is in the tree. @param index below `size` */
export const proveInclusion = (index: number, size: number, read: ReadHashes): Promise<Uint8Array[]> =>
  rootsOf(inclusionRanges(index, size), byTile(size, read));

/** That the tree of `newSize` begins with that of `oldSize`. @param oldSize at most `newSize` */
export const proveConsistency = (oldSize: number, newSize: number, read: ReadHashes): Promise<Uint8Array[]> =>
  rootsOf(consistencyRanges(oldSize, newSize), byTile(newSize, read));

/** Reads each tile once, as wide as it is in a tree of this size, whatever is wanted of it. */
function byTile(size: number, read: ReadHashes): ReadHashes {
  const tiles = new Map<string, Promise<readonly Uint8Array[]>>();
  return async (level, first, count) => {
    const start = first - (first % TILE_WIDTH);
    const key = `${level} ${start}`;
    const width = Math.min(TILE_WIDTH, tileHashes(level, size) - start);
    const tile = tiles.get(key) ?? read(level, start, width);
    tiles.set(key, tile);
    return (await tile).slice(first - start, first - start + count);
  };
}

const rootsOf = (ranges: readonly LeafRange[], read: ReadHashes): Promise<Uint8Array[]> =>
  Promise.all(ranges.map(async (range) => joinSubtrees(await readSubtrees(range, read))));

const readSubtrees = (range: LeafRange, read: ReadHashes): Promise<Uint8Array[]> =>
  Promise.all(subtreesOf(range).map((subtree) => readSubtree(subtree, read)));

/** A subtree's root follows from some neighbouring hashes of the highest level of tiles that has them. */
async function readSubtree({ level, index }: Subtree, read: ReadHashes): Promise<Uint8Array> {
  const count = 2 ** (level % TILE_BITS);
  return rootOf(await read(Math.floor(level / TILE_BITS), index * count, count));
}

/** Entries are preceded by their length, so one is at most this long. */
export const MAX_ENTRY_BYTES = 0xffff;

/** @throws {RangeError} if an entry is too long */
export function encodeEntries(entries: readonly Uint8Array[]): Uint8Array {
  const parts = entries.flatMap((entry) => {
    if (entry.length > MAX_ENTRY_BYTES) {
      throw new RangeError(`A log entry has ${entry.length} bytes; at most ${MAX_ENTRY_BYTES} are allowed`);
    }
    return [Uint8Array.of(entry.length >> 8, entry.length & 0xff), entry];
  });
  return concatBytes(...parts);
}

/** `undefined` when the bytes end within an entry. */
export function decodeEntries(bytes: Uint8Array): Uint8Array[] | undefined {
  const entries: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 2 + ((bytes[at] ?? 0) << 8) + (bytes[at + 1] ?? 0);
    if (end > bytes.length) return undefined;
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return entries;
}
