import { list, record } from "../packet/fields.ts";
import { timeMs, uint32 } from "../packet/shapes.ts";
import { messageCodec } from "./message.ts";

/** First and last of a run of sequence numbers, both included. */
export interface SequenceRange {
  first: number;
  last: number;
}

/**
 * What the gateway has stored of a hotspot, sent on its command topic after each status packet. A PUBACK comes
 * from the broker, which may lose what it acknowledged; only a receipt lets the agent forget a packet.
 */
export interface Receipt {
  atMs: number;
  /** Ascending, apart from each other. */
  stored: SequenceRange[];
}

/** The newest ranges are sent; older gaps beyond this are left for the next receipt. */
export const MAX_RECEIPT_RANGES = 256;

const range = record<SequenceRange>({ first: uint32, last: uint32 });

export const receiptMessage = messageCodec<Receipt>(
  8,
  record<Receipt>({ atMs: timeMs, stored: list(range, MAX_RECEIPT_RANGES) }),
);
