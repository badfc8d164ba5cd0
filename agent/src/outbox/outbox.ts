import type { PacketType, SequenceRange } from "@earshot/protocol";

export interface OutboxEntry {
  sequence: number;
  type: PacketType;
  bytes: Uint8Array;
  madeAtMs: number;
}

export interface OutboxState {
  /** Not acknowledged by the broker yet. */
  queued: number;
  /** Acknowledged by the broker, no receipt from the gateway yet. */
  handedOver: number;
  /** Dropped since the outbox was made, by the stated order, for want of room or for age. */
  dropped: number;
  bytes: number;
}

/**
 * Everything signed waits here, on disk, until the gateway says that it has it. A packet gets its sequence number
 * and its place on disk in one transaction, so that a number is never lost and never used twice.
 */
export interface Outbox {
  /**
   * Gives `make` the next sequence number and stores what it returns. Resolves once it is durable; several calls
   * at about the same time share one write. Only then may the packet be published.
   */
  add(type: PacketType, madeAtMs: number, make: (sequence: number) => Uint8Array): Promise<OutboxEntry>;
  /** Next to publish: freshest reports (beacon, witness) first, then the rest, oldest first; none handed over. */
  next(limit: number): OutboxEntry[];
  /** PUBACK came. */
  handedOver(sequences: readonly number[], atMs: number): void;
  /** The gateway's receipt: forgets what it stored, queues again what it lacks and was handed over before `beforeMs`. */
  confirm(stored: readonly SequenceRange[], beforeMs: number): void;
  state(): OutboxState;
  /** Small facts that must survive a restart, such as the last window with a beacon. */
  remember(key: string, value: string): void;
  recall(key: string): string | undefined;
  close(): void;
}
