import type {
  DeafAssessment,
  FrameRefusals,
  GpsReading,
  IntegritySummary,
  LinuxReading,
  RadioStatus,
  SocketAddress,
  StationTrouble,
} from "@earshot/drivers";
import type { LossReason, Measurement, Outcome, PacketType, Position } from "@earshot/protocol/hotspot";
import type { OutboxState } from "../outbox/outbox.ts";

/** `searching`: not open yet, or open and nothing came so far. `lost`: was open or should be, and `reason` says why not. */
export interface LinkFacts {
  state: "ok" | "searching" | "lost";
  reason?: string;
  /** When the state began. */
  sinceMs: number;
  /** When something last came from it. */
  lastAtMs?: number;
  /** How often it worked and was lost in the last hour. */
  lostInHour?: number;
}

/** Why a device is lost, where more is known than the sentence says. */
export type Trouble =
  | "in-use"
  | "unreadable"
  | "silent"
  /** Of a serial port: it is not there, or may not be opened. */
  | "no-port"
  | "no-permission"
  /** What the configuration asks for it cannot do. */
  | "settings"
  /** Of a host: nobody answers there. */
  | "not-reached"
  /** Of an address to listen on: another program has it, or this machine has no such address (yet). */
  | "address-in-use"
  | "address-missing"
  /** Of the certificate for stations. */
  | "certificate"
  /** Of a modem: it is another one, refuses a setting, or starts again and again. */
  | "other-module"
  | "refused"
  | "resets"
  /** Of gpsd: something else answers; it has no device, cannot open it, or gets nothing of it. */
  | "not-gpsd"
  | "no-device"
  | "device-closed"
  | "device-silent";

/** What tells how a device is. */
export interface DeviceState extends LinkFacts {
  trouble?: Trouble;
  /** Readings a second, taken and given up, in the last 10 to 20 s. */
  readingsPerS?: number;
  /** Of these, given up because they came faster than they could be taken. */
  droppedPerS?: number;
  /** Of the open driver: frames understood so far. */
  frames?: number;
  /** Recognised and refused so far: many and no reading means a wrong baud rate or protocol. */
  badFrames?: number;
  garbageBytes?: number;
  /** Readings given up so far. */
  droppedReadings?: number;
  /** Other programs that have its port open: each takes some of its bytes. */
  sharedWith?: string[];
  /** What it lacks or refused, in sentences. */
  cautions?: string[];
  /** What the open driver makes of a silence. */
  hint?: { reason: string; trouble: Trouble };
}

export interface DeviceFacts extends DeviceState {
  /** As the open driver calls it. */
  name?: string;
  /** How often it was opened and lost since the agent started. */
  opened: number;
  lost: number;
  /** Readings taken since the agent started. */
  readings: number;
}

export interface ForwarderFacts {
  gatewayEui: string;
  lastSeenMs: number;
  /** Whether it can transmit now: it has asked for work in the last 90 s. */
  canTransmit: boolean;
  /** Where they come from, when several concentrators use this EUI. */
  sharedBy?: string[];
  /** Of a station: how often its connection ended in the last hour. */
  lostInHour?: number;
}

/** Frames heard on one frequency since the agent started. */
export interface ChannelFacts {
  freqHz: number;
  frames: number;
  lastAtMs: number;
  /** Of the loudest frame. */
  bestRssiDbm?: number;
}

/** What a concentrator or modem last said of itself. `hearing`: whether it went deaf, by its own past. */
export type ConcentratorFacts = Omit<RadioStatus, "kind"> & { hearing?: DeafAssessment };

/** The radio as the configuration has it, for advice. */
export interface RadioSetup {
  /** `basics-station` */
  type: string;
  /** Where packet forwarders or stations connect. */
  listen?: SocketAddress;
  /** Over TLS. */
  isSecure?: boolean;
  /** Only those who send a token are let in. */
  hasToken?: boolean;
}

/** A station that was turned away. */
export interface RadioRefusalFacts {
  trouble: StationTrouble;
  /** Address it came from; "" where that is not known. */
  host: string;
  atMs: number;
}

export interface RadioFacts extends DeviceFacts {
  /** Absent in a simulation. */
  setup?: RadioSetup;
  /** The last station that was turned away. */
  refused?: RadioRefusalFacts;
  /** Those not heard from in 10 min are left out. */
  statuses: ConcentratorFacts[];
  /** Why no beacons are sent with this radio; absent where they are. */
  cannotBeacon?: string;
  forwarders?: ForwarderFacts[];
  /** Of the frames that its driver was sent in the last hour, the last 100: how many it refused, and why the last of them. */
  refusals?: FrameRefusals["recent"];
  framesHeard: number;
  /** By how many times 1024 weeks the concentrator's own GPS is back; absent when it is not. */
  gpsWeekRollovers?: number;
  lastFrameAtMs?: number;
  /** By frequency. */
  channels: ChannelFacts[];
}

