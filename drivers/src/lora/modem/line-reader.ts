import { LineFramer } from "../../link/line-framer.ts";
import type { ModemEvent, ModemReader } from "./dialect.ts";

/** The reader of a dialect in which each line stands for itself or follows the one before. */
export class LineReader implements ModemReader {
  readonly #framer: LineFramer;
  readonly #readLine: (line: string) => ModemEvent[];

  constructor(maxLineBytes: number, readLine: (line: string) => ModemEvent[]) {
    this.#framer = new LineFramer(maxLineBytes);
    this.#readLine = readLine;
  }

  get garbageBytes(): number {
    return this.#framer.garbageBytes;
  }

  push(bytes: Uint8Array): ModemEvent[] {
    return this.#framer.push(bytes).flatMap((line) => this.#readLine(line));
  }
}

const MAX_FRAME_BYTES = 255;

/** Hex digits in either case to bytes; `undefined` when they are none, or no frame's length. */
export function hexBytes(text: string): Uint8Array | undefined {
  if (!/^(?:[0-9a-f]{2})+$/i.test(text) || text.length > 2 * MAX_FRAME_BYTES) return undefined;
  return Uint8Array.fromHex(text);
}

/** A whole number within what a LoRa chip can report; `undefined` for anything else. */
function signalNumber(text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined || !/^-?\d{1,3}$/.test(text)) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value + 0 : undefined;
}

export const rssiOf = (text: string | undefined): number | undefined => signalNumber(text, -255, 127);
export const snrOf = (text: string | undefined): number | undefined => signalNumber(text, -128, 127);
