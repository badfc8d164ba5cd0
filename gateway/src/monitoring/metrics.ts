import { isPlausible, QUANTITIES, type ReadingPacket } from "@earshot/protocol";

/** What `/metrics` shows. Plain numbers that only ever grow, and a few that are set. */
export interface GatewayMetrics {
  /** New packets stored, by packet type. */
  accepted: Map<string, number>;
  /** Quantities in new reading packets, and those of them outside of their bounds, by name. */
  quantities: Map<string, number>;
  implausible: Map<string, number>;
  /** Packets that were stored already. */
  duplicates: number;
  /** Refused before storing, by reason. */
  refused: Map<string, number>;
  /** Transactions with packets, and the packets in them: their ratio is the mean batch size. */
  batches: number;
  batchedPackets: number;
  largestBatch: number;
  /** Logins refused, by reason. */
  loginsRefused: Map<string, number>;
  connectedClients: number;
  /** Of the embedded broker: open sockets, and sessions, also those of hotspots that are away. */
  connections: number;
  sessions: number;
  /** Its connections that ended, by reason. */
  connectionsEnded: Map<string, number>;
  /** Messages to hotspots that it did not keep: too many wait already. */
  messagesDropped: number;
  /** Index of the newest entropy published, -1 before the first. */
  entropyIndex: number;
  /** Periods whose entropy was published without proof: drand did not answer. */
  entropyUnproven: number;
  /** Highest entropy index judged, -1 before the first. */
  judgedThrough: number;
  /** Verdicts given, by reason (`ok` is paid). */
  verdicts: Map<string, number>;
  /** Verdicts given, by outcome. */
  outcomes: Map<string, number>;
  /** The newest closed epoch, -1 before the first. */
  closedEpoch: number;
  /** Messages to hotspots that the broker did not take. */
  downlinkFailures: number;
  /** Refusals that were not sent: the hotspot had been sent too many. */
  refusalsUntold: number;
  /** Entries of the network's log, and of its newest checkpoint that witnesses have cosigned; -1 before the first. */
  logSize: number;
  logWitnessed: number;
  /** Checkpoints cosigned, and attempts that failed, by witness. */
  cosignatures: Map<string, number>;
  cosignFailures: Map<string, number>;
}

export const newMetrics = (): GatewayMetrics => ({
  accepted: new Map(),
  quantities: new Map(),
  implausible: new Map(),
  duplicates: 0,
  refused: new Map(),
  batches: 0,
  batchedPackets: 0,
  largestBatch: 0,
  loginsRefused: new Map(),
  connectedClients: 0,
  connections: 0,
  sessions: 0,
  connectionsEnded: new Map(),
  messagesDropped: 0,
  entropyIndex: -1,
  entropyUnproven: 0,
  judgedThrough: -1,
  verdicts: new Map(),
  outcomes: new Map(),
  closedEpoch: -1,
  downlinkFailures: 0,
  refusalsUntold: 0,
  logSize: -1,
  logWitnessed: -1,
  cosignatures: new Map(),
  cosignFailures: new Map(),
});

export function count(counts: Map<string, number>, key: string, by = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + by);
}

/** Counts what a new reading holds. Quantities that nobody described share one name: hotspots could make up many. */
export function countReading(
  { quantities }: Pick<ReadingPacket, "quantities">,
  metrics: Pick<GatewayMetrics, "quantities" | "implausible">,
): void {
  for (const quantity of quantities) {
    const name = Object.hasOwn(QUANTITIES, quantity.name) ? quantity.name : "other";
    count(metrics.quantities, name);
    if (!isPlausible(quantity)) count(metrics.implausible, name);
  }
}
