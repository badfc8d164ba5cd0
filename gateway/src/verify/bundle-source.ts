import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { type Bundle, MANIFEST_FILE } from "../bundle/bundle.ts";
import { readBundle } from "../bundle/bundle-folder.ts";
import type { Difference } from "./check.ts";

/** Where a bundle is read from when its turn comes. */
export interface BundleSource {
  /** Path or address, for the report. */
  name: string;
  read(): Promise<BundleRead>;
}

export type BundleRead =
  | {
      ok: true;
      bundle: Bundle;
      /** Name of its folder, which may hold its CID. */
      folder: string;
    }
  | { ok: false; difference: Difference };

/** Epochs from first to last, both included. */
export interface EpochSpan {
  first: number;
  last: number;
}

export const isWithin = (epoch: number, span: EpochSpan | undefined): boolean =>
  span === undefined || (epoch >= span.first && epoch <= span.last);

export const missingFile = (file: string, found = "none"): Difference => ({
  file,
  at: "folder",
  expected: "a file",
  found,
});

export const folderSource = (path: string): BundleSource => ({
  name: path,
  async read() {
    const read = readBundle(path);
    return read.ok
      ? { ...read, folder: basename(path) }
      : { ok: false, difference: missingFile(read.missing) };
  },
});

/** The bundles that a path means: itself, or the bundles in it in order of name, which is the order of epochs. */
export function bundlePaths(path: string, epochs?: EpochSpan): string[] {
  if (existsSync(join(path, MANIFEST_FILE))) return [path];
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(path, entry.name, MANIFEST_FILE)))
    .filter(({ name }) => !name.endsWith(".tmp") && isWithin(epochOfName(name), epochs))
    .map(({ name }) => join(path, name))
    .sort();
}

const epochOfName = (name: string): number => Number(/^epoch-(\d{10})(-|$)/.exec(name)?.[1] ?? Number.NaN);
