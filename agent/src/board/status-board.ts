import { type GpsReading, IntegrityMonitor, type LinuxReading, type StationRefusal } from "@earshot/drivers";
import {
  type Clock,
  type ClockReading,
  explainLoss,
  hotspotId,
  type KeyCopySigns,
  type LossReason,
  type NetworkKeys,
  type PacketType,
  readClock,
  toWallTime,
} from "@earshot/protocol/hotspot";
import { BoundedMap } from "@earshot/protocol/runtime";
import type { OutboxState } from "../outbox/outbox.ts";
import type {
  AgentStatus,
  BeaconFacts,
  ConfigWarning,
  ContradictionFacts,
  Counters,
  DeviceFacts,
  EntropyFacts,
  GatewayFacts,
  GpsFacts,
  KeysFacts,
  MachineFacts,
  NumberingFacts,
  OutboxFacts,
  OutdatedFacts,
  RadioFacts,
  RadioRefusalFacts,
  RadioSetup,
  ScheduleFacts,
  SensorFacts,
  StrangerFacts,
  UnmadeFacts,
  VerdictFacts,
  WitnessFacts,
} from "./agent-status.ts";
import { BeaconCounters, LossCounters } from "./counters.ts";
import { DeviceStates } from "./device-states.ts";
import { LinkStates } from "./link-states.ts";
import { RadioReadings, SensorReadings } from "./readings.ts";
import { RecentPackets } from "./recent-packets.ts";

/** Beacons, witnesses and verdicts that are listed. */
const MAX_LISTED = 20;
/** A device heard from within this time is not silent. */
const NOT_SILENT_MS = 10_000;
const REMEMBERED_VERDICTS = 4096;
const VERDICT_COUNTERS = {
  paid: "verdictsPaid",
  refused: "verdictsRefused",
  unpaid: "verdictsUnpaid",
} as const;

/** Facts without their times, which are passed beside them, by the monotonic clock. */
type Untimed<F, K extends keyof F> = Omit<F, K>;

/** Something and when it was, by the monotonic clock. */
interface Moment<T> {
  readonly value: T;
  readonly elapsedMs: number;
}

interface BoardIdentity {
  startedElapsedMs: number;
  version: string;
  network: string;
  hotspot: AgentStatus["hotspot"];
  radio?: RadioSetup;
  hasGps: boolean;
  gpsType?: string;
  sensors?: readonly Pick<SensorFacts, "source" | "type" | "host">[];
  hasMachine?: boolean;
}

/** The name of a sensor's link and device on the board. */
export const sensorKey = (source: string): string => `sensor ${source}`;

/**
 * The agent's state in memory. The core writes it; page and `status` command read a snapshot. Bounded. Times are kept by
 * the monotonic clock. A snapshot converts them to wall times counted back from now, so that differences are true ages.
 */
