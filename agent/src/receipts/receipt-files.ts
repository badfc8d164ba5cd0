import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { concatBytes, decodeCbor, encodeCbor, u32 } from "@earshot/protocol/hotspot";
import { errorCode } from "@earshot/protocol/runtime";

/** What the network has confirmed with one receipt. */
export interface ReceiptRecord {
  /** When it was kept, where that is certain. */
  keptAtMs: number | undefined;
  /** As the network signed it. */
  receipt: Uint8Array;
  /** The reports that it names, as the hotspot signed them. */
  packets: Uint8Array[];
}

export interface ReceiptLimits {
  maxBytes: number;
  maxAgeMs: number;
}

/** Some 40,000 reports: a month of a hotspot that hears a beacon a minute. */
const RECEIPT_LIMITS: ReceiptLimits = { maxBytes: 16_777_216, maxAgeMs: 30 * 86_400_000 };

/** In the state folder. */
export const RECEIPTS_FOLDER = "receipts";

const OWNER_ONLY_FOLDER = 0o700;
const OWNER_ONLY = 0o600;
/** The file that grows; one that is full gets a number, and never changes again. */
const CURRENT = "current";
const FILE_BYTES = 262_144;
const NUMBERED = /^[0-9]{10}$/;

/**
 * Receipts with the reports that they name: what a hotspot needs to show that the network left one out after it had
 * confirmed it. They stay until an audit has found all reports of their file, or until the limits; the oldest go first.
 *
 *   file    record*
 *   record  4 bytes length, big endian | CBOR [ms or 0, receipt, [packet, …]]
 *
 * Only ever appended to, and read up to where a power cut has torn it, so that an audit may read while the agent writes.
 */
export class ReceiptFiles {
  readonly #folder: string;
  readonly #limits: ReceiptLimits;
  /** A power cut or a failed write may have torn the end of the file: nothing is appended to it. */
  #isTorn = true;

  constructor(folder: string, limits: ReceiptLimits = RECEIPT_LIMITS) {
    this.#folder = folder;
    this.#limits = limits;
  }

  /**
   * Durable when it returns.
   *
   * @param nowMs where it is certain; else nothing is dropped for its age
   */
  append(records: readonly ReceiptRecord[], nowMs: number | undefined): void {
    mkdirSync(this.#folder, { recursive: true, mode: OWNER_ONLY_FOLDER });
    if (this.#isTorn) this.seal();
    this.#isTorn = true;
    const path = join(this.#folder, CURRENT);
    const file = openSync(path, "a", OWNER_ONLY);
    let size: number;
    try {
      writeSync(file, concatBytes(...records.map(recordBytes)));
      fsyncSync(file);
      size = statSync(path).size;
    } finally {
      closeSync(file);
    }
    this.#isTorn = false;
    if (size < FILE_BYTES) return;
    this.seal();
    this.#dropExcess(nowMs);
  }

  /** Ends the file that grows, if there is one. */
  seal(): void {
    const last = this.files().at(-1) ?? "0";
    const next = String(Number(last) + 1).padStart(10, "0");
    try {
      renameSync(join(this.#folder, CURRENT), join(this.#folder, next));
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
    }
  }

  /** Names of those that do not change any more, the oldest first. */
  files(): string[] {
    return this.#names()
      .filter((name) => NUMBERED.test(name))
      .sort();
  }

  read(name: string): ReceiptRecord[] {
    return recordsOf(readFileSync(join(this.#folder, name)));
  }

  remove(name: string): void {
    rmSync(join(this.#folder, name), { force: true });
  }

  get bytes(): number {
    return this.#names().reduce((sum, name) => sum + this.#size(name), 0);
  }

  #names(): string[] {
    try {
      return readdirSync(this.#folder);
    } catch (error) {
      if (errorCode(error) === "ENOENT") return [];
      throw error;
    }
  }

  #size(name: string): number {
    return statSync(join(this.#folder, name), { throwIfNoEntry: false })?.size ?? 0;
  }

  #dropExcess(nowMs: number | undefined): void {
    let bytes = this.bytes;
    for (const name of this.files()) {
      const isExcess = bytes > this.#limits.maxBytes || this.#isOld(name, nowMs);
      if (!isExcess) return;
      bytes -= this.#size(name);
      this.remove(name);
    }
  }

  #isOld(name: string, nowMs: number | undefined): boolean {
    if (nowMs === undefined) return false;
    const keptAtMs = this.read(name).findLast((record) => record.keptAtMs !== undefined)?.keptAtMs;
    return keptAtMs !== undefined && keptAtMs < nowMs - this.#limits.maxAgeMs;
  }
}

function recordBytes({ keptAtMs, receipt, packets }: ReceiptRecord): Uint8Array {
  const bytes = encodeCbor([keptAtMs ?? 0, receipt, packets]);
  return concatBytes(u32(bytes.length), bytes);
}

/** Those that can be read, up to a torn end. */
function recordsOf(file: Uint8Array): ReceiptRecord[] {
  const records: ReceiptRecord[] = [];
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 0; at + 4 <= file.length; ) {
    const length = view.getUint32(at);
    const bytes = file.subarray(at + 4, at + 4 + length);
    if (length === 0 || bytes.length < length) break;
    const record = recordOf(bytes);
    if (record !== undefined) records.push(record);
    at += 4 + length;
  }
  return records;
}

function recordOf(bytes: Uint8Array): ReceiptRecord | undefined {
  const decoded = decodeCbor(bytes);
  if (!decoded.ok || !Array.isArray(decoded.value)) return undefined;
  const [keptAtMs, receipt, packets] = decoded.value;
  if (!(receipt instanceof Uint8Array) || !Array.isArray(packets)) return undefined;
  return {
    keptAtMs: Number(keptAtMs) || undefined,
    receipt,
    packets: packets.filter((packet) => packet instanceof Uint8Array),
  };
}
