import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { errorText, readNamedFile } from "@earshot/protocol/runtime";
import { type Bundle, MANIFEST_FILE, PROOF_FILE } from "../bundle/bundle.ts";
import { readBundle } from "../bundle/bundle-folder.ts";
import type { Difference } from "./check.ts";

/** Where a bundle is read from when its turn comes. */
export interface BundleSource {
  /** Path or address, for the report. */
  name: string;
  read(): Promise<BundleRead>;
  /** That its manifest is in the network's log. */
  readLogProof(): Promise<LogProofRead>;
}

/** `problem`: why there is none. */
export type LogProofRead = { ok: true; text: string } | { ok: false; problem: string };

export type BundleRead =
  | {
      ok: true;
      bundle: Bundle;
      /** Name of its folder, which may hold its CID. */
      folder: string;
    }
  | { ok: false; difference: Difference };

/** The manifest itself, some hashes, and a checkpoint with its signatures. */
export const MAX_PROOF_BYTES = 262_144;

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
  async readLogProof() {
    try {
      return { ok: true, text: readNamedFile(join(path, PROOF_FILE), MAX_PROOF_BYTES).toString("utf8") };
    } catch (error) {
      return { ok: false, problem: errorText(error) };
    }
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
