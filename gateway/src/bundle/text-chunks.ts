import { utf8 } from "@earshot/protocol";
import { atOnce, type InTurns } from "./in-turns.ts";

/*
 * The text of an epoch with a million leaves is half a gigabyte: it is made, written and compared in pieces, never
 * held as one string.
 */

const CHUNK_LENGTH = 65_536;

/** The same text in chunks of about 64 KiB. */
export function* inChunks(parts: Iterable<string>): Generator<string, void, void> {
  let chunk = "";
  for (const part of parts) {
    chunk += part;
    if (chunk.length < CHUNK_LENGTH) continue;
    yield chunk;
    chunk = "";
  }
  if (chunk !== "") yield chunk;
}

/** The same text in chunks that end where a line ends; a last line without an end is a chunk's too. */
export function* wholeLines(chunks: Iterable<string>): Generator<string, void, void> {
  let rest = "";
  for (const chunk of chunks) {
    const end = chunk.lastIndexOf("\n") + 1;
    if (end > 0) yield rest + chunk.slice(0, end);
    rest = end > 0 ? chunk.slice(end) : rest + chunk;
  }
  if (rest !== "") yield rest;
}

/** `JSON.stringify(list, null, 1)` and a newline, made item by item. */
export function* jsonList<T>(items: Iterable<T>, write: (item: T) => unknown): Generator<string, void, void> {
  let before = "[\n";
  for (const item of items) {
    yield `${before} ${JSON.stringify(write(item), null, 1).replaceAll("\n", "\n ")}`;
    before = ",\n";
  }
  yield before === "[\n" ? "[]\n" : "\n]\n";
}

/** Chunks of `inChunks` that are made before other work gets its turn. */
const CHUNKS_A_TURN = 16;

export function* encodingChunks(chunks: Iterable<string>): InTurns<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (const chunk of chunks) {
    parts.push(utf8(chunk));
    if (parts.length % CHUNKS_A_TURN === 0) yield;
  }
  const { buffer, byteOffset, length } = Buffer.concat(parts);
  return new Uint8Array(buffer, byteOffset, length);
}

export const encodeChunks = (chunks: Iterable<string>): Uint8Array => atOnce(encodingChunks(chunks));
