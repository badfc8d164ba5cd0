import type { GpsReading, RadioStatus } from "@earshot/drivers";
import type { Measurement, Outcome, PacketType } from "@earshot/protocol";
import type { OutboxState } from "../outbox/outbox.ts";

/** `searching`: not open yet, or open and nothing came so far. `lost`: was open or should be, and `reason` says why not. */
export interface LinkFacts {
  state: "ok" | "searching" | "lost";
  reason?: string;
  /** When the state began. */
  sinceMs: number;
  /** When something last came from it. */
  lastAtMs?: number;
}

export interface DeviceFacts extends LinkFacts {
  name?: string;
  /** Recognised and refused so far: many and no reading means a wrong baud rate or protocol. */
  badFrames?: number;
  garbageBytes?: number;
}

export interface ForwarderFacts {
  gatewayEui: string;
  lastSeenMs: number;
  /** Whether it can transmit now: it has asked for work in the last 90 s. */
  canTransmit: boolean;
}

export interface RadioFacts extends DeviceFacts {
  status?: Omit<RadioStatus, "kind">;
  forwarders?: ForwarderFacts[];
  framesHeard: number;
  lastFrameAtMs?: number;
}

export interface GpsFacts extends DeviceFacts {
  reading?: Omit<GpsReading, "kind" | "satellites"> & { inView: number };
}

export interface EntropyFacts {
  index: number;
  /** Start of its period by the network's clock. */
  atMs: number;
  receivedAtMs: number;
  periodMs: number;
  validityMs: number;
  /** It did not name the one before it by hash. */
  isChainBroken: boolean;
}

/** The beacon of the current window. */
export interface ScheduleFacts {
  window: number;
  entropyIndex: number;
  atMs: number;
  state: "waiting" | "sent" | "failed" | "missed" | "used";
  reason?: string;
}

export interface BeaconFacts {
  atMs: number;
  entropyIndex: number;
  freqHz: number;
  spreadingFactor: number;
  powerDbm: number;
  isSent: boolean;
  error?: string;
}

export interface WitnessFacts {
  atMs: number;
  entropyIndex: number;
  /** Short id of the beaconer, hex. */
  beaconer: string;
  freqHz: number;
  spreadingFactor: number;
  rssiDbm: number;
  snrDb: number;
}

export interface VerdictFacts {
  receivedAtMs: number;
  packetId: string;
  /** Type and time of the packet it is about; absent when the agent was restarted since. */
  type?: PacketType;
  packetAtMs?: number;
  outcome: Outcome;
  reason: string;
  measurements: Measurement[];
  /** For a technician. */
  sentence: string;
  /** Hash of the network's rules that it was judged by, hex. */
  parametersHash: string;
}

export interface Counters {
  beaconsHeard: number;
  duplicatesHeard: number;
  /** Beacons heard without RSSI or SNR, or outside what a packet can say. */
  unusableHeard: number;
  verdictsPaid: number;
  verdictsRefused: number;
  /** Valid and not paid: not drawn, or heard by nobody. */
  verdictsUnpaid: number;
  /** Messages from the broker that were not what they should be. */
  refusedMessages: number;
}

/** Everything the status page, `/status.json` and the `status` command show. Times are ms since the Unix epoch. */
export interface AgentStatus {
  atMs: number;
  startedAtMs: number;
  version: string;
  network: string;
  hotspot: { id: string; name: string };
  radio: RadioFacts;
  /** Absent where no GPS is configured. */
  gps?: GpsFacts;
  broker: LinkFacts;
  outbox: OutboxState & { problem?: string };
  entropy?: EntropyFacts;
  schedule?: ScheduleFacts;
  /** Newest first. */
  beacons: BeaconFacts[];
  witnesses: WitnessFacts[];
  verdicts: VerdictFacts[];
  counters: Counters;
}