export class StatusBoard {
  readonly counters: Counters = {
    beaconsHeard: 0,
    duplicatesHeard: 0,
    verdictsPaid: 0,
    verdictsRefused: 0,
    verdictsUnpaid: 0,
  };
  configWarnings: readonly ConfigWarning[] = [];
  readonly packets = new RecentPackets();
  readonly unmade = new Map<PacketType, UnmadeFacts>();
  #numbering: Moment<Untimed<NumberingFacts, "atMs">> | undefined;
  #entropy: Moment<Untimed<EntropyFacts, "receivedAtMs">> | undefined;
  #keys: Pick<KeysFacts, "root" | "version"> | undefined;
  #refusedKeys: Moment<{ why: string }> | undefined;
  #stranger: Moment<Untimed<StrangerFacts, "atMs">> | undefined;
  schedule: ScheduleFacts | undefined;
  gateway: GatewayFacts | undefined;
  outdated: OutdatedFacts | undefined;
  /** Found among what the network signed, in this run or before. */
  contradictions: readonly ContradictionFacts[] = [];
  /** As the network's last receipt says. */
  keyCopies: KeyCopySigns | undefined;
  readonly beaconing = new BeaconCounters();
  #gpsReading: Moment<GpsReading> | undefined;
  /** Whether the receiver can be trusted. */
  readonly integrity = new IntegrityMonitor();
  #machineReading: Moment<LinuxReading> | undefined;
  /** By name: `radio`, `gps`, `machine`, `broker`, and `sensorKey` of each sensor. */
  readonly links = new LinkStates();
  readonly devices = new DeviceStates();
  readonly radio = new RadioReadings();
  readonly sensors = new SensorReadings();
  readonly losses = new LossCounters(() => [...this.devices.losses(), ...this.#outboxLosses()]);
  #identity: BoardIdentity | undefined;
  #outbox: (() => OutboxState) | undefined;
  #droppedBefore = 0;
  readonly #beacons: Moment<Untimed<BeaconFacts, "atMs">>[] = [];
  readonly #witnesses: Moment<Untimed<WitnessFacts, "atMs">>[] = [];
  readonly #verdicts: Moment<Untimed<VerdictFacts, "receivedAtMs">>[] = [];
  readonly #verdictIds = new BoundedMap<string, true>(REMEMBERED_VERDICTS);

  /** Called once by the agent before anything else. */
  begin(identity: BoardIdentity, outbox: () => OutboxState): void {
    this.#identity = identity;
    this.#outbox = outbox;
    this.#droppedBefore = outbox().dropped;
    const sensors = (identity.sensors ?? []).map(({ source }) => sensorKey(source));
    this.links.begin(["radio", "gps", "machine", "broker", ...sensors], identity.startedElapsedMs);
  }

  /** A reading came from a device. */
  countReading(name: string, elapsedMs: number): void {
    this.links.heardFrom(name, elapsedMs);
    this.devices.read(name, elapsedMs);
  }

  /** @param elapsedMs at `atMs` of the reading */
  addGps(reading: GpsReading, elapsedMs: number): void {
    this.#gpsReading = { value: reading, elapsedMs };
    this.integrity.add(reading, elapsedMs);
  }

  /** The latest, unless it is older than `maxAgeMs`. */
  gpsReading(elapsedMs: number, maxAgeMs = Number.POSITIVE_INFINITY): GpsReading | undefined {
    return fresh(this.#gpsReading, elapsedMs - maxAgeMs);
  }

  addMachine(reading: LinuxReading, elapsedMs: number): void {
    this.#machineReading = { value: reading, elapsedMs };
  }

  /** The latest, unless it is older than `maxAgeMs`. */
  machineReading(elapsedMs: number, maxAgeMs = Number.POSITIVE_INFINITY): LinuxReading | undefined {
    return fresh(this.#machineReading, elapsedMs - maxAgeMs);
  }

  setEntropy(facts: Untimed<EntropyFacts, "receivedAtMs">, elapsedMs: number): void {
    this.#entropy = { value: facts, elapsedMs };
  }

  /** @param refused why the last key document was, if it was */
  setKeys({ root, version }: NetworkKeys, refused: string | undefined, elapsedMs: number): void {
    this.#keys = { root: hotspotId(root), version };
    this.#refusedKeys = refused === undefined ? undefined : { value: { why: refused }, elapsedMs };
  }

  setStranger(facts: Untimed<StrangerFacts, "atMs">, elapsedMs: number): void {
    this.#stranger = { value: facts, elapsedMs };
  }

  setNumbering(facts: Untimed<NumberingFacts, "atMs">, elapsedMs: number): void {
    this.#numbering = { value: facts, elapsedMs };
  }

  addBeacon(facts: Untimed<BeaconFacts, "atMs">, elapsedMs: number): void {
    addNewest(this.#beacons, { value: facts, elapsedMs });
  }

  addWitness(facts: Untimed<WitnessFacts, "atMs">, elapsedMs: number): void {
    addNewest(this.#witnesses, { value: facts, elapsedMs });
  }

  /** A verdict that a broker delivers twice is counted once. */
  addVerdict(facts: Untimed<VerdictFacts, "receivedAtMs">, elapsedMs: number): void {
    if (this.#verdictIds.has(facts.packetId)) return;
    this.#verdictIds.set(facts.packetId, true);
    addNewest(this.#verdicts, { value: facts, elapsedMs });
    this.counters[VERDICT_COUNTERS[facts.outcome]] += 1;
  }

  /** @throws {TypeError} before `begin`. */
  snapshot(clock: Pick<Clock, "now" | "elapsedMs">): AgentStatus {
    if (this.#identity === undefined || this.#outbox === undefined)
      throw new TypeError("The board was not begun");
    const {
      radio: _,
      hasGps,
      gpsType,
      hasMachine,
      sensors = [],
      startedElapsedMs,
      ...identity
    } = this.#identity;
    const present = readClock(clock);
    const at = <T>({ value, elapsedMs }: Moment<T>) => ({ ...value, atMs: toWallTime(elapsedMs, present) });
    const received = <T>({ value, elapsedMs }: Moment<T>) => ({
      ...value,
      receivedAtMs: toWallTime(elapsedMs, present),
    });
    return {
      atMs: present.nowMs,
      startedAtMs: toWallTime(startedElapsedMs, present),
      ...identity,
      ...(this.configWarnings.length === 0 ? {} : { configWarnings: this.configWarnings }),
      radio: this.#radio(present),
      ...(hasGps ? { gps: { ...optional("type", gpsType), ...this.#gps(present) } } : {}),
      sensors: sensors.map((sensor) => this.#sensor(sensor, present)),
      ...(hasMachine ? { machine: this.#machine(present) } : {}),
      broker: this.links.facts("broker", present),
      outbox: {
        ...outboxFacts(this.#outbox(), present),
        ...optional("numbering", this.#numbering && at(this.#numbering)),
      },
      ...optional(
        "keys",
        this.#keys && {
          ...this.#keys,
          ...optional("refused", this.#refusedKeys && at(this.#refusedKeys)),
          ...optional("stranger", this.#stranger && at(this.#stranger)),
        },
      ),
      ...optional("gateway", this.gateway),
      ...optional("outdated", this.outdated),
      ...optional("keyCopies", this.keyCopies),
      ...optional("entropy", this.#entropy && received(this.#entropy)),
      ...(this.contradictions.length === 0 ? {} : { contradictions: this.contradictions }),
      ...optional("schedule", this.schedule),
      beaconing: this.beaconing.facts(present),
      beacons: this.#beacons.map(at),
      witnesses: this.#witnesses.map(at),
      verdicts: this.#verdicts.map(received),
      counters: { ...this.counters },
      losses: this.losses.counts().map(([reason, count]) => ({ reason, count, text: explainLoss(reason) })),
      unmade: [...this.unmade.values()],
    };
  }

  /** The outbox counts what it dropped over restarts; here only what it dropped since the start counts. */
  #outboxLosses(): [LossReason, number][] {
    const { dropped = 0, damagedFile } = this.#outbox?.() ?? {};
    return [
      ["outbox_full", dropped - this.#droppedBefore],
      ["outbox_damaged", damagedFile === undefined ? 0 : 1],
    ];
  }

  #radio(present: ClockReading): RadioFacts {
    const { radio } = this;
    const probe = this.devices.probe("radio");
    const refusal = probe?.lastRefusal?.();
    return {
      ...this.#device("radio", present),
      framesHeard: radio.framesHeard,
      ...optional("gpsWeekRollovers", radio.gpsWeekRollovers || undefined),
      ...optional(
        "lastFrameAtMs",
        radio.lastFrameElapsedMs === undefined ? undefined : toWallTime(radio.lastFrameElapsedMs, present),
      ),
      statuses: radio.statuses(present).map(({ kind: _, ...status }) => status),
      channels: radio.channels(present),
      ...optional("refusals", probe?.counts().refusals?.recent),
      ...optional("cannotBeacon", probe?.cannotBeacon),
      ...optional("forwarders", probe?.forwarders?.()),
      ...optional("setup", this.#identity?.radio),
      ...optional("refused", refusal && refusedAt(refusal, present)),
    };
  }

  #gps(present: ClockReading): GpsFacts {
    const latest = this.#gpsReading;
    if (latest === undefined) return this.#device("gps", present);
    const { kind: _, satellites, ...reading } = byPresentClock(present, latest);
    return {
      ...this.#device("gps", present),
      reading: { ...reading, inView: satellites.length },
      integrity: this.integrity.summary(present.elapsedMs, present.nowMs),
    };
  }

  #sensor(sensor: Pick<SensorFacts, "source" | "type" | "host">, present: ClockReading): SensorFacts {
    const { source } = sensor;
    const quantities = this.sensors.latest(source, present);
    return { ...sensor, ...this.#device(sensorKey(source), present), quantities };
  }

  #machine(present: ClockReading): MachineFacts {
    const latest = this.machineReading(present.elapsedMs);
    if (latest === undefined) return this.#device("machine", present);
    const { kind: _, ...reading } = latest;
    return { ...this.#device("machine", present), reading };
  }

  #device(name: string, present: ClockReading): DeviceFacts {
    const link = this.links.facts(name, present);
    const { hint, ...device } = this.devices.facts(name, present.elapsedMs);
    const isHeard = link.lastAtMs !== undefined && present.nowMs - link.lastAtMs < NOT_SILENT_MS;
    return { ...link, ...device, ...optional("hint", isHeard ? undefined : hint) };
  }
}

/** The reading as if this machine's clock had then been set as it is now: how far off it was then does not matter. */
function byPresentClock(
  present: ClockReading,
  { value: reading, elapsedMs }: Moment<GpsReading>,
): GpsReading {
  const atMs = toWallTime(elapsedMs, present);
  const { hostClockOffsetNs } = reading;
  if (hostClockOffsetNs === undefined) return { ...reading, atMs };
  return { ...reading, atMs, hostClockOffsetNs: hostClockOffsetNs + (atMs - reading.atMs) * 1e6 };
}

const refusedAt = (
  { trouble, host, elapsedMs }: StationRefusal,
  present: ClockReading,
): RadioRefusalFacts => ({
  trouble,
  host,
  atMs: toWallTime(elapsedMs, present),
});

const fresh = <T>(moment: Moment<T> | undefined, sinceElapsedMs: number): T | undefined =>
  moment === undefined || moment.elapsedMs < sinceElapsedMs ? undefined : moment.value;

function outboxFacts({ failure, ...state }: OutboxState, present: ClockReading): OutboxFacts {
  if (failure === undefined) return state;
  const { sinceElapsedMs, ...facts } = failure;
  return { ...state, failure: { ...facts, sinceMs: toWallTime(sinceElapsedMs, present) } };
}

function addNewest<T>(list: T[], item: T): void {
  list.unshift(item);
  list.length = Math.min(list.length, MAX_LISTED);
}

const optional = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
