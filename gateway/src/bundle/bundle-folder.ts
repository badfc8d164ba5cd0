import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { equalBytes, type LatestContacts, manifestMessage } from "@earshot/protocol";
import { BUNDLE_FILES, type Bundle, bundleName, bundlePrefix, MANIFEST_FILE } from "./bundle.ts";
import { atOnce, type InTurns } from "./in-turns.ts";
import { readContacts, readText } from "./json-readers.ts";

/*
 * A bundle on disk. Calls are synchronous, in portions: a run in virtual time must not depend on when a thread pool
 * answers.
 */

const ALL_FILES = [...BUNDLE_FILES, MANIFEST_FILE] as const;

const BYTES_A_TURN = 1_048_576;

/** Written beside the bundles and renamed once it is whole; a leftover of a killed run is of no use to anybody. */
const TEMPORARY_END = ".tmp";

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

/** Moves a bundle of an epoch that was not over out of the folder of bundles, and keeps it. */
export function setAside(parent: string, name: string): void {
  const from = join(parent, name);
  if (!existsSync(from)) return;
  const beside = `${parent}-taken-back`;
  mkdirSync(beside, { recursive: true });
  removeBundle(beside, name);
  renameSync(from, join(beside, name));
  syncFolder(beside);
  syncFolder(parent);
}

/** Reads a bundle; `missing` names the first file that is not there. */
export function readBundle(folder: string): { ok: true; bundle: Bundle } | { ok: false; missing: string } {
  const missing = ALL_FILES.find((name) => !existsSync(join(folder, name)));
  if (missing !== undefined) return { ok: false, missing };
  const entries = ALL_FILES.map((name) => [name, new Uint8Array(readFileSync(join(folder, name)))]);
  return { ok: true, bundle: Object.fromEntries(entries) as Bundle };
}

type Encode = (closedAtMs: number) => InTurns<Bundle>;

/** The contacts before its epoch, by hotspot id; `undefined` when the file is missing or damaged. */
export function readBundleContacts(folder: string): ReadonlyMap<string, LatestContacts> | undefined {
  const path = join(folder, "contacts.json" satisfies keyof Bundle);
  if (!existsSync(path)) return undefined;
  const text = readText(new Uint8Array(readFileSync(path)));
  const read = text.ok ? readContacts(text.value) : text;
  return read.ok ? read.value : undefined;
}

export interface KeptBundle {
  /** The folder's. */
  name: string;
  bundle: Bundle;
  closedAtMs: number;
  /** It was not there before. */
  isNew: boolean;
}

export interface Closing {
  epoch: number;
  network: string;
  closedAtMs: number;
  /** Fencing number of who closes. */
  owner: number;
}

/**
 * Keeps the epoch's bundle if there is one with the same content, else writes it: closing an epoch again changes no
 * byte. Removes nothing: who does not own the store any more must not.
 * @param encode makes the bundle, given when the epoch was closed
 */
export function* keepOrWrite(
  parent: string,
  { epoch, network, closedAtMs, owner }: Closing,
  encode: Encode,
): InTurns<KeptBundle> {
  const kept = yield* keep(parent, namesOf(parent, epoch), network, encode);
  if (kept !== undefined) return kept;
  const bundle = yield* encode(closedAtMs);
  return { name: yield* writingBundle(parent, epoch, bundle, owner), bundle, closedAtMs, isNew: true };
}

/** One epoch has one bundle: removes all but the one that is recorded. */
export function removeOthers(parent: string, epoch: number, recorded: string): void {
  for (const name of namesOf(parent, epoch)) if (name !== recorded) removeBundle(parent, name);
}

/** Renamed first: files go one by one, and killed in between, half a bundle would stand under its final name. */
export function removeBundle(parent: string, name: string): void {
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
