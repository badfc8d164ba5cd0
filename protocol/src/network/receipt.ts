import { type Commitment, VALUE_BYTES } from "../beacon/chain.ts";
import { bytes, list, nullable, record, text } from "../packet/fields.ts";
import { type Formats, formatsField } from "../packet/formats.ts";
import { MAX_TEXT_BYTES } from "../packet/limits.ts";
import { timeMs, uint32 } from "../packet/shapes.ts";
import { messageCodec } from "./message.ts";

/** First and last of a run of sequence numbers, both included. */
export interface SequenceRange {
  first: number;
  last: number;
}

/** One packet that the gateway has stored. */
export interface StoredPacketNotice {
  sequence: number;
  /** SHA-256 of the packet: another packet with the same number is not meant. */
  packetId: Uint8Array;
  /** When it was first received. */
  receivedAtMs: number;
}

/** Reports with lower versions than these are not taken from an epoch on (`minBeaconVersion` of the parameters). */
export interface LowestVersions {
  fromEpoch: number;
  /** When it begins. */
  fromMs: number;
  beacon: number;
  witness: number;
}

/**
 * Signs in a hotspot's packets that more than one agent signs with its key. They follow from the packets alone: anybody who
 * has them counts the same.
 */
export interface KeyCopySigns {
  /** Sequence numbers that two packets have. One agent never uses a number twice, unless its state was restored. */
  reusedNumbers: number;
  /** How often an agent came again after another one: by when they were started, as their status packets tell it. */
  agentTurns: number;
  /** The same of the concentrators that heard for it; a hotspot may have several, so this alone means nothing. */
  radioTurns: number;
  concentrators: number;
}

/**
 * What the gateway has stored of a hotspot, sent on its receipt topic as the answer to a status packet. A PUBACK comes
 * from the broker, which may lose what it acknowledged; only a receipt lets the agent delete a packet. It lists what
 * arrived, or arrived again, since the last receipt, so its length does not grow with the hotspot's history.
 */
export interface Receipt {
  atMs: number;
  /** Whose packets they are: 32-byte public key. */
  hotspot: Uint8Array;
  /** SHA-256 of the status packet that it answers: tells its sender how old the answer is, whatever the clocks show. */
  answers: Uint8Array;
  stored: StoredPacketNotice[];
  /** The highest runs of sequence numbers in use, ascending and disjoint: an agent whose numbering is behind skips them. */
  used: SequenceRange[];
  /** The program that sent it; null where it does not say. */
  gateway: { version: string; formats: Formats } | null;
  /** The latest that the parameters announce; null where every version is taken. */
  lowest: LowestVersions | null;
  /** Another agent seems to sign with the hotspot's key; null where nothing says so. */
  copies: KeyCopySigns | null;
  /** What the network has of the hotspot's commitments; null where it does not say. */
  commitments: CommitmentNotice[] | null;
}

/** A commitment that the network has accepted. */
export interface CommitmentNotice extends Commitment {
  /** Begin of the first epoch that it counts in. */
  countsFromMs: number;
}

/** More are sent in several receipts. */
export const MAX_RECEIPT_PACKETS = 512;
export const MAX_RECEIPT_RANGES = 16;
/** The chain before, the current one, and the next. */
export const MAX_RECEIPT_COMMITMENTS = 3;

const notice = record<StoredPacketNotice>({ sequence: uint32, packetId: bytes(32), receivedAtMs: timeMs });
const commitment = record<CommitmentNotice>({
  chain: uint32,
  head: bytes(VALUE_BYTES),
  countsFromMs: timeMs,
});
const range = record<SequenceRange>({ first: uint32, last: uint32 });

const copies = record<KeyCopySigns>({
  reusedNumbers: uint32,
  agentTurns: uint32,
  radioTurns: uint32,
  concentrators: uint32,
});

export const receiptMessage = messageCodec<Receipt>(
  8,
  record<Receipt>({
    atMs: timeMs,
    hotspot: bytes(32),
    answers: bytes(32),
    stored: list(notice, MAX_RECEIPT_PACKETS),
    used: list(range, MAX_RECEIPT_RANGES),
    gateway: nullable(record({ version: text(MAX_TEXT_BYTES.version), formats: formatsField })),
    lowest: nullable(
      record<LowestVersions>({ fromEpoch: uint32, fromMs: timeMs, beacon: uint32, witness: uint32 }),
    ),
    copies: nullable(copies),
    commitments: nullable(list(commitment, MAX_RECEIPT_COMMITMENTS)),
  }),
  1,
  { role: "downlink", atMs: ({ atMs }) => atMs },
);
