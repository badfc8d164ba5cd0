import { closeSync, fsyncSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { readRegularFile } from "../regular-file.ts";

/** Numbers are reserved in blocks, so that the file is written once in so many packets. */
export const SEQUENCE_BLOCK = 100;

/**
 * A second, tiny record beside the database of how far sequence numbers have gone: "every number below this one may
 * have been used". When the database is lost or an old copy of it is put back, numbering goes on from here, so that
 * no number is used for two packets. At most a block of numbers is skipped, which the gateway sees as a gap. A copy
 * that is fewer than two blocks old is not noticed here; the gateway's next receipt moves the numbering past it.
 */
export class SequenceMark {
  readonly #path: string;
  #mark: number;

  constructor(path: string) {
    this.#path = path;
    this.#mark = readMark(path);
  }

  /** 0 when there is none, or it cannot be read. */
  get value(): number {
    return this.#mark;
  }

  /** The number to go on with when the database says `nextSequence`. */
  resume(nextSequence: number): number {
    // The mark runs ahead by a block and, when a crash came before the transaction, by one group of packets more.
    const isOldCopy = this.#mark - nextSequence > 2 * SEQUENCE_BLOCK;
    return isOldCopy ? this.#mark : nextSequence;
  }

  /** Before numbers below `nextSequence` become durable in packets. Durable when it returns. */
  reserve(nextSequence: number): void {
    if (nextSequence <= this.#mark) return;
    const mark = nextSequence + SEQUENCE_BLOCK;
    writeDurably(this.#path, `${mark}\n`);
    this.#mark = mark;
  }
}

function readMark(path: string): number {
  try {
    const text = readRegularFile(path) ?? "";
    return /^[0-9]{1,10}\n$/.test(text) ? Number(text) : 0;
  } catch {
    return 0;
  }
}

/** Either the old content or the new one is there after a power cut. */
function writeDurably(path: string, text: string): void {
  const draft = `${path}.new`;
  const file = openSync(draft, "w", 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(draft, path);
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
