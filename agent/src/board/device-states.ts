import type { DriverCounts, StationRefusal } from "@earshot/drivers";
import type { LossReason } from "@earshot/protocol/hotspot";
import type { DeviceFacts, DeviceHealthFacts, ForwarderFacts } from "./agent-status.ts";
import { RateMeter } from "./counters.ts";

/** What can be read from an open device at any time. */
export interface DeviceProbe {
  name: string;
  counts(): Readonly<DriverCounts>;
  forwarders?(): ForwarderFacts[];
  /** What it lacks or refused, in sentences. */
  cautions?(): string[];
  /** Of a radio: why beacons sent with it would prove nothing. */
  cannotBeacon?: string;
  /** Path of its serial port. */
  port?: string;
  /** Its explanation of a silence. */
  hint?(): DeviceHealthFacts["hint"];
  /** The last station that was refused. */
  lastRefusal?(): StationRefusal | undefined;
}

interface Entry {
  probe: DeviceProbe | undefined;
  opened: number;
  lost: number;
  readings: number;
  sharedWith: readonly string[];
  readonly rate: RateMeter;
  readonly lossRate: RateMeter;
  /** The driver's count of dropped readings when the last reading came. */
  dropped: number;
}

/** Of each device by name, beside its link: how often it was opened, its rates, and who else reads its port. */
export class DeviceStates {
  readonly #entries = new Map<string, Entry>();
  /** Losses counted by drivers that are closed now. */
  readonly #closedLosses = new Map<LossReason, number>();

  opened(name: string, probe: DeviceProbe): void {
    const entry = this.#entry(name);
    entry.opened += 1;
    entry.probe = probe;
    entry.sharedWith = [];
    entry.dropped = 0;
  }

  closed(name: string): void {
    const entry = this.#entry(name);
    if (entry.probe !== undefined) {
      entry.lost += 1;
      addTo(this.#closedLosses, lossesOf(entry.probe));
    }
    entry.probe = undefined;
    entry.sharedWith = [];
  }

  /** What the drivers refused or dropped since the agent started. */
  losses(): Map<LossReason, number> {
    const sum = new Map(this.#closedLosses);
    for (const { probe } of this.#entries.values()) if (probe !== undefined) addTo(sum, lossesOf(probe));
    return sum;
  }

  read(name: string, elapsedMs: number): void {
    const entry = this.#entry(name);
    const dropped = entry.probe?.counts().droppedReadings ?? 0;
    const lost = dropped - entry.dropped;
    entry.dropped = dropped;
    entry.readings += 1;
    entry.rate.add(elapsedMs, 1 + lost);
    entry.lossRate.add(elapsedMs, lost);
  }

  probe(name: string): DeviceProbe | undefined {
    return this.#entries.get(name)?.probe;
  }

  /** The serial ports that are open now, by device. */
  ports(): Map<string, string> {
    const open = [...this.#entries].map(([name, { probe }]) => [name, probe?.port] as const);
    return new Map(open.filter((one): one is [string, string] => one[1] !== undefined));
  }

  setSharedWith(name: string, programs: readonly string[]): void {
    this.#entry(name).sharedWith = programs;
  }

  sharedWith(name: string): readonly string[] {
    return this.#entry(name).sharedWith;
  }

  facts(name: string, elapsedMs: number): Omit<DeviceFacts, "state" | "sinceMs"> {
    const { probe, opened, lost, readings, sharedWith, rate, lossRate } = this.#entry(name);
    const shared = sharedWith.length === 0 ? {} : { sharedWith: [...sharedWith] };
    const rates = { readingsPerS: rate.perS(elapsedMs), droppedPerS: lossRate.perS(elapsedMs) };
    const facts = { opened, lost, readings, ...rates, ...shared };
    if (probe === undefined) return facts;
    const { frames, badFrames, garbageBytes, droppedReadings } = probe.counts();
    const cautions = probe.cautions?.() ?? [];
    const hint = probe.hint?.();
    return {
      ...facts,
      ...{ name: probe.name, frames, badFrames, garbageBytes, droppedReadings },
      ...(cautions.length === 0 ? {} : { cautions }),
      ...(hint === undefined ? {} : { hint }),
    };
  }

  #entry(name: string): Entry {
    let entry = this.#entries.get(name);
    if (entry === undefined) {
      const rates = { rate: new RateMeter(), lossRate: new RateMeter() };
      entry = { probe: undefined, opened: 0, lost: 0, readings: 0, sharedWith: [], dropped: 0, ...rates };
      this.#entries.set(name, entry);
    }
    return entry;
  }
}

const lossesOf = (probe: DeviceProbe): [LossReason, number][] => {
  const { droppedReadings, refusals } = probe.counts();
  return [...(refusals?.byReason ?? []), ["readings_flood", droppedReadings]];
};

function addTo(sum: Map<LossReason, number>, counts: Iterable<readonly [LossReason, number]>): void {
  for (const [reason, count] of counts) sum.set(reason, (sum.get(reason) ?? 0) + count);
}
