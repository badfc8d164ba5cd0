import { concatBytes } from "../encoding/bytes.ts";
import {
  consistencyRanges,
  fullSubtrees,
  inclusionRanges,
  joinSubtrees,
  type LeafRange,
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

/** The right edge of a log: what appending needs, the tiles that are not full yet. */
export class TileEdge {
  #size: number;
  /** By level, the hashes of its partial tile. */
  readonly #partial: Uint8Array[][];

  constructor(size = 0, partial: readonly (readonly Uint8Array[])[] = []) {
    this.#size = size;
    this.#partial = partial.map((hashes) => [...hashes]);
  }

  get size(): number {
    return this.#size;
  }

  get root(): Uint8Array {
    return joinSubtrees(this.#partial.toReversed().flatMap(fullSubtrees));
  }

  copy(): TileEdge {
    return new TileEdge(this.#size, this.#partial);
  }

  /** @returns the roots of tiles that are full now, of rising level; usually none */
  append(leaf: Uint8Array): TileHash[] {
    this.#size += 1;
    const made: TileHash[] = [];
    let hash = leaf;
    for (let level = 0; ; level++) {
      this.#partial[level] ??= [];
      const tile = this.#partial[level] as Uint8Array[];
      if (tile.push(hash) < TILE_WIDTH) return made;
      hash = rootOf(tile);
      made.push({ level: level + 1, index: tileHashes(level + 1, this.#size) - 1, hash });
      this.#partial[level] = [];
    }
  }
}

/** Hashes on a level of tiles, from one on; all of them in one tile. */
export type ReadHashes = (level: number, first: number, count: number) => Promise<readonly Uint8Array[]>;

/** The edge of a tree of this size: one read of each level. */
export async function readEdge(size: number, read: ReadHashes): Promise<TileEdge> {
  const partial: Promise<readonly Uint8Array[]>[] = [];
  for (let level = 0; tileHashes(level, size) > 0; level++) {
    const count = tileHashes(level, size) % TILE_WIDTH;
    const first = tileHashes(level, size) - count;
    partial.push(count === 0 ? Promise.resolve([]) : read(level, first, count));
  }
  return new TileEdge(size, await Promise.all(partial));
}

/** Root of the first `size` leaves. */
export const readRoot = async (size: number, read: ReadHashes): Promise<Uint8Array> =>
  joinSubtrees(await readSubtrees({ start: 0, end: size }, read));

/** That the entry is in the tree. @param index below `size` */
export const proveInclusion = (index: number, size: number, read: ReadHashes): Promise<Uint8Array[]> =>
  rootsOf(inclusionRanges(index, size), read);

/** That the tree of `newSize` begins with that of `oldSize`. @param oldSize at most `newSize` */
export const proveConsistency = (oldSize: number, newSize: number, read: ReadHashes): Promise<Uint8Array[]> =>
  rootsOf(consistencyRanges(oldSize, newSize), read);

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
