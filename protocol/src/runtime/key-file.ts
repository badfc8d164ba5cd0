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
import { type Signer, signerFromSeed } from "../crypto/ed25519.ts";
import { fromHex } from "../encoding/bytes.ts";
import { errorCode, errorText } from "./error-text.ts";
import { withRegularFile } from "./regular-file.ts";
import { seedWeakness } from "./seed-weakness.ts";
import { chownCommand, isRoot, ownerOf, ownUid, userText } from "./users.ts";

const SEED_BYTES = 32;
const OWNER_ONLY = 0o600;

/** The key cannot be used; the message says what to do. Never holds key material. */
export class KeyError extends Error {
  override readonly name = "KeyError";
}

export interface KeyFile {
  /** For messages: what it is and where. */
  readonly description: string;
  /**
   * The signer, whose key is made first if there is none.
   *
   * @throws {KeyError} that says what is wrong with the key and what to do
   */
  open(): Signer;
  /**
   * The signer, or `undefined` when there is no key yet: makes none.
   *
   * @throws {KeyError}
   */
  openExisting(): Signer | undefined;
}

export interface KeyFileOptions {
  /** Whose key it is: with a new key it would be another one. `role`: one of a network's keys, which can be replaced. */
  of: KeyOwner;
  /** What the configuration calls the path, for messages: `[identity] key_file`. */
  setting?: string;
  /** Root may read the key of the service's user; a program runs with a key of its own user only. */
  mayBeOthers?: boolean;
  /**
   * A credential of systemd (`$CREDENTIALS_DIRECTORY`, systemd.exec(5)): it may be root's, readable for the service by an
   * access control list, whose mask shows as the group's right.
   */
  isCredential?: boolean;
}

type KeyOwner = "hotspot" | "network" | "witness" | "role";

/**
 * A private key as a file: the 32 bytes of an Ed25519 private key (RFC 8032 §5.1.5), readable by its owner alone. It is
 * made on first start and leaves the machine only as a backup that its owner makes.
 */
export function keyFile(path: string, options: KeyFileOptions): KeyFile {
  return {
    description: `key file ${path}`,
    open: () => readKey(path, options) ?? makeKey(path),
    openExisting: () => readKey(path, options),
  };
}

/** `undefined` when there is no such file. */
function readKey(path: string, options: KeyFileOptions): Signer | undefined {
  const { mayBeOthers = false, isCredential = false, of, setting } = options;
  const isAllowed = (uid: number) => (mayBeOthers && isRoot()) || (isCredential && uid === 0);
  const owners = (uid: number) => (isAllowed(uid) ? undefined : checkOwner(path, uid));
  try {
    return withRegularFile(path, (file, stats) => {
      owners(stats.uid);
      checkStats(path, stats, options);
      const seed = new Uint8Array(SEED_BYTES);
      readSync(file, seed, 0, SEED_BYTES, 0);
      checkSeed(path, seed, of);
      return signerFromSeed(seed);
    });
  } catch (error) {
    if (error instanceof KeyError) throw error;
    const uid = ownerOf(path);
    if (uid !== undefined) owners(uid);
    const elsewhere = setting === undefined ? "" : `, or set ${setting}`;
    throw new KeyError(`${errorText(error)}. Put the key in its place (${restoreWay(of)})${elsewhere}`);
  }
}

/** Whoever else owns the key may know it. */
function checkOwner(path: string, uid: number): void {
  const own = ownUid();
  if (own === undefined || own === uid) return;
  // Never that root take it: the service, which runs as its owner, could not read it any more.
  const advice = own === 0 ? `run it as ${userText(uid)}` : chownCommand(own, path);
  throw new KeyError(`${path} belongs to ${userText(uid)}, but this runs as ${userText(own)}: ${advice}`);
}

/** On the open file, so that nobody can exchange it in between. */
function checkStats(path: string, stats: Stats, { of, isCredential = false }: KeyFileOptions): void {
  const mode = stats.mode & 0o777;
  if ((mode & (isCredential ? 0o137 : 0o177)) !== 0) {
    throw new KeyError(
      `${path} has mode ${octal(mode)}, so others may have read the key; allowed is ${isCredential ? "0440" : "0600"} or less. ` +
        `If nobody else uses this machine: sudo chmod 600 ${path}. Else ${KNOWN_WAY[of]}`,
    );
  }
  if (stats.size !== SEED_BYTES) {
    const found = stats.size === 0 ? "is empty" : `has ${stats.size} bytes`;
    const hex =
      stats.size === 64 || stats.size === 65 ? " (hex digits must be made bytes first: xxd -r -p)" : "";
    throw new KeyError(`${path} ${found}; a key has ${SEED_BYTES}${hex}. Restore it ${restoreWay(of)}`);
  }
}

/** What to do about a key that is lost. */
const restoreWay = (of: KeyOwner): string =>
  of === "role"
    ? "from a backup, or replace it: gateway keys rotate ROLE"
    : `from a backup, or remove it to become a new ${of}`;

/** What to do about a key that others may know. */
const KNOWN_WAY: Readonly<Record<KeyOwner, string>> = {
  hotspot: "remove it: a new key, and so a new hotspot, is made",
  network: "remove it: a new key, and so a new network, is made",
  witness: "remove it, and what it has cosigned: a new key, and so a new witness, is made",
  role: "revoke it: gateway keys revoke KEY",
};

function checkSeed(path: string, seed: Uint8Array, of: KeyOwner): void {
  const weakness = seedWeakness(seed);
  if (weakness === undefined) return;
  const restore = `Restore it ${restoreWay(of)}`;
  throw new KeyError(`${path} is no key: it holds ${weakness}, which others can guess. ${restore}`);
}

/**
 * A private key from 64 hex digits, as where the environment holds it.
 *
 * @param name for messages, which never show the text
 * @throws {KeyError}
 */
export function keyFromHex(text: string, name: string): Signer {
  const seed = fromHex(text.trim());
  if (seed?.length !== SEED_BYTES)
    throw new KeyError(`${name} is no key: ${2 * SEED_BYTES} hex digits are needed`);
  const weakness = seedWeakness(seed);
  if (weakness !== undefined)
    throw new KeyError(`${name} is no key: it holds ${weakness}, which others can guess`);
  return signerFromSeed(seed);
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
    throw new KeyError(
      `Cannot make the key file ${path} (${errorCode(error) || "unknown error"}): it needs a folder that may be written to`,
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
    if (errorCode(error) !== "ENOENT") throw error;
  }
}
