/** One parser, what is fed to it, and how fast its device really speaks. */
export interface ParserCase {
  family: string;
  /** Where the bytes are from. */
  source: "recording" | "written";
  /** As they arrive: a serial port's reads, or whole messages. */
  chunks: readonly Uint8Array[];
  bytesPerSecond: number;
  /** A fresh parser; it answers how many frames, lines or readings it made of a chunk. */
  start(): (chunk: Uint8Array) => number;
}

/** What a serial port hands over at a time. */
const READ_BYTES = 64;

export function serialChunks(bytes: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += READ_BYTES) chunks.push(bytes.subarray(at, at + READ_BYTES));
  return chunks;
}

export const byteCount = (chunks: readonly Uint8Array[]): number =>
  chunks.reduce((sum, { length }) => sum + length, 0);

export const textBytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** `count` frames, one after the other. */
export function frames(count: number, make: (i: number) => Uint8Array): Uint8Array {
  const all = Array.from({ length: count }, (_, i) => make(i));
  const whole = new Uint8Array(byteCount(all));
  let at = 0;
  for (const frame of all) {
    whole.set(frame, at);
    at += frame.length;
  }
  return whole;
}
