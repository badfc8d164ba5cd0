import type { GpsReading, RadioStatus } from "@earshot/drivers";
import type { OutboxState } from "../outbox/outbox.ts";
import type {
  AgentStatus,
  BeaconFacts,
  Counters,
  EntropyFacts,
  ForwarderFacts,
  GpsFacts,
  LinkFacts,
  RadioFacts,
  ScheduleFacts,
  VerdictFacts,
  WitnessFacts,
} from "./facts.ts";
import { RecentPackets } from "./recent-packets.ts";

const KEPT = 20;
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
}

/** What a device can be asked at any time. */
export interface DeviceProbe {
  name: string;
  counts(): { badFrames: number; garbageBytes: number };
  forwarders?(): ForwarderFacts[];
}

type LinkName = "radio" | "gps" | "broker";

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
  entropy: EntropyFacts | undefined;
  schedule: ScheduleFacts | undefined;
  radioStatus: RadioStatus | undefined;
  gpsReading: GpsReading | undefined;
  framesHeard = 0;
  lastFrameAtMs: number | undefined;
  #identity: BoardIdentity | undefined;
  #outbox: (() => OutboxState) | undefined;
  readonly #links = new Map<LinkName, LinkFacts>();
  readonly #probes = new Map<LinkName, DeviceProbe>();
  readonly #beacons: BeaconFacts[] = [];
  readonly #witnesses: WitnessFacts[] = [];
  readonly #verdicts: VerdictFacts[] = [];

  /** Called once by the agent before anything else. */
  begin(identity: BoardIdentity, outbox: () => OutboxState): void {
    this.#identity = identity;
    this.#outbox = outbox;
    for (const name of ["radio", "gps", "broker"] as const) {
      this.#links.set(name, { state: "searching", sinceMs: identity.startedAtMs });
    }
  }

  link(name: LinkName): LinkFacts {
    return this.#links.get(name) ?? { state: "searching", sinceMs: 0 };
  }

  setLink(name: LinkName, state: LinkFacts["state"], atMs: number, reason?: string): void {
    const before = this.link(name);
    const sinceMs = before.state === state ? before.sinceMs : atMs;
    const { lastAtMs } = before;
    this.#links.set(name, {
      state,
      sinceMs,
      ...(reason === undefined ? {} : { reason }),
      ...(lastAtMs === undefined ? {} : { lastAtMs }),
    });
  }

  /** Something came from it, so it works. */
  heardFrom(name: LinkName, atMs: number): void {
    if (this.link(name).state !== "ok") this.setLink(name, "ok", atMs);
    this.link(name).lastAtMs = atMs;
  }

  setProbe(name: LinkName, probe: DeviceProbe | undefined): void {
    if (probe === undefined) this.#probes.delete(name);
    else this.#probes.set(name, probe);
  }

  addBeacon(facts: BeaconFacts): void {
    keep(this.#beacons, facts);
  }

  addWitness(facts: WitnessFacts): void {
    keep(this.#witnesses, facts);
  }

  addVerdict(facts: VerdictFacts): void {
    keep(this.#verdicts, facts);
    this.counters[VERDICT_COUNTERS[facts.outcome]] += 1;
  }

  /** @throws {TypeError} before `begin`. */
  snapshot(nowMs: number): AgentStatus {
    if (this.#identity === undefined || this.#outbox === undefined)
      throw new TypeError("The board was not begun");
    const { hasGps, ...identity } = this.#identity;
    return {
      atMs: nowMs,
      ...identity,
      radio: this.#radio(),
      ...(hasGps ? { gps: this.#gps() } : {}),
      broker: { ...this.link("broker") },
      outbox: { ...this.#outbox(), ...optional("problem", this.outboxProblem) },
      ...optional("entropy", this.entropy),
      ...optional("schedule", this.schedule),
      beacons: [...this.#beacons],
      witnesses: [...this.#witnesses],
      verdicts: [...this.#verdicts],
      counters: { ...this.counters },
    };
  }

  #radio(): RadioFacts {
    const probe = this.#probes.get("radio");
    return {
      ...this.#device("radio"),
      framesHeard: this.framesHeard,
      ...optional("lastFrameAtMs", this.lastFrameAtMs),
      ...optional("status", this.radioStatus),
      ...optional("forwarders", probe?.forwarders?.()),
    };
  }

  #gps(): GpsFacts {
    if (this.gpsReading === undefined) return this.#device("gps");
    const { kind: _, satellites, ...reading } = this.gpsReading;
    return { ...this.#device("gps"), reading: { ...reading, inView: satellites.length } };
  }

  #device(name: LinkName): LinkFacts {
    const probe = this.#probes.get(name);
    if (probe === undefined) return { ...this.link(name) };
    const { badFrames, garbageBytes } = probe.counts();
    return { ...this.link(name), ...{ name: probe.name, badFrames, garbageBytes } };
  }
}

function keep<T>(list: T[], item: T): void {
  list.unshift(item);
  list.length = Math.min(list.length, KEPT);
}

const optional = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
