import { bytes, list, record } from "../packet/fields.ts";
import { timeMs, uint32 } from "../packet/shapes.ts";
import { messageCodec } from "./message.ts";

/** First and last of a run of sequence numbers, both included. */
export interface SequenceRange {
  first: number;
  last: number;
}

/** One packet that the gateway has. */
export interface StoredPacketNotice {
  sequence: number;
  /** SHA-256 of the packet: another one with its number does not count. */
  packetId: Uint8Array;
  /** When it came first. */
  receivedAtMs: number;
}

/**
 * What the gateway has stored of a hotspot, sent on its receipt topic as the answer to a status packet. A PUBACK comes
 * from the broker, which may lose what it acknowledged; only a receipt lets the agent forget a packet. It tells of what
 * came, or came again, since the last one, so it is as long as that and not as the hotspot's history.
 */
export interface Receipt {
  atMs: number;
  /** Whose packets they are: 32-byte public key. */
  hotspot: Uint8Array;
  /** SHA-256 of the status packet: whoever sent it knows by this how old the answer is, whatever the clocks say. */
  answers: Uint8Array;
  stored: StoredPacketNotice[];
  /** The highest runs of numbers in use, ascending and apart from each other: whose numbering is behind goes on elsewhere. */
  used: SequenceRange[];
}

/** Of more there are several receipts. */
export const MAX_RECEIPT_PACKETS = 512;
export const MAX_RECEIPT_RANGES = 16;

const notice = record<StoredPacketNotice>({ sequence: uint32, packetId: bytes(32), receivedAtMs: timeMs });
const range = record<SequenceRange>({ first: uint32, last: uint32 });

export const receiptMessage = messageCodec<Receipt>(
  8,
  record<Receipt>({
    atMs: timeMs,
    hotspot: bytes(32),
    answers: bytes(32),
    stored: list(notice, MAX_RECEIPT_PACKETS),
    used: list(range, MAX_RECEIPT_RANGES),
  }),
);
