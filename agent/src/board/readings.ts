import type { DeafAssessment, RadioFrame, RadioStatus } from "@earshot/drivers";
import { type ClockReading, toWallTime } from "@earshot/protocol/hotspot";
import { BoundedMap } from "@earshot/protocol/runtime";
import type { ChannelFacts, SensorFacts } from "./agent-status.ts";

/** A status, and how the present silence compares with what is usual. */
type HeardStatus = RadioStatus & { hearing?: DeafAssessment };

/** A concentrator without a status for so long is gone. */
const STATUS_KEPT_MS = 600_000;
const MAX_CONCENTRATORS = 16;
/** Channel plans have up to 72; this leaves room for frequencies outside of any plan. */
const MAX_CHANNELS = 96;

/** What the radio heard, by channel, and the latest status of each concentrator. Bounded. */
export class RadioReadings {
  framesHeard = 0;
  lastFrameElapsedMs: number | undefined;
  /** Of the latest frame with a time of the concentrator's GPS; 0 when its date is right. */
  gpsWeekRollovers = 0;
  readonly #statuses = new BoundedMap<string, { status: HeardStatus; elapsedMs: number }>(MAX_CONCENTRATORS);
  readonly #channels = new Map<number, Omit<ChannelFacts, "lastAtMs"> & { lastElapsedMs: number }>();

  addStatus(status: RadioStatus, elapsedMs: number, hearing?: DeafAssessment): void {
    this.#statuses.set(status.gatewayEui ?? "", {
      status: hearing === undefined ? status : { ...status, hearing },
      elapsedMs,
    });
  }

  /** Newest first. */
  statuses(present: ClockReading): HeardStatus[] {
    return [...this.#statuses]
      .map(([, heard]) => heard)
      .filter(({ elapsedMs }) => present.elapsedMs - elapsedMs <= STATUS_KEPT_MS)
      .map(({ status, elapsedMs }) => ({ ...status, atMs: toWallTime(elapsedMs, present) }))
      .reverse();
  }

  addFrame(frame: RadioFrame, elapsedMs: number): void {
    const { freqHz, rssiDbm } = frame;
    if (frame.gpsTimeMs !== undefined) this.gpsWeekRollovers = frame.gpsWeekRollovers ?? 0;
    this.framesHeard += 1;
    this.lastFrameElapsedMs = elapsedMs;
    const known = this.#channels.get(freqHz);
    if (known === undefined && this.#channels.size >= MAX_CHANNELS) return;
    const best = Math.max(
      known?.bestRssiDbm ?? Number.NEGATIVE_INFINITY,
      rssiDbm ?? Number.NEGATIVE_INFINITY,
    );
    this.#channels.set(freqHz, {
      freqHz,
      frames: (known?.frames ?? 0) + 1,
      lastElapsedMs: elapsedMs,
      ...(Number.isFinite(best) ? { bestRssiDbm: best } : {}),
    });
  }

  channels(present: ClockReading): ChannelFacts[] {
    return [...this.#channels.values()]
      .map(({ lastElapsedMs, ...channel }) => ({ ...channel, lastAtMs: toWallTime(lastElapsedMs, present) }))
      .toSorted((one, other) => one.freqHz - other.freqHz);
  }
}

/** A sensor that invents new names all the time must not fill the memory. */
const MAX_QUANTITIES = 64;

/** The latest value of each quantity of each sensor. */
export class SensorReadings {
  readonly #values = new Map<string, Map<string, { value: number; elapsedMs: number }>>();

  add(source: string, quantities: Readonly<Record<string, number>>, elapsedMs: number): void {
    const values = this.#values.get(source) ?? new Map();
    this.#values.set(source, values);
    for (const [name, value] of Object.entries(quantities)) {
      if (values.has(name) || values.size < MAX_QUANTITIES) values.set(name, { value, elapsedMs });
    }
  }

  latest(source: string, present: ClockReading): SensorFacts["quantities"] {
    const values = [...(this.#values.get(source) ?? [])];
    return Object.fromEntries(
      values.map(([name, { value, elapsedMs }]) => [name, { value, atMs: toWallTime(elapsedMs, present) }]),
    );
  }
}
