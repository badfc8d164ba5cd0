import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  equalBytes,
  hotspotId,
  KEY_ROLES,
  type KeyRole,
  MAX_MESSAGE_BYTES,
  openEnvelope,
  type Signer,
} from "@earshot/protocol";
import { keyFile, keyFromHex, readRegularFile } from "@earshot/protocol/runtime";
import { readByteStrings } from "../bundle/cbor-sequences.ts";
import type { KeySource } from "./key-ring.ts";

/*
 * A network's keys on disk, in the state folder:
 *
 *   network.key            the root key, where it is on this machine
 *   keys.cbor              every key document, the first one first (CBOR sequence, as in a bundle)
 *   keys/ROLE-….key        the private keys of the roles
 */

/** Of the root key, or of a role. */
export type KeyName = "network" | KeyRole;
export const KEY_NAMES: readonly KeyName[] = ["network", ...KEY_ROLES];

export interface KeyPlaces {
  stateDir: string;
  /** `$CREDENTIALS_DIRECTORY` of systemd: `network.key`, `entropy.key`, `entropy-2.key`. */
  credentialsDir?: string | undefined;
  /** From the environment: 64 hex digits each. */
  secrets?: Partial<Record<KeyName, readonly string[]>>;
}

/** Thousands of documents. */
const MAX_DOCUMENTS_BYTES = 2 ** 22;
const PUT_BACK = "put it back from a copy, or from an epoch's bundle";
const KEY_FILE = /^(network|entropy|registry|epochs|downlink|log)(-[\w.-]+)?\.key$/;

const rootKeyFile = (stateDir: string): string => join(stateDir, "network.key");
const documentsFile = (stateDir: string): string => join(stateDir, "keys.cbor");
const keysFolder = (stateDir: string): string => join(stateDir, "keys");
/** Every key document of the network, in order; none where there is no file. @throws {Error} a sentence */
function readDocuments(stateDir: string): Uint8Array[] {
  const path = documentsFile(stateDir);
  const bytes = readRegularFile(path, MAX_DOCUMENTS_BYTES);
  const read = readByteStrings(new Uint8Array(bytes ?? []));
  if (!read.ok || bytes?.length === 0) {
    const at = read.ok ? 0 : read.offset;
    throw new Error(`${path} cannot be read from byte ${at} on: ${PUT_BACK}`);
  }
  return read.items;
}

/** The network's root key, as its documents say; without any, the private key that is here, which is made if need be. */
export function rootOf(places: KeyPlaces): Uint8Array {
  const [first] = readDocuments(places.stateDir);
  const root = first === undefined ? undefined : openEnvelope(first, MAX_MESSAGE_BYTES);
  if (root?.ok === false)
    throw new Error(`${documentsFile(places.stateDir)} holds no key documents: ${root.code}`);
  const own = privateKeys(places, (name) => name === "network")[0];
  if (root === undefined && own === undefined && filesIn(keysFolder(places.stateDir)).length > 0) {
    throw new Error(`${documentsFile(places.stateDir)} is missing, but there are keys of roles: ${PUT_BACK}`);
  }
  if (root === undefined)
    return (own ?? keyFile(rootKeyFile(places.stateDir), { of: "network" }).open()).publicKey;
  const { publicKey } = root.envelope;
  if (own !== undefined && !equalBytes(own.publicKey, publicKey)) {
    const found = `the documents are signed by ${hotspotId(publicKey)}, but the network's key is ${hotspotId(own.publicKey)}`;
    throw new Error(`${documentsFile(places.stateDir)} is another network's: ${found}`);
  }
  return Uint8Array.from(publicKey);
}

/** Files and credentials are looked at again whenever it is asked, and read when they have changed. */
export function keyFiles(places: KeyPlaces): KeySource {
  let seen: string | undefined;
  return {
    read() {
      const now = stateOf(places);
      if (now === seen) return undefined;
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
  isCredential: boolean;
}

function keyPaths({ stateDir, credentialsDir }: KeyPlaces): KeyPath[] {
  const root = existsSync(rootKeyFile(stateDir)) ? ["network.key"] : [];
  return [
    ...namedIn(stateDir, root, false),
    ...namedIn(keysFolder(stateDir), filesIn(keysFolder(stateDir)), false),
    ...(credentialsDir === undefined ? [] : namedIn(credentialsDir, filesIn(credentialsDir), true)),
  ];
}

const filesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);

const namedIn = (folder: string, files: readonly string[], isCredential: boolean): KeyPath[] =>
  files.flatMap((file) => {
    const name = KEY_FILE.exec(file)?.[1];
    return name === undefined ? [] : [{ name: name as KeyName, path: join(folder, file), isCredential }];
  });

/** @throws {KeyError} that says what is wrong with one of them, and holds none */
function privateKeys(places: KeyPlaces, isWanted: (name: KeyName) => boolean = () => true): Signer[] {
  const signers: Signer[] = [];
  for (const { name, path, isCredential } of keyPaths(places)) {
    if (!isWanted(name)) continue;
    const found = keyFile(path, { of: name === "network" ? "network" : "role", isCredential }).openExisting();
    if (found !== undefined) signers.push(found);
  }
  for (const name of KEY_NAMES) {
    if (!isWanted(name)) continue;
    for (const secret of places.secrets?.[name] ?? [])
      signers.push(keyFromHex(secret, `keys.${name}_secret`));
  }
  return signers;
}
