import { randomBytes } from "node:crypto";
import {
  closeSync,
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
import { withRegularFile } from "../regular-file.ts";
import { errorText } from "../time/error-text.ts";
import { KeyError, type KeyProvider } from "./key-provider.ts";

const SEED_BYTES = 32;
const OWNER_ONLY = 0o600;

/**
 * The key as a file: the 32 bytes of an Ed25519 private key (RFC 8032 §5.1.5), readable by its owner alone. It is
 * made on first start and leaves the machine only as a backup that its owner makes.
 */
export function keyFile(path: string): KeyProvider {
  return {
    description: `key file ${path}`,
    open: () => readKey(path) ?? makeKey(path),
    openExisting: () => readKey(path),
  };
}

/** `undefined` when there is no such file. */
function readKey(path: string): Signer | undefined {
  try {
    return withRegularFile(path, (file, stats) => {
      checkStats(path, stats);
      const seed = new Uint8Array(SEED_BYTES);
      readSync(file, seed, 0, SEED_BYTES, 0);
      return signerFromSeed(seed);
    });
  } catch (error) {
    if (error instanceof KeyError) throw error;
    throw new KeyError(
      `${errorText(error)}: run as the owner of the key, or set [identity] key_file to a file of this user's`,
    );
  }
}

/** On the open file, so that nobody can exchange it in between. */
function checkStats(path: string, stats: Stats): void {
  const user = process.getuid?.();
  if (user !== undefined && stats.uid !== user) {
    throw new KeyError(
      `${path} belongs to user ${stats.uid}, but this runs as ${user}: run it as that user (sudo -u '#${stats.uid}' …), or: sudo chown ${user} ${path}`,
    );
  }
  const mode = stats.mode & 0o777;
  if ((mode & 0o177) !== 0) {
    throw new KeyError(
      `${path} has mode ${octal(mode)}, so others may have read the key; allowed is 0600 or less. ` +
        `If nobody else uses this machine: chmod 600 ${path}. Else remove it: a new key, and so a new hotspot, is made`,
    );
  }
  if (stats.size !== SEED_BYTES) {
    throw new KeyError(
      `${path} has ${stats.size} bytes; a key has ${SEED_BYTES}. Restore it from a backup, or remove it to become a new hotspot`,
    );
  }
}

const octal = (mode: number): string => mode.toString(8).padStart(4, "0");

/** Complete or not there: written aside, then linked to its name, which fails when somebody else was faster. */
function makeKey(path: string): Signer {
  const draft = `${path}.new`;
  const seed = randomBytes(SEED_BYTES);
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    checkFolder(dirname(path));
    removeIfThere(draft);
    const file = openSync(draft, "wx", OWNER_ONLY);
    try {
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
    );
  }
  return signerFromSeed(seed);
}

/** A key made by root in the agent's folder could not be read by the agent later. */
function checkFolder(folder: string): void {
  const { uid } = statSync(folder);
  if (process.getuid?.() !== 0 || uid === 0) return;
  throw new KeyError(
    `${folder} belongs to user ${uid}: make the key as that user (sudo -u '#${uid}' …), not as root`,
  );
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
