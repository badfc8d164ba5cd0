import { compareBytes } from "../encoding/bytes.ts";
import { bytes, record, text } from "../packet/fields.ts";
import { timeMs, uint32 } from "../packet/shapes.ts";
import { entryHash, rootOf } from "../tlog/tree.ts";
import { messageCodec } from "./message.ts";

/**
 * All reports about one entropy index that came before it could be judged (`judgedFromMs`), as one root: one that the network
 * confirmed and leaves out of this, or out of the epoch's bundle, is missing by its own word.
 */
export interface IndexRoot {
  network: string;
  index: number;
  /** When the reports were listed. */
  atMs: number;
  count: number;
  /** `packetsRoot` of their ids. */
  root: Uint8Array;
}

export const indexRootMessage = messageCodec<IndexRoot>(
  14,
  record<IndexRoot>({ network: text(32), index: uint32, atMs: timeMs, count: uint32, root: bytes(32) }),
  1,
  { role: "epochs", atMs: ({ atMs }) => atMs },
);

/** Root of the RFC 6962 tree over packet ids (SHA-256 of the packets), in order of bytes. */
export const packetsRoot = (packetIds: readonly Uint8Array[]): Uint8Array =>
  rootOf(packetIds.toSorted(compareBytes).map(entryHash));
