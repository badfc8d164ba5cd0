import { type GpsReading, IntegrityMonitor, type LinuxReading } from "@earshot/drivers";
import type { OutboxState } from "../outbox/outbox.ts";
import { DeviceBook } from "./device-book.ts";
import type {
  AgentStatus,
  BeaconFacts,
  Counters,
  DeviceFacts,
  EntropyFacts,
  GpsFacts,
  MachineFacts,
  NumberingFacts,
  RadioFacts,
  ScheduleFacts,
  SensorFacts,
  VerdictFacts,
  WitnessFacts,
} from "./facts.ts";
import { LinkBook } from "./link-book.ts";
import { RadioBook } from "./radio-book.ts";
import { RecentPackets } from "./recent-packets.ts";
import { SensorBook } from "./sensor-book.ts";

const KEPT = 20;
const REMEMBERED_VERDICTS = 4096;
const VERDICT_COUNTERS = {
  paid: "verdictsPaid",
  refused: "verdictsRefused",
  unpaid: "verdictsUnpaid",
} as const;

export interface BoardIdentity {
  startedAtMs: number;
  version: string;
  network: string;
  hotspot: { id: string; name: string };
  hasGps: boolean;
  sensors?: readonly { source: string; type: string }[];
  hasMachine?: boolean;
}

/** What is kept of a sensor's link and device under one name. */
export const sensorKey = (source: string): string => `sensor ${source}`;

/** The agent's state in memory: the core writes it, page and `status` command read a snapshot. Bounded. */
export class StatusBoard {
  readonly counters: Counters = {
    beaconsHeard: 0,
    duplicatesHeard: 0,
    unusableHeard: 0,
    verdictsPaid: 0,
    verdictsRefused: 0,
    verdictsUnpaid: 0,
    refusedMessages: 0,
  };
  readonly packets = new RecentPackets();
  outboxProblem: string | undefined;
  numbering: NumberingFacts | undefined;
  entropy: EntropyFacts | undefined;
  schedule: ScheduleFacts | undefined;
  gpsReading: GpsReading | undefined;
  /** Whether the receiver can be believed. */
  readonly integrity = new IntegrityMonitor();
  machineReading: LinuxReading | undefined;
  /** By name: `radio`, `gps`, `machine`, `broker`, and `sensorKey` of each sensor. */
  readonly links = new LinkBook();
  readonly devices = new DeviceBook();
  readonly radio = new RadioBook();
  readonly sensors = new SensorBook();
  #identity: BoardIdentity | undefined;
  #outbox: (() => OutboxState) | undefined;
  readonly #beacons: BeaconFacts[] = [];
  readonly #witnesses: WitnessFacts[] = [];
  readonly #verdicts: VerdictFacts[] = [];
  readonly #judged = new Set<string>();

  /** Called once by the agent before anything else. */
  begin(identity: BoardIdentity, outbox: () => OutboxState): void {
    this.#identity = identity;
    this.#outbox = outbox;
    const sensors = (identity.sensors ?? []).map(({ source }) => sensorKey(source));
    this.links.begin(["radio", "gps", "machine", "broker", ...sensors], identity.startedAtMs);
  }

  /** A reading came from a device. */
  read(name: string, atMs: number): void {
    this.links.heardFrom(name, atMs);
    this.devices.read(name, atMs);
  }

  addBeacon(facts: BeaconFacts): void {
    keep(this.#beacons, facts);
  }

  addWitness(facts: WitnessFacts): void {
    keep(this.#witnesses, facts);
  }

  /** One that comes again, which a broker can make it do, is not counted again. */
  addVerdict(facts: VerdictFacts): void {
    if (this.#judged.has(facts.packetId)) return;
    this.#judged.add(facts.packetId);
    const [oldest] = this.#judged;
    if (this.#judged.size > REMEMBERED_VERDICTS && oldest !== undefined) this.#judged.delete(oldest);
    keep(this.#verdicts, facts);
    this.counters[VERDICT_COUNTERS[facts.outcome]] += 1;
  }

  /** @throws {TypeError} before `begin`. */
  snapshot(nowMs: number): AgentStatus {
    if (this.#identity === undefined || this.#outbox === undefined)
      throw new TypeError("The board was not begun");
    const { hasGps, hasMachine, sensors = [], ...identity } = this.#identity;
    return {
      atMs: nowMs,
      ...identity,
      radio: this.#radio(nowMs),
      ...(hasGps ? { gps: this.#gps(nowMs) } : {}),
      sensors: sensors.map((sensor) => this.#sensor(sensor, nowMs)),
      ...(hasMachine ? { machine: this.#machine(nowMs) } : {}),
      broker: { ...this.links.get("broker") },
      outbox: {
        ...this.#outbox(),
        ...optional("problem", this.outboxProblem),
        ...optional("numbering", this.numbering),
      },
      ...optional("entropy", this.entropy),
      ...optional("schedule", this.schedule),
      beacons: [...this.#beacons],
      witnesses: [...this.#witnesses],
      verdicts: [...this.#verdicts],
      counters: { ...this.counters },
    };
  }

  #radio(nowMs: number): RadioFacts {
    const { radio } = this;
    const probe = this.devices.probe("radio");
    return {
      ...this.#device("radio", nowMs),
      framesHeard: radio.framesHeard,
      ...optional("lastFrameAtMs", radio.lastFrameAtMs),
      statuses: radio.statuses(nowMs).map(({ kind: _, ...status }) => status),
      channels: radio.channels(),
      ...optional("cannotBeacon", probe?.cannotBeacon),
      ...optional("forwarders", probe?.forwarders?.()),
    };
  }

  #gps(nowMs: number): GpsFacts {
    if (this.gpsReading === undefined) return this.#device("gps", nowMs);
    const { kind: _, satellites, ...reading } = this.gpsReading;
    return {
      ...this.#device("gps", nowMs),
      reading: { ...reading, inView: satellites.length },
      integrity: this.integrity.summary(nowMs),
    };
  }

  #sensor({ source, type }: { source: string; type: string }, nowMs: number): SensorFacts {
    const quantities = this.sensors.latest(source);
    return { source, type, ...this.#device(sensorKey(source), nowMs), quantities };
  }

  #machine(nowMs: number): MachineFacts {
    if (this.machineReading === undefined) return this.#device("machine", nowMs);
    const { kind: _, ...reading } = this.machineReading;
    return { ...this.#device("machine", nowMs), reading };
  }

  #device(name: string, nowMs: number): DeviceFacts {
    return { ...this.links.get(name), ...this.devices.facts(name, nowMs) };
  }
}

function keep<T>(list: T[], item: T): void {
  list.unshift(item);
  list.length = Math.min(list.length, KEPT);
}

const optional = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
