import { type Entropy, type Hotspot, type StatusPacket, utf8 } from "@earshot/protocol";
import type { StoredEpoch, StoredPacket, StoredVerdict } from "./records.ts";

/** Stands for a packet's id; in the order of the names. */
export const testId = (name: string): string => utf8(name).toHex();

/** Plausible records for tests; what a test is about is handed in. */
export const storedPacket = (fields: Partial<StoredPacket> & { id: string }): StoredPacket => ({
  hotspotId: "z6MkA",
  type: "witness",
  sequence: 1,
  receivedAtMs: 1_767_225_600_123,
  bytes: Uint8Array.of(1, 2, 3),
  entropyIndex: 29_453_760,
  epoch: 20_454,
  isLate: false,
  ...fields,
});

export const storedVerdict = (fields: Partial<StoredVerdict> & { packetId: string }): StoredVerdict => ({
  hotspotId: "z6MkA",
  beaconKey: "01c16c80",
  type: "witness",
  outcome: "refused",
  reason: "too_close",
  measurements: [{ name: "distanceM", value: 120 }],
  epoch: 20_454,
  entropyIndex: 29_453_760,
  judgedAtMs: 1_767_226_260_000,
  ...fields,
});

/** @param fromEpoch first epoch in which it is so */
export const hotspot = (fields: Partial<Hotspot> & { id: string }, fromEpoch = 0): Hotspot => ({
  publicKey: new Uint8Array(32).fill(7),
  cell: "8c18b4d2c5a95ff",
  latE7: 520_000_000,
  lonE7: -130_000_000,
  elevationM: 12,
  antennaGainDdbi: 30,
  region: "EU868",
  payee: null,
  registeredAtMs: 1_767_225_600_000,
  settledCell: "8c18b4d2c5a95ff",
  relocatedAtMs: null,
  change: { atMs: 1_767_225_600_000, fromEpoch, evidence: Uint8Array.of(9) },
  retired: null,
  predecessor: null,
  commitments: [],
  ...fields,
});

export const entropyRecord = (index: number): Entropy => ({
  index,
  atMs: index * 60_000,
  value: new Uint8Array(32).fill(index & 255),
  previousHash: new Uint8Array(32).fill(1),
  periodMs: 60_000,
  validityMs: 180_000,
  windowPeriods: 360,
  windowValue: new Uint8Array(32).fill(2),
  reportDeadlineMs: 600_000,
  revealDeadlineMs: null,
  source: null,
  state: null,
});

export const storedEpoch = (epoch: number): StoredEpoch => ({
  epoch,
  fromMs: epoch * 86_400_000,
  toMs: (epoch + 1) * 86_400_000,
  closedAtMs: (epoch + 1) * 86_400_000 + 660_000,
  pool: 10n ** 24n,
  paid: 10n ** 24n - 1n,
  unallocated: 1n,
  root: new Uint8Array(32).fill(3),
  manifestHash: new Uint8Array(32).fill(4),
  parametersHash: new Uint8Array(32).fill(5),
  registryHash: new Uint8Array(32).fill(6),
  bundle: `epoch-${epoch}`,
});

export const statusPacket = (fields: Partial<StatusPacket> = {}): StatusPacket => ({
  type: "status",
  sequence: 1,
  atMs: 1_767_225_600_000,
  state: "online",
  uptimeS: 60,
  version: "0.1.0",
  radio: null,
  gnss: null,
  outboxQueued: 0,
  outboxDropped: 0,
  assertion: null,
  machine: null,
  losses: null,
  keyHeld: null,
  formats: null,
  commitments: null,
  ...fields,
});
