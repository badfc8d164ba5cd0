import { type GpsReading, IntegrityMonitor, type LinuxReading, type StationRefusal } from "@earshot/drivers";
import {
  type Clock,
  type ClockReading,
  explainLoss,
  type LossReason,
  type PacketType,
  readClock,
  toWallTime,
} from "@earshot/protocol/hotspot";
import type { OutboxState } from "../outbox/outbox.ts";
import type {
  AgentStatus,
  BeaconFacts,
  ConfigDoubt,
  Counters,
  DeviceFacts,
  EntropyFacts,
  GpsFacts,
  MachineFacts,
  NumberingFacts,
  OutboxFacts,
  RadioFacts,
  RadioRefusalFacts,
  RadioSetup,
  ScheduleFacts,
  SensorFacts,
  UnmadeFacts,
  VerdictFacts,
  WitnessFacts,
} from "./agent-status.ts";
import { BeaconCounters, LossCounters } from "./counters.ts";
import { DeviceStates } from "./device-states.ts";
import { LinkStates } from "./link-states.ts";
import { RadioReadings, SensorReadings } from "./readings.ts";
import { RecentPackets } from "./recent-packets.ts";

const KEPT = 20;
/** What spoke so lately is not silent. */
const SPEAKS_MS = 10_000;
const REMEMBERED_VERDICTS = 4096;
const VERDICT_COUNTERS = {
  paid: "verdictsPaid",
  refused: "verdictsRefused",
  unpaid: "verdictsUnpaid",
} as const;

/** What the board is told, as it is told: the moments in it, by the monotonic clock, are given beside it. */
type Untimed<F, K extends keyof F> = Omit<F, K>;

/** Something and when it was, by the monotonic clock. */
interface Moment<T> {
  readonly value: T;
  readonly elapsedMs: number;
}

export interface BoardIdentity {
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

/** What is kept of a sensor's link and device under one name. */
export const sensorKey = (source: string): string => `sensor ${source}`;

/**
 * The agent's state in memory: the core writes it, page and `status` command read a snapshot. Bounded. Moments are kept by
 * the monotonic clock; a snapshot tells them as wall times counted back from now, so that its differences are true ages.
 */
export class StatusBoard {
  readonly counters: Counters = {
    beaconsHeard: 0,
    duplicatesHeard: 0,
    verdictsPaid: 0,
    verdictsRefused: 0,
    verdictsUnpaid: 0,
  };
  /** Of the configuration. */
  configDoubts: readonly ConfigDoubt[] = [];
  readonly packets = new RecentPackets();
  readonly unmade = new Map<PacketType, UnmadeFacts>();
  #numbering: Moment<Untimed<NumberingFacts, "atMs">> | undefined;
  #entropy: Moment<Untimed<EntropyFacts, "receivedAtMs">> | undefined;
  schedule: ScheduleFacts | undefined;
  readonly beaconing = new BeaconCounters();
  #gpsReading: Moment<GpsReading> | undefined;
  /** Whether the receiver can be believed. */
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
  #givenUpBefore = 0;
  readonly #beacons: Moment<Untimed<BeaconFacts, "atMs">>[] = [];
  readonly #witnesses: Moment<Untimed<WitnessFacts, "atMs">>[] = [];
  readonly #verdicts: Moment<Untimed<VerdictFacts, "receivedAtMs">>[] = [];
  readonly #judged = new Set<string>();

  /** Called once by the agent before anything else. */
  begin(identity: BoardIdentity, outbox: () => OutboxState): void {
    this.#identity = identity;
    this.#outbox = outbox;
    this.#givenUpBefore = outbox().dropped;
    const sensors = (identity.sensors ?? []).map(({ source }) => sensorKey(source));
    this.links.begin(["radio", "gps", "machine", "broker", ...sensors], identity.startedElapsedMs);
  }

  /** A reading came from a device. */
  read(name: string, elapsedMs: number): void {
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

  setNumbering(facts: Untimed<NumberingFacts, "atMs">, elapsedMs: number): void {
    this.#numbering = { value: facts, elapsedMs };
  }

  addBeacon(facts: Untimed<BeaconFacts, "atMs">, elapsedMs: number): void {
    keep(this.#beacons, { value: facts, elapsedMs });
  }

  addWitness(facts: Untimed<WitnessFacts, "atMs">, elapsedMs: number): void {
    keep(this.#witnesses, { value: facts, elapsedMs });
  }

  /** One that comes again, which a broker can make it do, is not counted again. */
  addVerdict(facts: Untimed<VerdictFacts, "receivedAtMs">, elapsedMs: number): void {
    if (this.#judged.has(facts.packetId)) return;
    this.#judged.add(facts.packetId);
    const [oldest] = this.#judged;
    if (this.#judged.size > REMEMBERED_VERDICTS && oldest !== undefined) this.#judged.delete(oldest);
    keep(this.#verdicts, { value: facts, elapsedMs });
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
      ...(this.configDoubts.length === 0 ? {} : { configDoubts: this.configDoubts }),
      radio: this.#radio(present),
      ...(hasGps ? { gps: { ...optional("type", gpsType), ...this.#gps(present) } } : {}),
      sensors: sensors.map((sensor) => this.#sensor(sensor, present)),
      ...(hasMachine ? { machine: this.#machine(present) } : {}),
      broker: this.links.facts("broker", present),
      outbox: {
        ...outboxFacts(this.#outbox(), present),
        ...optional("numbering", this.#numbering && at(this.#numbering)),
      },
      ...optional("entropy", this.#entropy && received(this.#entropy)),
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

  /** What the outbox dropped it counts on over restarts. */
  #outboxLosses(): [LossReason, number][] {
    const { dropped = 0, damagedFile } = this.#outbox?.() ?? {};
    return [
      ["outbox_full", dropped - this.#givenUpBefore],
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
    const { kind: _, satellites, ...reading } = byClockOf(present, latest);
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
    const speaks = link.lastAtMs !== undefined && present.nowMs - link.lastAtMs < SPEAKS_MS;
    return { ...link, ...device, ...optional("hint", speaks ? undefined : hint) };
  }
}

/** The reading as if this machine's clock had been then as it is now: what it was off then says nothing any more. */
function byClockOf(present: ClockReading, { value: reading, elapsedMs }: Moment<GpsReading>): GpsReading {
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

function keep<T>(list: T[], item: T): void {
  list.unshift(item);
  list.length = Math.min(list.length, KEPT);
}

const optional = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