export interface GpsFacts extends DeviceFacts {
  /** As in the configuration: `gpsd`. */
  type?: string;
  reading?: Omit<GpsReading, "kind" | "satellites"> & { inView: number };
  /** The last minute; its findings say in a sentence what is doubtful. */
  integrity?: IntegritySummary;
}

export interface SensorFacts extends DeviceFacts {
  /** Its name in the configuration, and the source of its reading packets. */
  source: string;
  /** As in the configuration: `pms5003`. */
  type: string;
  /** `192.168.1.50:502`, where it is reached over the network. */
  host?: string;
  /** The latest value of each quantity. */
  quantities: Record<string, { value: number; atMs: number }>;
}

export interface MachineFacts extends DeviceFacts {
  reading?: Omit<LinuxReading, "kind">;
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
  /** It continues the one before it, seen in this run: the network speaks, and no broker that only kept it. */
  isLive: boolean;
  /** By how much more the network's time went on than time passed since the one before it. */
  aheadMs: number;
}

/** The beacon of the current window. */
export interface ScheduleFacts {
  window: number;
  entropyIndex: number;
  atMs: number;
  state: "waiting" | "sent" | "failed" | "missed" | "used";
  reason?: string;
}

/** Since the agent started, over windows. */
export interface BeaconingFacts {
  sent: number;
  lastSentAtMs?: number;
  /** Windows since the last beacon that was sent. */
  lostInARow: number;
  /** Why the last of them was lost. */
  loss?: { reason: LossReason; why: string; atMs: number };
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
  /** Of the packet it is about; absent when the agent was restarted since. */
  type?: PacketType;
  outcome: Outcome;
  reason: string;
  measurements: Measurement[];
  /** For a technician. */
  sentence: string;
  /** Hash of the network's rules that it was judged by, hex. */
  parametersHash: string;
}

/** Packets of this type cannot be made now. */
export interface UnmadeFacts {
  type: PacketType;
  /** As in the packet, from the outermost inwards: `gnss.integrityFlags`. */
  field: string;
  /** What is there, and what is allowed. */
  why: string;
}

export interface OutboxFacts extends Omit<OutboxState, "failure"> {
  /** It does not take packets; until it does again. */
  failure?: { why: string; sinceMs: number; lost: number };
  numbering?: NumberingFacts;
}

/** The network has packets of this hotspot whose numbers were not given here. */
export interface NumberingFacts {
  atMs: number;
  from: number;
  /** Where numbering went on; absent where there is no place to. */
  to?: number;
  /** Where it has to get: beyond `to` when there are more numbers than one step may leave out. */
  target: number;
}

/** Something in a valid configuration that cannot be meant, and what to write. */
export interface ConfigDoubt {
  text: string;
  advice: string;
}

export interface Counters {
  beaconsHeard: number;
  duplicatesHeard: number;
  verdictsPaid: number;
  verdictsRefused: number;
  /** Valid and not paid: not drawn, or heard by nobody. */
  verdictsUnpaid: number;
}

/** What was refused, dropped, lost or never sent since the agent started. */
export interface LossFacts {
  reason: LossReason;
  count: number;
  /** The reason in words, to follow the count. */
  text: string;
}

/** Everything the status page, `/status.json` and the `status` command show. Times are ms since the Unix epoch. */
export interface AgentStatus {
  atMs: number;
  startedAtMs: number;
  version: string;
  network: string;
  /** `asserted`: where the owner says that it stands. */
  hotspot: { id: string; name: string; asserted?: Position };
  /** What in the configuration cannot be meant; absent where nothing is. */
  configDoubts?: readonly ConfigDoubt[];
  radio: RadioFacts;
  /** Absent where no GPS is configured. */
  gps?: GpsFacts;
  /** In the order of the configuration. */
  sensors: SensorFacts[];
  /** Absent where the machine's health is not looked at. */
  machine?: MachineFacts;
  broker: LinkFacts;
  outbox: OutboxFacts;
  entropy?: EntropyFacts;
  schedule?: ScheduleFacts;
  beaconing: BeaconingFacts;
  /** Newest first. */
  beacons: BeaconFacts[];
  witnesses: WitnessFacts[];
  verdicts: VerdictFacts[];
  counters: Counters;
  /** Most first. */
  losses: LossFacts[];
  /** Which packets cannot be made now, and why. */
  unmade: UnmadeFacts[];
}
