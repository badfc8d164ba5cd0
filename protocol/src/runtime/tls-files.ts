import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { errorText } from "./error-text.ts";
import { readNamedFile } from "./regular-file.ts";

/** Paths of PEM files: who vouches for the other side, and our own certificate with its key. */
export interface TlsPaths {
  ca?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
}

/** What the configuration calls them, for sentences: `{ ca: "[broker] ca_file", … }`. */
export type TlsNames = Readonly<Record<keyof TlsPaths, string>>;

/** PEM texts as TLS libraries take them: nothing but certificates, or one key. */
export interface TlsPems {
  ca?: string;
  cert?: string;
  key?: string;
  /** What may be why the other side does not agree, a sentence each: a certificate that is not valid now. */
  doubts: string[];
}

/** The file's bytes, or an error that says why not. */
type ReadFile = (path: string) => Uint8Array | Promise<Uint8Array>;

interface Block {
  label: string;
  pem: string;
}

interface PemFile {
  /** Configuration key and path. */
  name: string;
  path: string;
  blocks: Block[];
}

/** RFC 7468 §2. */
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;
const CERTIFICATE = "CERTIFICATE";
const PRIVATE_KEY = /^((RSA|EC) )?PRIVATE KEY$/;

/**
 * Reads certificates and key again: to be called for each session, for they are renewed, mounted late and half written.
 *
 * @param nowMs wall clock
 * @throws {Error} naming key and path of the file that cannot be used, and what to do
 */
export async function readTlsFiles(
  { ca, cert, key }: TlsPaths,
  names: TlsNames,
  nowMs: number,
  read: ReadFile = readNamedFile,
): Promise<TlsPems> {
  const pems: TlsPems = { doubts: [] };
  if (ca !== undefined) {
    const file = await pemFile(names.ca, ca, read);
    const certificates = certificatesOf(file);
    pems.ca = joined(file, CERTIFICATE);
    // One of several that has expired is usual.
    const doubts = certificates.map((one) => doubtAbout(file, one, nowMs));
    if (doubts[0] !== undefined && !doubts.includes(undefined)) pems.doubts.push(doubts[0]);
  }
  if (cert === undefined || key === undefined) return pems;
  const [certFile, keyFile] = [await pemFile(names.cert, cert, read), await pemFile(names.key, key, read)];
  const chain = certificatesOf(certFile);
  const { privateKey, pem } = privateKeyOf(keyFile);
  refuseMismatch(certFile, chain, keyFile, privateKey);
  const doubt = doubtAbout(certFile, chain[0] as X509Certificate, nowMs);
  if (doubt !== undefined) pems.doubts.push(doubt);
  return { ...pems, cert: joined(certFile, CERTIFICATE), key: pem };
}

async function pemFile(key: string, path: string, read: ReadFile): Promise<PemFile> {
  let bytes: Uint8Array;
  try {
    bytes = await read(path);
  } catch (error) {
    throw new Error(`${key}: ${errorText(error)}`, { cause: error });
  }
  const name = `${key} ${path}`;
  if (bytes.length === 0) throw new Error(`${name} is empty: write it again, or wait until it is written`);
  if (bytes[0] === 0x30 && (bytes[1] ?? 0) >= 0x80)
    throw new Error(`${name} is not PEM but DER: ${derAdvice(bytes, path)}`);
  const text = decoded(bytes);
  const blocks = [...text.matchAll(BLOCK)].map(([pem, label = ""]) => ({
    label,
    pem: `${unixLines(pem)}\n`,
  }));
  const rest = text.replaceAll(BLOCK, "");
  if (rest.includes("-----BEGIN "))
    throw new Error(`${name} is cut off: write it again, or wait until it is written`);
  if (blocks.length === 0) throw new Error(`${name} is not PEM: it has no line "-----BEGIN …-----"`);
  return { name, path, blocks };
}

