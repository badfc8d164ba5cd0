/** Transparency logs in C2SP's formats: trees, tiles, signed notes, checkpoints, cosignatures, proofs and policies. Pure. */
export { type AddCheckpoint, formatAddCheckpoint, parseAddCheckpoint } from "./add-checkpoint.ts";
export { type Checkpoint, formatCheckpoint, parseCheckpoint, parseHash, parseWhole } from "./checkpoint.ts";
export {
  cosign,
  formatNote,
  formatNoteKey,
  formatSignatures,
  isKeyName,
  type NoteKey,
  type NoteSignature,
  parseNote,
  parseNoteKey,
  parseSignatures,
  SIGNATURE_TYPES,
  type SignedNote,
  signatureOf,
  signNote,
} from "./note.ts";
export { cosignersOf, type LogPolicy, type PolicyRead, type PolicyWitness, parsePolicy } from "./policy.ts";
export { formatProof, type LogProof, parseProof, verifyProofOf } from "./proof.ts";
export {
  decodeEntries,
  encodeEntries,
  MAX_ENTRY_BYTES,
  parseTilePath,
  proveConsistency,
  proveInclusion,
  type ReadHashes,
  readEdge,
  TILE_WIDTH,
  TileEdge,
  type TileHash,
  type TileName,
  tileHashes,
  tilePath,
} from "./tiles.ts";
export {
  EMPTY_TREE_ROOT,
  entryHash,
  rootOf,
  type TreeHead,
  verifyConsistency,
  verifyInclusion,
} from "./tree.ts";
