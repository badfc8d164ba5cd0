import type { Log } from "@earshot/protocol/hotspot";
import { errorText, readRegularFile } from "@earshot/protocol/runtime";
import { writeDurably } from "./durable-file.ts";
import { JUMP_CEILING, MAX_JUMP } from "./numbering.ts";

/** Numbers are reserved in blocks of this size, so that the file is written once in so many packets. */
export const SEQUENCE_BLOCK = 100;

/**
 * A tiny file beside the database: "every sequence number below this one may have been used". When the database is lost
 * or an old copy of it is put back, numbering continues from here, so that no number is used for two packets. At most a
 * block of numbers is skipped, which the gateway sees as a gap. A copy less than two blocks old is not noticed here; the
 * gateway's next receipt moves the numbering past it.
 */
export class SequenceMark {
  readonly #path: string;
  readonly #log: Log;
  #mark: number;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
    this.#mark = this.#read();
  }

  /** 0 when there is none that can be used. */
  get value(): number {
    return this.#mark;
  }

  /** Lets go of a mark that cannot be, where `nextSequence` is known. */
  check(nextSequence: number): void {
    const aheadBy = this.#mark - nextSequence;
    if (aheadBy > MAX_JUMP) {
      this.#ignore(`${this.#mark} is ${aheadBy} ahead of the outbox; at most ${MAX_JUMP} are believed`);
      this.#mark = 0;
    }
  }

  /** The number to continue with when the database has `nextSequence`. */
  resume(nextSequence: number): number {
    this.check(nextSequence);
    // The mark is ahead by a block and, after a crash before the transaction, by one group of packets more.
    const isOldCopy = this.#mark - nextSequence > 2 * SEQUENCE_BLOCK;
    return isOldCopy ? this.#mark : nextSequence;
  }

  /** Call before packets with numbers below `nextSequence` are written. Durable when it returns. */
  reserve(nextSequence: number): void {
    if (nextSequence <= this.#mark) return;
    const mark = nextSequence + SEQUENCE_BLOCK;
    writeDurably(this.#path, `${mark}\n`);
    this.#mark = mark;
  }

  /** A mark that is too high is ignored: it would use up all numbers, and there is no way back. */
  #read(): number {
    try {
      const text = readRegularFile(this.#path)?.toString("utf8");
      if (text === undefined) return 0;
      const mark = /^[0-9]{1,10}\n$/.test(text) ? Number(text) : Number.NaN;
      if (mark >= 1 && mark <= JUMP_CEILING) return mark;
      this.#ignore(
        `it holds ${JSON.stringify(text.slice(0, 20))}; allowed is a number up to ${JUMP_CEILING}`,
      );
    } catch (error) {
      this.#ignore(errorText(error));
    }
    return 0;
  }

  #ignore(why: string): void {
    this.#log.warn("The sequence mark is damaged and not used", { path: this.#path, why });
  }
}
