import type { NetworkKeys } from "@earshot/protocol";
import {
  type Checkpoint,
  cosignersOf,
  type LogPolicy,
  type NoteKey,
  parseProof,
  SIGNATURE_TYPES,
  type SignedNote,
  signatureOf,
  verifyProofOf,
} from "@earshot/protocol/tlog";
import { PROOF_FILE } from "../bundle/bundle.ts";
import type { LogProofRead } from "./bundle-source.ts";
import { type Check, differ } from "./check.ts";
import type { SignedManifest } from "./check-manifest.ts";

/** Where a manifest is in the network's log. */
export interface LoggedAt {
  /** The log's name. */
  origin: string;
  index: number;
  /** Of the log, as the checkpoint says that was cosigned. */
  size: number;
  /** By their names in the policy. */
  cosigners: string[];
}

interface Logged {
  policy: LogPolicy;
  /** Who signs for the network. */
  keys: NetworkKeys;
  signed: Pick<SignedManifest, "manifest">;
}

/**
 * That a manifest is in the network's log, below a checkpoint that the log has signed and enough witnesses have cosigned:
 * then it is shown to nobody alone, and who reads the log sees it.
 */
export function* checkLogged(read: LogProofRead, bytes: Uint8Array, about: Logged): Check<LoggedAt> {
  if (!read.ok) yield* differ(PROOF_FILE, "file", "that the manifest is in the network's log", read.problem);
  const proof = read.ok ? parseProof(read.text) : undefined;
  if (proof === undefined)
    return yield* differ(PROOF_FILE, "content", "a c2sp.org/tlog-proof", "something else");
  const proven = verifyProofOf(bytes, proof);
  if (!proven.ok) return yield* differ(PROOF_FILE, "proof", "this manifest in the log", proven.problem);
  const { note, checkpoint } = proven;
  yield* checkLogSignature(note, checkpoint, about);
  const cosigners = yield* checkCosigners(note, about.policy);
  return { origin: checkpoint.origin, index: proof.index, size: checkpoint.size, cosigners };
}

/** By a log of the policy; where that names none, by the network's own. */
function* checkLogSignature(note: SignedNote, { origin }: Checkpoint, about: Logged): Check<void> {
  const { policy, signed } = about;
  const logs = policy.logs.length > 0 ? policy.logs.map(({ key }) => key) : ownLogs(about);
  const found = logs.filter(({ name }) => name === origin).map((key) => signatureOf(note, key));
  if (found.some((signature) => typeof signature === "object") && !found.includes("bad")) return;
  const names = [...new Set(logs.map(({ name }) => name))].join(" or ");
  const wanted = `a checkpoint of ${names || "the network"}, signed by its key in epoch ${signed.manifest.epoch} or later`;
  yield* differ(
    PROOF_FILE,
    "checkpoint",
    wanted,
    `${origin}, signed by ${note.signatures.map(({ name }) => name).join(", ")}`,
  );
}

/** One name for a network's log: with a second log under another name it could show another story. */
function ownLogs({ keys, signed: { manifest } }: Logged): NoteKey[] {
  const { epoch, network } = manifest;
  const signing = [epoch, ...keys.changesAfter(epoch)].flatMap((at) => keys.signing("log", at));
  return signing.map((publicKey) => ({ name: `earshot/${network}`, type: SIGNATURE_TYPES.log, publicKey }));
}

function* checkCosigners(note: SignedNote, policy: LogPolicy): Check<string[]> {
  const cosigners = cosignersOf(note, policy);
  if (cosigners === "bad") {
    return yield* differ(PROOF_FILE, "cosignatures", "each that names a witness is valid", "one that is not");
  }
  if (policy.isQuorum(cosigners)) return [...cosigners];
  const found = [...cosigners].join(", ") || "none";
  return yield* differ(PROOF_FILE, "cosignatures", `those of ${policy.quorum}`, found);
}
