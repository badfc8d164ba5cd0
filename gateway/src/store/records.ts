import type {
  Contact,
  Denial,
  EdgeEvidence,
  NetworkParameters,
  PacketType,
  ProvenBeacon,
  ReadingPacket,
  StatusPacket,
  Verdict,
} from "@earshot/protocol";

/** What the store keeps, as its callers see it. */

/** A packet with a valid signature, as stored. */
export interface StoredPacket {
  /** SHA-256 of the bytes, lower-case hex. */
  id: string;
  hotspotId: string;
  type: PacketType;
  sequence: number;
  /** First receipt, ms since the Unix epoch. */
  receivedAtMs: number;
  bytes: Uint8Array;
  /** For beacon and witness reports: that of the beacon that they are about; null for others. */
  entropyIndex: number | null;
  /** The epoch in whose bundle the packet belongs: its own, or the oldest open one when it came too late. */
  epoch: number | null;
  /** Whether a report came after its deadline. */
  isLate: boolean;
  /** Of a reading packet: the device that it is about, and when its period ended. */
  reading?: { source: string; atMs: number };
}

/** `epoch` and `entropyIndex` are those of the report. */
export interface StoredVerdict extends Verdict {
  epoch: number;
  entropyIndex: number;
  judgedAtMs: number;
}

export interface StoredBeacon extends ProvenBeacon {
  epoch: number;
  entropyIndex: number;
}

/** `epoch` is the one that the beacon's index lies in. */
export interface StoredContact extends Contact {
  epoch: number;
}

export interface StoredPayment {
  epoch: number;
  hotspotId: string;
  payee: Uint8Array;
  cumulative: bigint;
  delta: bigint;
}

export interface StoredEpoch {
  epoch: number;
  fromMs: number;
  toMs: number;
  closedAtMs: number;
  pool: bigint;
  paid: bigint;
  unallocated: bigint;
  /** 32 bytes. */
  root: Uint8Array;
  /** SHA-256 of the manifest, chained into the next one. */
  manifestHash: Uint8Array;
  /** `parametersHash` of the rules that the epoch was judged by. */
  parametersHash: Uint8Array;
  /** `registryHash` after it. */
  registryHash: Uint8Array;
  /** The name that its bundle is kept under. */
  bundle: string;
}

export interface StoredDenial {
  denial: Denial;
  /** As signed. */
  message: Uint8Array;
}

export interface StoredParameters {
  parameters: NetworkParameters;
  /** As signed. */
  message: Uint8Array;
}

/** What one hotspot validly heard of another in one epoch: counts and sums that add up over epochs. */
export interface StoredEdge extends EdgeEvidence {
  epoch: number;
}

/** A status packet as it came in. */
export interface ReceivedStatus {
  hotspotId: string;
  status: StatusPacket;
  receivedAtMs: number;
}

/** When it was sent, at the latest when it was received: a clock that is ahead must not block later statuses. */
export const sentAtMs = ({ status, receivedAtMs }: Omit<ReceivedStatus, "hotspotId">): number =>
  Math.min(status.atMs, receivedAtMs);

export interface HotspotStatus {
  /** The newest by `sentAtMs` or number; `state` is "offline" when the session broke after it. */
  status: StatusPacket;
  receivedAtMs: number;
}

/** What a reading packet says of its source. */
export type StoredReading = Pick<ReadingPacket, "sequence" | "atMs" | "periodMs" | "quantities">;

/** Statements are what is signed now and then: key documents, parameters, denials. The others are numbered. */
export type LogKind = "statement" | "entropy" | "index" | "manifest";

/** What goes into the network's log. */
export interface LogEntry {
  kind: LogKind;
  /** Of entropy and index roots the index, of manifests the epoch; 0 of statements. */
  number: number;
  /** As signed; at most 65,535 bytes. */
  message: Uint8Array;
}

export interface StoredLogEntry extends LogEntry {
  /** Counted from 0. */
  position: number;
}
