import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { equalBytes, manifestMessage } from "@earshot/protocol";
import { BUNDLE_FILES, type Bundle, MANIFEST_FILE } from "./bundle.ts";

/*
 * A bundle on disk. Calls are synchronous: an epoch closes once a day, in a fraction of a second, and a run in
 * virtual time must not depend on when a thread pool answers.
 */

const ALL_FILES = [...BUNDLE_FILES, MANIFEST_FILE] as const;

/** Written beside the bundle and renamed once it is whole; a leftover of a killed run is of no use to anybody. */
const temporaryFolder = (folder: string): string => `${folder}.tmp`;

/**
 * Writes a bundle so that its folder is there whole or not at all, whenever the process is killed, and still there
 * after a power failure. A folder that is there already is replaced.
 */
export function writeBundle(folder: string, bundle: Bundle): void {
  const temporary = temporaryFolder(folder);
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  for (const name of ALL_FILES) writeDurably(join(temporary, name), bundle[name]);
  syncFolder(temporary);
  rmSync(folder, { recursive: true, force: true });
  renameSync(temporary, folder);
  syncFolder(join(folder, ".."));
}

function writeDurably(path: string, bytes: Uint8Array): void {
  const file = openSync(path, "w");
  try {
    for (let offset = 0; offset < bytes.length; ) offset += writeSync(file, bytes, offset);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** Reads a bundle; `missing` names the first file that is not there. */
export function readBundle(folder: string): { ok: true; bundle: Bundle } | { ok: false; missing: string } {
  const missing = ALL_FILES.find((name) => !existsSync(join(folder, name)));
  if (missing !== undefined) return { ok: false, missing };
  const entries = ALL_FILES.map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]);
  return { ok: true, bundle: Object.fromEntries(entries) as Bundle };
}

/**
 * Keeps the folder's bundle if it holds the same content, else writes it: closing an epoch again changes no byte.
 * @param encode makes the bundle, given when the epoch was closed
 */
export function keepOrWrite(
  folder: string,
  network: string,
  closedAtMs: number,
  encode: (closedAtMs: number) => Bundle,
): { bundle: Bundle; closedAtMs: number } {
  const kept = keep(folder, network, encode);
  if (kept !== undefined) return kept;
  const bundle = encode(closedAtMs);
  writeBundle(folder, bundle);
  return { bundle, closedAtMs };
}

function keep(folder: string, network: string, encode: (closedAtMs: number) => Bundle) {
  const read = readBundle(folder);
  if (!read.ok) return undefined;
  const manifest = manifestMessage.open(read.bundle[MANIFEST_FILE], network);
  if (!manifest.ok) return undefined;
  const { closedAtMs } = manifest.value;
  const bundle = encode(closedAtMs);
  const isSame = ALL_FILES.every((name) => equalBytes(bundle[name], read.bundle[name]));
  return isSame ? { bundle, closedAtMs } : undefined;
}
