import { parseHash, parseWhole } from "./checkpoint.ts";

/** What a witness is asked: to cosign a checkpoint, from one that it knows on (c2sp.org/tlog-witness, add-checkpoint). */
export interface AddCheckpoint {
  /** Size of the newest tree that the witness has cosigned, 0 for none. */
  oldSize: number;
  /** That the new tree begins with the old one. */
  proof: readonly Uint8Array[];
  /** The new checkpoint, signed by the log. */
  checkpoint: string;
}

const MAX_PROOF_LINES = 63;

export const formatAddCheckpoint = ({ oldSize, proof, checkpoint }: AddCheckpoint): string =>
  `old ${oldSize}\n${proof.map((hash) => `${hash.toBase64()}\n`).join("")}\n${checkpoint}`;

export function parseAddCheckpoint(text: string): AddCheckpoint | undefined {
  const end = text.indexOf("\n\n");
  const [first = "", ...lines] = text.slice(0, Math.max(end, 0)).split("\n");
  const oldSize = first.startsWith("old ") ? parseWhole(first.slice("old ".length)) : undefined;
  const proof = lines.map(parseHash).filter((hash) => hash !== undefined);
  const isWhole = proof.length === lines.length && proof.length <= MAX_PROOF_LINES;
  return oldSize === undefined || !isWhole ? undefined : { oldSize, proof, checkpoint: text.slice(end + 2) };
}
