import { fromBase64, type SignedNote } from "./note.ts";
import { HASH_BYTES, type TreeHead } from "./tree.ts";

/** A log's statement of its size and root (c2sp.org/tlog-checkpoint): the text of a signed note. */
export interface Checkpoint extends TreeHead {
  /** Names the log; no two logs share one. */
  origin: string;
}

export const formatCheckpoint = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${size}\n${root.toBase64()}\n`;

const WHOLE = /^(0|[1-9]\d{0,15})$/;

/** A whole number as C2SP writes it: no sign, no zero before others; `undefined` also beyond 2^53 − 1. */
export function parseWhole(text: string): number | undefined {
  const value = WHOLE.test(text) ? Number(text) : undefined;
  return Number.isSafeInteger(value) ? value : undefined;
}

export function parseHash(text: string): Uint8Array | undefined {
  const hash = fromBase64(text);
  return hash?.length === HASH_BYTES ? hash : undefined;
}

/** Lines after the third, which a log may add, are allowed and mean nothing. */
export function parseCheckpoint({ text }: Pick<SignedNote, "text">): Checkpoint | undefined {
  const [origin = "", sizeText = "", rootText = "", ...rest] = text.split("\n");
  const size = parseWhole(sizeText);
  const root = parseHash(rootText);
  // The last newline leaves an empty string; no other line may be empty.
  const isEnded = rest.indexOf("") === rest.length - 1 && rest.length > 0;
  return origin === "" || size === undefined || root === undefined || !isEnded
    ? undefined
    : { origin, size, root };
}