/** Editors of Windows write a byte order mark, of UTF-8 or UTF-16. */
function decoded(bytes: Uint8Array): string {
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : "utf-8";
  return new TextDecoder(encoding).decode(bytes);
}

const unixLines = (text: string): string =>
  text
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .join("\n");

/** PKCS#12 (RFC 7292 §4) begins with a sequence and the version 3. */
function derAdvice(bytes: Uint8Array, path: string): string {
  const bodyAt = 2 + ((bytes[1] ?? 0) & 0x7f);
  const isPkcs12 = bytes[bodyAt] === 2 && bytes[bodyAt + 1] === 1 && bytes[bodyAt + 2] === 3;
  const command = isPkcs12 ? `pkcs12 -nodes -in ${path}` : `x509 -inform DER -in ${path}`;
  return `openssl ${command} -out NEW.pem, and name that file`;
}

function certificatesOf(file: PemFile): X509Certificate[] {
  const certificates = file.blocks.filter(({ label }) => label === CERTIFICATE);
  if (certificates.length === 0) throw new Error(`${file.name} has no certificate but ${labelsOf(file)}`);
  return certificates.map(({ pem }, at) => {
    try {
      return new X509Certificate(pem);
    } catch (error) {
      const which =
        certificates.length === 1 ? "the certificate" : `certificate ${at + 1} of ${certificates.length}`;
      throw new Error(`${file.name} is damaged: ${which} cannot be read; write it again`, { cause: error });
    }
  });
}

function privateKeyOf(file: PemFile): { privateKey: KeyObject; pem: string } {
  const block = file.blocks.find(({ label }) => PRIVATE_KEY.test(label));
  if (block === undefined) {
    const isLocked = file.blocks.some(({ label }) => label.startsWith("ENCRYPTED"));
    if (isLocked) throw new Error(`${file.name} ${unlock(file)}`);
    throw new Error(`${file.name} has no private key but ${labelsOf(file)}`);
  }
  // The older form of locked keys (RFC 1421 §4.6).
  if (block.pem.includes("Proc-Type: 4,ENCRYPTED")) throw new Error(`${file.name} ${unlock(file)}`);
  try {
    return { privateKey: createPrivateKey(block.pem), pem: block.pem };
  } catch (error) {
    throw new Error(`${file.name} is damaged: the key cannot be read; write it again`, { cause: error });
  }
}

const unlock = ({ path }: PemFile): string =>
  `is locked with a passphrase: openssl pkey -in ${path} -out NEW.pem, and name that file`;

const labelsOf = ({ blocks }: PemFile): string => [...new Set(blocks.map(({ label }) => label))].join(", ");

function refuseMismatch(
  cert: PemFile,
  chain: readonly X509Certificate[],
  key: PemFile,
  privateKey: KeyObject,
): void {
  const at = chain.findIndex((certificate) => certificate.checkPrivateKey(privateKey));
  if (at === 0) return;
  if (at > 0) {
    throw new Error(`${cert.name} has the certificate of its key in place ${at + 1}: it must be the first`);
  }
  throw new Error(
    `${key.name} is not the key of the certificate in ${cert.path}: give the two that were made together`,
  );
}

function doubtAbout({ name }: PemFile, certificate: X509Certificate, nowMs: number): string | undefined {
  const { validFromDate, validToDate } = certificate;
  const clock = `this machine's clock says ${day(nowMs)}`;
  if (nowMs < validFromDate.getTime()) {
    return `${name} is not valid before ${day(validFromDate.getTime())}, and ${clock}: set the clock, by NTP or GPS`;
  }
  if (nowMs <= validToDate.getTime()) return undefined;
  return `${name} expired on ${day(validToDate.getTime())} (${clock}): renew it; it is read again by itself`;
}

const day = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);

function joined({ blocks }: PemFile, label: string): string {
  return blocks
    .filter((block) => block.label === label)
    .map(({ pem }) => pem)
    .join("");
}
