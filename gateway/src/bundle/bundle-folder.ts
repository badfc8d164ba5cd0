import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openAsBlob,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { equalBytes, manifestMessage, utf8 } from "@earshot/protocol";
import { BUNDLE_FILES, type Bundle, bundleName, bundlePrefix, MANIFEST_FILE, PROOF_FILE } from "./bundle.ts";
import type { BundleStore, Encode, KeptBundle } from "./bundle-store.ts";
import { atOnce, type InTurns } from "./in-turns.ts";
import { readContacts, readText } from "./json-readers.ts";

const ALL_FILES = [...BUNDLE_FILES, MANIFEST_FILE] as const;

const BYTES_A_TURN = 1_048_576;

/** Written beside the bundles and renamed once it is whole; a leftover of a killed run is of no use to anybody. */
const TEMPORARY_END = ".tmp";

/** Bundles on disk, each a folder in this one; what is set aside is in another, beside it. */
export const bundleFolder = (path: string): BundleStore => ({
  *keepOrWrite({ epoch, network, closedAtMs, owner }, encode) {
    const kept = yield* keep(path, namesOf(path, epoch), network, encode);
    if (kept !== undefined) return kept;
    const bundle = yield* encode(closedAtMs);
    return { name: yield* writingBundle(path, epoch, bundle, owner), bundle, closedAtMs, isNew: true };
  },
  removeOthers(epoch, recorded) {
    for (const name of namesOf(path, epoch)) if (name !== recorded) removeBundle(path, name);
  },
  remove: (name) => removeBundle(path, name),
  setAside(name) {
    const from = join(path, name);
    if (!existsSync(from)) return;
    const beside = `${path}-taken-back`;
    mkdirSync(beside, { recursive: true });
    removeBundle(beside, name);
    renameSync(from, join(beside, name));
    syncFolder(beside);
    syncFolder(path);
  },
  contacts(name) {
    const file = join(path, name, "contacts.json" satisfies keyof Bundle);
    if (!existsSync(file)) return undefined;
    const text = readText(new Uint8Array(readFileSync(file)));
    const read = text.ok ? readContacts(text.value) : text;
    return read.ok ? read.value : undefined;
  },
  manifest(name) {
    const file = join(path, name, MANIFEST_FILE);
    return existsSync(file) ? new Uint8Array(readFileSync(file)) : undefined;
  },
  keepProof(name, proof) {
    const folder = join(path, name);
    if (!existsSync(folder)) return;
    const draft = join(folder, `${PROOF_FILE}${TEMPORARY_END}`);
    atOnce(writeDurably(draft, utf8(proof)));
    renameSync(draft, join(folder, PROOF_FILE));
    syncFolder(folder);
  },
  hasProof: (name) => !existsSync(join(path, name)) || existsSync(join(path, name, PROOF_FILE)),
  async file(name, file) {
    const at = join(path, name, file);
    const found = await lstat(at).catch(() => undefined);
    return found?.isFile() === true ? openAsBlob(at) : undefined;
  },
});

/**
 * Writes a bundle so that its folder is there whole or not at all, whenever the process is killed, and still there
 * after a power failure. A folder of the same name is replaced.
 * @param owner fencing number: a gateway that lost the store and still writes does not disturb its successor
 * @returns the folder's name
 */
export const writeBundle = (parent: string, epoch: number, bundle: Bundle, owner = 0): string =>
  atOnce(writingBundle(parent, epoch, bundle, owner));

function* writingBundle(parent: string, epoch: number, bundle: Bundle, owner: number): InTurns<string> {
  const temporary = join(parent, `${bundlePrefix(epoch)}.${owner}${TEMPORARY_END}`);
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  for (const name of ALL_FILES) yield* writeDurably(join(temporary, name), bundle[name]);
  syncFolder(temporary);
  const name = bundleName(epoch, bundle[MANIFEST_FILE]);
  removeBundle(parent, name);
  renameSync(temporary, join(parent, name));
  syncFolder(parent);
  return name;
}

function* writeDurably(path: string, bytes: Uint8Array): InTurns<void> {
  const file = openSync(path, "w");
  try {
    for (let offset = 0; offset < bytes.length; ) {
      offset += writeSync(file, bytes, offset, Math.min(BYTES_A_TURN, bytes.length - offset));
      yield;
    }
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

/** Renamed first: files go one by one, and killed in between, half a bundle would stand under its final name. */
function removeBundle(parent: string, name: string): void {
  const folder = join(parent, name);
  const going = name.endsWith(TEMPORARY_END) ? folder : `${folder}${TEMPORARY_END}`;
  if (going !== folder) {
    rmSync(going, { recursive: true, force: true });
    if (existsSync(folder)) renameSync(folder, going);
  }
  rmSync(going, { recursive: true, force: true });
}

/** All folders that bundles of the epoch are in, or were being written to. */
function namesOf(parent: string, epoch: number): string[] {
  if (!existsSync(parent)) return [];
  return readdirSync(parent).filter((name) => name.startsWith(bundlePrefix(epoch)));
}

/** The first that closing the epoch at the time it names would write again, byte by byte. */
function* keep(
  parent: string,
  names: readonly string[],
  network: string,
  encode: Encode,
): InTurns<KeptBundle | undefined> {
  for (const name of names) {
    const read = readBundle(join(parent, name));
    if (!read.ok) continue;
    const manifest = manifestMessage.open(read.bundle[MANIFEST_FILE], network);
    if (!manifest.ok || name !== bundleName(manifest.value.epoch, read.bundle[MANIFEST_FILE])) continue;
    const { closedAtMs } = manifest.value;
    const bundle = yield* encode(closedAtMs);
    const isSame = ALL_FILES.every((file) => equalBytes(bundle[file], read.bundle[file]));
    if (isSame) return { name, bundle, closedAtMs, isNew: false };
  }
  return undefined;
}
