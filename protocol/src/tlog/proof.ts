import { type Checkpoint, parseCheckpoint, parseHash, parseWhole } from "./checkpoint.ts";
import { fromBase64, parseNote, type SignedNote } from "./note.ts";
import { entryHash, verifyInclusion } from "./tree.ts";

/** That an entry is in a log, to be checked without it (c2sp.org/tlog-proof). */
export interface LogProof {
  /** Not covered by anything: what helps to find the entry. Here it is the entry itself. */
  extra: Uint8Array | undefined;
  index: number;
  /** From the entry's sibling up. */
  hashes: Uint8Array[];
  /** A checkpoint with its signatures, as a signed note. */
  checkpoint: string;
}

const HEADER = "c2sp.org/tlog-proof@v1";
const MAX_PROOF_HASHES = 63;

export function formatProof({ extra, index, hashes, checkpoint }: LogProof): string {
  const head = [
    HEADER,
    ...(extra === undefined ? [] : [`extra ${extra.toBase64()}`]),
    `index ${index}`,
    ...hashes.map((hash) => hash.toBase64()),
  ];
  return `${head.join("\n")}\n\n${checkpoint}`;
}

export function parseProof(text: string): LogProof | undefined {
  const end = text.indexOf("\n\n");
  const [header, ...lines] = text.slice(0, Math.max(end, 0)).split("\n");
  const extraText = lines[0]?.startsWith("extra ") ? lines.shift()?.slice("extra ".length) : undefined;
  const extra = extraText === undefined ? undefined : fromBase64(extraText);
  const indexLine = lines.shift();
  const index = indexLine?.startsWith("index ") ? parseWhole(indexLine.slice("index ".length)) : undefined;
  const hashes = lines.map(parseHash).filter((hash) => hash !== undefined);
  const isWhole = header === HEADER && hashes.length === lines.length && hashes.length <= MAX_PROOF_HASHES;
  if (!isWhole || index === undefined || (extraText !== undefined && extra === undefined)) return undefined;
  return { extra, index, hashes, checkpoint: text.slice(end + 2) };
}

/** What a proof says of an entry, its signatures apart: who signed is the caller's to judge. */
export type ProvenEntry =
  | { ok: true; note: SignedNote; checkpoint: Checkpoint }
  | { ok: false; problem: "no checkpoint" | "not included" };

/** Whether the proof leads from the entry to its checkpoint. Safe on proofs from strangers. */
export function verifyProofOf(entry: Uint8Array, { index, hashes, checkpoint: text }: LogProof): ProvenEntry {
  const note = parseNote(text);
  const checkpoint = note && parseCheckpoint(note);
  if (note === undefined || checkpoint === undefined) return { ok: false, problem: "no checkpoint" };
  const isIncluded = verifyInclusion({ ...checkpoint, index }, entryHash(entry), hashes);
  return isIncluded ? { ok: true, note, checkpoint } : { ok: false, problem: "not included" };
}
