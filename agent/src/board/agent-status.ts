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
import type {
  Contradiction,
  Formats,
  KeyCopySigns,
  LossReason,
  Measurement,
  Outcome,
  PacketType,
  Position,
  RssiKind,
} from "@earshot/protocol/hotspot";
import type { OutboxState } from "../outbox/outbox.ts";

/** `searching`: not open yet, or open and nothing came so far. `lost`: was open or should be; `reason` is why it is not. */
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

/** The kind of fault, where it is known: advice depends on it. */
export type Trouble =
  | "in-use"
  | "unreadable"
  | "silent"
  /** A serial port is missing, or may not be opened. */
  | "no-port"
  | "no-permission"
  /** It cannot do what the configuration asks for. */
  | "settings"
  /** No host answers there. */
  | "not-reached"
  /** An address to listen on is used by another program, or this machine does not have it (yet). */
  | "address-in-use"
  | "address-missing"
  /** The certificate for stations cannot be used. */
  | "certificate"
  /** A modem is another one than configured, refuses a setting, or restarts again and again. */
  | "other-module"
  | "refused"
  | "resets"
  /** Something else than gpsd answers; gpsd has no device, cannot open it, or gets nothing from it. */
  | "not-gpsd"
  | "no-device"
  | "device-closed"
  | "device-silent";

/** What the health of a device is assessed by. */
export interface DeviceHealthFacts extends LinkFacts {
  trouble?: Trouble;
  /** Readings a second in the last 10 to 20 s, dropped ones too. */
  readingsPerS?: number;
  /** Of these, dropped because they came faster than they could be handled. */
  droppedPerS?: number;
  /** Valid frames that the open driver has read so far. */
  frames?: number;
  /** Damaged or refused frames so far: many, and no reading, mean a wrong baud rate or protocol. */
  badFrames?: number;
  garbageBytes?: number;
  /** Readings dropped so far. */
  droppedReadings?: number;
  /** Other programs that have its port open: each reads some of the bytes, which are then missing here. */
  sharedWith?: string[];
  /** What it lacks or refused, in sentences. */
  cautions?: string[];
  /** The open driver's explanation of a silence. */
  hint?: { reason: string; trouble: Trouble };
}

export interface DeviceFacts extends DeviceHealthFacts {
  /** The open driver's name for it. */
  name?: string;
  /** How often it was opened and lost since the agent started. */
  opened: number;
  lost: number;
  /** Readings since the agent started. */
  readings: number;
}

export interface ForwarderFacts {
  gatewayEui: string;
  lastSeenMs: number;
  /** Whether it can transmit now: it has sent PULL_DATA in the last 90 s. */
  canTransmit: boolean;
  /** The address that it speaks from, and whether that is one of this machine. */
  host?: string;
  isOnThisMachine?: boolean;
  /** The addresses of the concentrators that use this EUI, when there are several. */
  sharedBy?: string[];
  /** How often a station's connection ended in the last hour. */
  lostInHour?: number;
}

/** Frames heard on one frequency since the agent started. */
export interface ChannelFacts {
  freqHz: number;
  frames: number;
  lastAtMs: number;
  /** RSSI of the strongest frame. */
  bestRssiDbm?: number;
}

/** The latest status of a concentrator or modem. `hearing`: whether it went deaf, compared with its own past. */
export type ConcentratorFacts = Omit<RadioStatus, "kind"> & { hearing?: DeafAssessment };

/** The radio as configured, for advice. */
export interface RadioSetup {
  /** `basics-station` */
  type: string;
  /** Where packet forwarders or stations connect. */
  listen?: SocketAddress;
  /** Over TLS. */
  isSecure?: boolean;
  /** Stations must send a token. */
  hasToken?: boolean;
}

/** A station that was refused. */
export interface RadioRefusalFacts {
  trouble: StationTrouble;
  /** Address it came from; "" where that is not known. */
  host: string;
  atMs: number;
}

export interface RadioFacts extends DeviceFacts {
  /** Absent in a simulation. */
  setup?: RadioSetup;
  /** The last station that was refused. */
  refused?: RadioRefusalFacts;
  /** Those not heard from in 10 min are left out. */
  statuses: ConcentratorFacts[];
  /** Why no beacons are sent with this radio; absent where they are. */
  cannotBeacon?: string;
  forwarders?: ForwarderFacts[];
  /** Of the last 100 frames within an hour: how many the driver refused, and why it refused the last of them. */
  refusals?: FrameRefusals["recent"];
  framesHeard: number;
  /** By how many times 1024 weeks the concentrator's own GPS is back; absent when it is not. */
  gpsWeekRollovers?: number;
  lastFrameAtMs?: number;
  /** By frequency. */
  channels: ChannelFacts[];
}

