import type { PacketType, SequenceRange } from "@earshot/protocol/hotspot";
import type { Numbering } from "./numbering.ts";

export interface OutboxEntry {
  sequence: number;
  type: PacketType;
  bytes: Uint8Array;
}

/** The storage does not take what it is given. */
export interface OutboxFailure {
  why: string;
  sinceElapsedMs: number;
  /** Packets lost since then. */
  lost: number;
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
  /** Where an unusable database was moved to, as long as it is there: whoever deletes it has seen it. */
  damagedFile?: string;
}

/**
 * What is signed waits here until the gateway says that it has it: on disk, but for statuses, of which only the newest
 * matters. A packet gets its sequence number and its place on disk in one transaction, so that a number is never lost
 * and never used twice; statuses take theirs from a few that are reserved.
 */
export interface Outbox {
  /**
   * Gives `make` the next sequence number and keeps what it returns. Resolves once it is durable, a status at once;
   * several calls at about the same time share one write. Only then may the packet be published.
   */
  add(type: PacketType, make: (sequence: number) => Uint8Array): Promise<OutboxEntry>;
  /** Next to publish: freshest reports (beacon, witness) first, then the rest, oldest first; none that is acknowledged. */
  next(limit: number): OutboxEntry[];
  /** PUBACK came, at this elapsed time. */
  acknowledge(sequences: readonly number[], elapsedMs: number): void;
  /** The gateway has this very packet, by its SHA-256, or wants it never: removes it. False when it is none of these here. */
  remove(sequence: number, packetId: Uint8Array): boolean;
  /** The gateway wants this very packet later: it is published again after a wait that grows with each time. */
  postpone(sequence: number, packetId: Uint8Array): boolean;
  /** The gateway should have what was acknowledged before this elapsed time: what is still here is published again. */
  requeue(beforeElapsedMs: number): void;
  /** Numbers that the gateway has: numbering goes on beside them, by bounded steps. */
  skipUsed(used: readonly SequenceRange[]): Numbering;
  /** This machine's clock and the network's signed entropy agree: ages over restarts can be told then. */
  confirmTime(): void;
  state(): OutboxState;
  /** Small facts that must survive a restart, such as the last window with a beacon. */
  remember(key: string, value: string): void;
  recall(key: string): string | undefined;
  close(): void;
}
