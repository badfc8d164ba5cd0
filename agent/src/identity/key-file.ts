import { randomBytes } from "node:crypto";
import {
  closeSync,
  fchownSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  type Stats,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { type Signer, signerFromSeed } from "@earshot/protocol/hotspot";
import {
  chownCommand,
  errorText,
  isRoot,
  ownUid,
  seedWeakness,
  userText,
  withRegularFile,
} from "@earshot/protocol/runtime";
import { KeyError, type KeyProvider } from "./key-provider.ts";

const SEED_BYTES = 32;
const OWNER_ONLY = 0o600;

export interface KeyFileOptions {
  /** Root may read the key of the service's user; the agent itself runs with a key of its own user only. */
  mayBeOthers?: boolean;
}

/**
 * The key as a file: the 32 bytes of an Ed25519 private key (RFC 8032 §5.1.5), readable by its owner alone. It is
 * made on first start and leaves the machine only as a backup that its owner makes.
 */
export function keyFile(path: string, options: KeyFileOptions = {}): KeyProvider {
  return {
    description: `key file ${path}`,
    open: () => readKey(path, options) ?? makeKey(path),
    openExisting: () => readKey(path, options),
  };
}

/** `undefined` when there is no such file. */
function readKey(path: string, { mayBeOthers = false }: KeyFileOptions): Signer | undefined {
  const owners = (stats: Stats) => (mayBeOthers && isRoot() ? undefined : checkOwner(path, stats));
  try {
    return withRegularFile(path, (file, stats) => {
      owners(stats);
      checkStats(path, stats);
      const seed = new Uint8Array(SEED_BYTES);
      readSync(file, seed, 0, SEED_BYTES, 0);
      checkSeed(path, seed);
      return signerFromSeed(seed);
    });
  } catch (error) {
    if (error instanceof KeyError) throw error;
    const stats = statsOf(path);
    if (stats !== undefined) owners(stats);
    throw new KeyError(
      `${errorText(error)}. Put the key in its place (${RESTORE_WAY}), or set [identity] key_file`,
    );
  }
}

function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** Whoever else owns the key may know it. */
function checkOwner(path: string, { uid }: Stats): void {
  const own = ownUid();
  if (own === undefined || own === uid) return;
  // Never that root take it: the service, which runs as its owner, could not read it any more.
  const advice = own === 0 ? `run it as ${userText(uid)}` : chownCommand(own, path);
  throw new KeyError(`${path} belongs to ${userText(uid)}, but this runs as ${userText(own)}: ${advice}`);
}

/** On the open file, so that nobody can exchange it in between. */
function checkStats(path: string, stats: Stats): void {
  const mode = stats.mode & 0o777;
  if ((mode & 0o177) !== 0) {
    throw new KeyError(
      `${path} has mode ${octal(mode)}, so others may have read the key; allowed is 0600 or less. ` +
        `If nobody else uses this machine: sudo chmod 600 ${path}. Else remove it: a new key, and so a new hotspot, is made`,
    );
  }
  if (stats.size !== SEED_BYTES) {
    const found = stats.size === 0 ? "is empty" : `has ${stats.size} bytes`;
    const hex =
      stats.size === 64 || stats.size === 65 ? " (hex digits must be made bytes first: xxd -r -p)" : "";
    throw new KeyError(`${path} ${found}; a key has ${SEED_BYTES}${hex}. ${RESTORE}`);
  }
}

const RESTORE_WAY = "from a backup, or remove it to become a new hotspot";
const RESTORE = `Restore it ${RESTORE_WAY}`;

function checkSeed(path: string, seed: Uint8Array): void {
  const weakness = seedWeakness(seed);
  if (weakness !== undefined) {
    throw new KeyError(`${path} is no key: it holds ${weakness}, which others can guess. ${RESTORE}`);
  }
}

const octal = (mode: number): string => mode.toString(8).padStart(4, "0");

/** Complete or not there: written aside, then linked to its name, which fails when somebody else was faster. */
function makeKey(path: string): Signer {
  const draft = `${path}.new`;
  const seed = randomBytes(SEED_BYTES);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    removeIfThere(draft);
    const file = openSync(draft, "wx", OWNER_ONLY);
    try {
      giveToFolderOwner(file, dirname(path));
      writeSync(file, seed);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    linkSync(draft, path);
    unlinkSync(draft);
  } catch (error) {
    if (error instanceof KeyError) throw error;
    throw new KeyError(
      `Cannot make the key file ${path} (${codeOf(error)}): give the agent a folder it may write to`,
      { cause: error },
    );
  }
  return signerFromSeed(seed);
}

/** What root makes in the service's folder must be the service's: it could not read it later. */
function giveToFolderOwner(file: number, folder: string): void {
  const { uid, gid } = statSync(folder);
  if (isRoot() && uid !== 0) fchownSync(file, uid, gid);
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error ? String(error.code) : "unknown error";