export interface GpsFacts extends DeviceFacts {
  /** `type` in the configuration: `gpsd`. */
  type?: string;
  reading?: Omit<GpsReading, "kind" | "satellites"> & { inView: number };
  /** Of the last minute; each finding is a sentence about something doubtful. */
  integrity?: IntegritySummary;
}

export interface SensorFacts extends DeviceFacts {
  /** Its name in the configuration, and the source of its reading packets. */
  source: string;
  /** `type` in the configuration: `pms5003`. */
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
  /** Its `previousHash` is not the hash of the one before it. */
  isChainBroken: boolean;
  /** It follows one seen in this run, so it comes from the network now, and not from what a broker has kept. */
  isLive: boolean;
  /** By how much the network's time advanced more than elapsed time since the one before it. */
  aheadMs: number;
}

/** Two messages that the network signed and that cannot both be honest: proof to anybody. */
export interface ContradictionFacts {
  kind: Contradiction;
  text: string;
  network: string;
  /** The newest key document then, in base64; none where the root key signs. */
  keys: string[];
  /** As signed, in base64. */
  statements: [string, string];
}

/** Who signs for the network. */
export interface KeysFacts {
  /** The pinned root key. */
  root: string;
  /** Version of the newest key document; 0 where there is none and the root signs everything. */
  version: number;
  /** The last key document that came, if it was refused. */
  refused?: { why: string; atMs: number };
  /** The last message that was refused because of the key that signed it. */
  stranger?: StrangerFacts;
}

export interface StrangerFacts {
  /** The end of its topic: `entropy`, `receipt`, `verdict`. */
  kind: string;
  /** Id of the key. */
  key: string;
  /** `wrong_signer`, `key_not_in_force`, `key_revoked` */
  code: string;
  atMs: number;
}

/** The beacon of the current window. */
export interface ScheduleFacts {
  window: number;
  entropyIndex: number;
  atMs: number;
  /**
   * `uncommitted`: no beacon would count, as the network has no commitment of this hotspot, or another. `committed`: it
   * has, and beacons count from `atMs` on.
   */
  state: "waiting" | "sent" | "failed" | "missed" | "used" | "uncommitted" | "committed";
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
  /** What the level is of, and the carrier's offset, where the radio tells them. */
  rssiKind?: RssiKind;
  freqOffsetHz?: number;
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

/** Packets of this type cannot be made now, because a value does not fit into them. */
export interface UnmadeFacts {
  type: PacketType;
  /** Path of the field in the packet: `gnss.integrityFlags`. */
  field: string;
  /** The value, and what is allowed. */
  why: string;
}

export interface OutboxFacts extends Omit<OutboxState, "failure"> {
  /** While packets cannot be written. */
  failure?: { why: string; sinceMs: number; lost: number };
  numbering?: NumberingFacts;
}

/** The network has packets of this hotspot with numbers that were not used here. */
export interface NumberingFacts {
  atMs: number;
  from: number;
  /** The number it continued with; absent where it cannot continue. */
  to?: number;
  /** The first free number: beyond `to` when that is more than one step away. */
  target: number;
}

/** The gateway that answers, as its latest receipt says. */
export interface GatewayFacts {
  version: string;
  formats: Formats;
}

/** Reports of this agent that the network does not take, now or later, since their version is too low. */
export interface OutdatedFacts {
  /** The first epoch in which they are not taken, and when it begins. */
  fromEpoch: number;
  fromMs: number;
  reports: { type: "beacon" | "witness"; version: number; needed: number }[];
}

/** Something in a valid configuration that is surely not meant, and what to write instead. */
export interface ConfigWarning {
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
interface LossFacts {
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
  /** `asserted`: its position according to the owner. */
  hotspot: { id: string; name: string; asserted?: Position };
  /** Absent when there are none. */
  configWarnings?: readonly ConfigWarning[];
  radio: RadioFacts;
  /** Absent where no GPS is configured. */
  gps?: GpsFacts;
  /** In the order of the configuration. */
  sensors: SensorFacts[];
  /** Absent where the machine's health is not watched. */
  machine?: MachineFacts;
  broker: LinkFacts;
  outbox: OutboxFacts;
  /** Absent in a status that an older agent wrote. */
  keys?: KeysFacts;
  /** Absent before it has said so. */
  gateway?: GatewayFacts;
  /** Absent where it takes all. */
  outdated?: OutdatedFacts;
  /** Another agent seems to sign with the hotspot's key: what the network counted in its newest packets. */
  keyCopies?: KeyCopySigns;
  entropy?: EntropyFacts;
  schedule?: ScheduleFacts;
  /** Absent where there are none. */
  contradictions?: readonly ContradictionFacts[];
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
