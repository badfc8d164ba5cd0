import {
  chownSync,
  closeSync,
  existsSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import {
  equalBytes,
  hotspotId,
  KEY_ROLES,
  type KeyRole,
  MAX_MESSAGE_BYTES,
  openEnvelope,
  type Signer,
} from "@earshot/protocol";
import { isRoot, keyFile, keyFromHex, readRegularFile } from "@earshot/protocol/runtime";
import type { Environment } from "@earshot/protocol/runtime/config";
import { readByteStrings, writeByteStrings } from "../bundle/cbor-sequences.ts";
import type { GatewayConfig } from "../config/schema.ts";
import type { KeySource } from "./key-ring.ts";

/*
 * A network's keys on disk, in the state folder:
 *
 *   network.key            the root key, where it is on this machine
 *   keys.cbor              every key document, the first one first (CBOR sequence, as in a bundle)
 *   keys/ROLE-….key        the private keys of the roles
 */

/** Of the root key, or of a role. */
type KeyName = "network" | KeyRole;
const KEY_NAMES: readonly KeyName[] = ["network", ...KEY_ROLES];

export interface KeyPlaces {
  stateDir: string;
  /** The root key's file, where it is not `network.key` in the state folder. */
  rootFile?: string | undefined;
  /** `$CREDENTIALS_DIRECTORY` of systemd: `network.key`, `entropy.key`, `entropy-2.key`. */
  credentialsDir?: string | undefined;
  /** From the environment: 64 hex digits each. */
  secrets?: Partial<Record<KeyName, readonly string[]>>;
  /** Root may read what is the service's: a command does, the service does not run as root. */
  mayBeOthers?: boolean;
}

/** Where the network's keys are. */
export const keyPlacesOf = (
  { state_dir: stateDir, keys }: Pick<GatewayConfig, "state_dir" | "keys">,
  environment: Environment,
): KeyPlaces => ({
  stateDir,
  credentialsDir: environment.CREDENTIALS_DIRECTORY,
  secrets: Object.fromEntries(KEY_NAMES.map((name) => [name, keys[`${name}_secret`] ?? []])),
});

/** Thousands of documents. */
const MAX_DOCUMENTS_BYTES = 2 ** 22;
const PUT_BACK = "put it back from a copy, or from an epoch's bundle";
const KEY_FILE = new RegExp(`^(${KEY_NAMES.join("|")})(-[\\w.-]+)?\\.key$`);

const rootKeyFile = ({ rootFile, stateDir }: KeyPlaces): string => rootFile ?? join(stateDir, "network.key");
const documentsFile = (stateDir: string): string => join(stateDir, "keys.cbor");
const keysFolder = (stateDir: string): string => join(stateDir, "keys");

/** Every key document of the network, in order; none where there is no file. @throws {Error} a sentence */
export function readDocuments(stateDir: string): Uint8Array[] {
  const path = documentsFile(stateDir);
  const bytes = readRegularFile(path, MAX_DOCUMENTS_BYTES);
  const read = readByteStrings(new Uint8Array(bytes ?? []));
  if (!read.ok || bytes?.length === 0) {
    const at = read.ok ? 0 : read.offset;
    throw new Error(`${path} cannot be read from byte ${at} on: ${PUT_BACK}`);
  }
  return read.items;
}

/** Whole or as it was, whenever the process is killed. */
export function writeDocuments(stateDir: string, documents: readonly Uint8Array[]): void {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const path = documentsFile(stateDir);
  const draft = `${path}.new`;
  const file = openSync(draft, "w", 0o644);
  try {
    const { uid, gid } = statSync(stateDir);
    if (isRoot() && uid !== 0) fchownSync(file, uid, gid);
    writeSync(file, writeByteStrings(documents));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  const folder = openSync(dirname(path), "r");
  fsyncSync(folder);
  closeSync(folder);
}

/**
 * The private key of a role that a document of this version is to name. One that was made for it, by a command that was
 * killed before the document was there, is found again.
 */
export function makeRoleKey(
  { stateDir }: KeyPlaces,
  role: KeyRole,
  version: number,
): { path: string; signer: Signer } {
  const folder = keysFolder(stateDir);
  if (!existsSync(folder)) {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    mkdirSync(folder, { mode: 0o700 });
    const { uid, gid } = statSync(stateDir);
    // Root may have been asked to: what it makes in the service's folder is the service's nevertheless.
    if (isRoot() && uid !== 0) chownSync(folder, uid, gid);
  }
  const path = join(folder, `${role}-${version}.key`);
  return { path, signer: keyFile(path, { of: "role", mayBeOthers: true }).open() };
}

/** The root's private key, where it is here. @throws {Error} a sentence, without any key in it */
export const rootSigner = (places: KeyPlaces): Signer | undefined =>
  privateKeys(places, (name) => name === "network")[0];

/** The network's root key, as its documents say; without any, the private key that is here, which is made if need be. */
export function rootOf(places: KeyPlaces): Uint8Array {
  const [first] = readDocuments(places.stateDir);
  const own = rootSigner(places);
  if (first === undefined) return own?.publicKey ?? makeRootKey(places).publicKey;
  const opened = openEnvelope(first, MAX_MESSAGE_BYTES);
  if (!opened.ok) throw new Error(`${documentsFile(places.stateDir)} holds no key documents: ${opened.code}`);
  const { publicKey } = opened.envelope;
  if (own !== undefined && !equalBytes(own.publicKey, publicKey)) {
    const found = `its documents are signed by ${hotspotId(publicKey)}, but the root key is ${hotspotId(own.publicKey)}`;
    throw new Error(`${documentsFile(places.stateDir)} is another network's: ${found}`);
  }
  return Uint8Array.from(publicKey);
}

/** Never beside keys of roles: another root key would make another network of this one. */
function makeRootKey(places: KeyPlaces): Signer {
  if (filesIn(keysFolder(places.stateDir)).length > 0) {
    throw new Error(`${documentsFile(places.stateDir)} is missing, but there are keys of roles: ${PUT_BACK}`);
  }
  return keyFile(rootKeyFile(places), { of: "network" }).open();
}

/** Files and credentials are looked at again whenever it is asked, and read when they have changed. */
export function keyFiles(places: KeyPlaces): KeySource {
  let seen: string | undefined;
  return {
    read() {
      const now = stateOf(places);
      if (now === seen) return undefined;
      // What cannot be read is tried again, also when it becomes as it was before.
      seen = undefined;
      const read = { documents: readDocuments(places.stateDir), signers: privateKeys(places) };
      seen = now;
      return read;
    },
  };
}

function stateOf(places: KeyPlaces): string {
  const paths = [documentsFile(places.stateDir), ...keyPaths(places).map(({ path }) => path)];
  return paths
    .map((path) => {
      const stats = statSync(path, { throwIfNoEntry: false });
      return `${path} ${stats?.ino} ${stats?.size} ${stats?.mtimeMs} ${stats?.mode}`;
    })
    .join("\n");
}

interface KeyPath {
  name: KeyName;
  path: string;
  isCredential?: boolean;
}

function keyPaths(places: KeyPlaces): KeyPath[] {
  const { stateDir, credentialsDir } = places;
  const credentials = credentialsDir === undefined ? [] : namedIn(credentialsDir);
  return [
    { name: "network", path: rootKeyFile(places) },
    ...namedIn(keysFolder(stateDir)),
    ...credentials.map((one) => ({ ...one, isCredential: true })),
  ];
}

const filesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);

const namedIn = (folder: string): KeyPath[] =>
  filesIn(folder).flatMap((file) => {
    const name = KEY_FILE.exec(file)?.[1];
    return name === undefined ? [] : [{ name: name as KeyName, path: join(folder, file) }];
  });

/** Every private key that is here. @throws {KeyError} that says what is wrong with one of them, and holds none */
export function privateKeys(places: KeyPlaces, isWanted: (name: KeyName) => boolean = () => true): Signer[] {
  const { mayBeOthers = false, secrets } = places;
  const files = keyPaths(places).filter(({ name }) => isWanted(name));
  const read = files.flatMap(({ name, path, isCredential = false }) => {
    const of = name === "network" ? "network" : "role";
    return keyFile(path, { of, isCredential, mayBeOthers }).openExisting() ?? [];
  });
  const given = KEY_NAMES.filter(isWanted).flatMap((name) =>
    (secrets?.[name] ?? []).map((secret) => keyFromHex(secret, `keys.${name}_secret`)),
  );
  return [...read, ...given];
}
