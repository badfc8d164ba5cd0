import type { PacketType, SequenceRange } from "@earshot/protocol/hotspot";
import type { ReceiptsLost } from "../receipts/receipt-buffer.ts";
import type { Numbering } from "./numbering.ts";

export interface OutboxEntry {
  sequence: number;
  type: PacketType;
  bytes: Uint8Array;
}

/** Packets cannot be written to the storage now. */
export interface OutboxFailure {
  why: string;
  sinceElapsedMs: number;
  /** Packets lost since then. */
  lost: number;
}

/** The outbox of a newer agent that ran here. This agent leaves it as it is, and has one of its own beside it. */
export interface NewerOutbox {
  path: string;
  /** Of its schema, and the newest that this agent knows. */
  version: number;
  knownVersion: number;
  /** Packets in it that this agent sends too; absent when it cannot read them. */
  packets?: number;
  /** Why it cannot. */
  unreadable?: string;
}

export interface OutboxState {
  /** Not acknowledged by the broker yet. */
  queued: number;
  /** Acknowledged by the broker, no receipt from the gateway yet. */
  acknowledged: number;
  /** Refused by the gateway for now: published again later. */
  postponed: number;
  /** Dropped since the outbox was made, by the stated order, for want of room or for age. */
  dropped: number;
  bytes: number;
  /** Transactions since it was opened: each writes to the memory card. */
  writes: number;
  /** Until a write succeeds again. */
  failure?: OutboxFailure;
  /** Where a damaged database was moved to. Reported until somebody deletes the file. */
  damagedFile?: string;
  newer?: readonly NewerOutbox[];
  receiptsLost?: ReceiptsLost;
}

/** @param read the packet's bytes; `undefined` where they cannot be read now */
export type IsHeld = (sequence: number, read: () => Uint8Array | undefined) => boolean;

/**
 * Where signed packets wait until the gateway confirms that it has them. They wait on disk, except statuses, of which
 * only the newest matters. A packet is numbered and written in one transaction, so that no sequence number is lost or
 * used twice. Statuses get their numbers from a small reserved range.
 */
export interface Outbox {
  /**
   * Calls `make` with the next sequence number and stores what it returns. Resolves once that is durable (a status: at
   * once); only then may the packet be published. Several calls at about the same time share one write.
   */
  add(type: PacketType, make: (sequence: number) => Uint8Array): Promise<OutboxEntry>;
  /**
   * Next to publish: reports (beacon, witness) from the newest, then the rest from the oldest. None that is acknowledged.
   * @param isHeld asked of each beacon report: those for which it says so wait, and hold nothing else up
   */
  next(limit: number, isHeld?: IsHeld): OutboxEntry[];
  /** PUBACK came for these, at this elapsed time. */
  acknowledge(sequences: readonly number[], elapsedMs: number): void;
  /**
   * Removes a packet that the gateway has, or refused for good. False when no packet here has this number and SHA-256.
   *
   * @param receipt the message that says so: kept with a report, for an audit
   */
  remove(sequence: number, packetId: Uint8Array, receipt?: Uint8Array): boolean;
  /** The gateway has no room for this packet now: publishes it again after a wait that doubles each time. */
  postpone(sequence: number, packetId: Uint8Array): boolean;
  /** Publishes again what was acknowledged before this elapsed time: the gateway should have it by now, and does not. */
  requeue(beforeElapsedMs: number): void;
  /** Moves the numbering past numbers that the gateway has already, by bounded steps. */
  skipUsed(used: readonly SequenceRange[]): Numbering;
  /** This machine's clock and the network's signed entropy agree now: only then are ages over restarts known. */
  confirmTime(): void;
  state(): OutboxState;
  /** Stores a small fact that must survive a restart, such as the last window with a beacon. */
  remember(key: string, value: string): void;
  recall(key: string): string | undefined;
  close(): void;
}
