import type { Outbox } from "../outbox/outbox.ts";
import type { Silence, Silences } from "./duty-cycle.ts";
import type { TakenPower, TakenPowers } from "./power.ts";

/** What must survive a restart: no window gets two beacons, no band too much airtime, and power is not tried out again. */
export interface BeaconMemory {
  /** The last window in which a transmission was begun. */
  window: number | undefined;
  silences: Silences;
  takenPowers: TakenPowers;
}

const KEY = "beacon";

/** Of a damaged one, what can be read. */
export function recallBeacon(outbox: Pick<Outbox, "recall">): BeaconMemory {
  const { window, silences, takenPowers } = parsed(outbox.recall(KEY) ?? "{}");
  return {
    window: typeof window === "number" ? window : undefined,
    silences: entriesThat(isSilence, silences),
    takenPowers: entriesThat(isTakenPower, takenPowers),
  };
}

function parsed(text: string): Partial<Record<keyof BeaconMemory, unknown>> {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return {};
  }
}

const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? { ...value } : {};

function entriesThat<T>(isIt: (value: unknown) => value is T, record: unknown): Record<string, T> {
  const entries = Object.entries(objectOf(record));
  return Object.fromEntries(entries.filter((one): one is [string, T] => isIt(one[1])));
}

function isSilence(value: unknown): value is Silence {
  const { untilMs, lengthMs } = objectOf(value);
  return Number.isFinite(untilMs) && Number.isFinite(lengthMs);
}

function isTakenPower(value: unknown): value is TakenPower {
  const { limitDbm, takenDbm, beacons } = objectOf(value);
  return [limitDbm, takenDbm, beacons].every(Number.isInteger) && Number(takenDbm) <= Number(limitDbm);
}

/** Durable when it returns. */
export const rememberBeacon = (outbox: Pick<Outbox, "remember">, memory: BeaconMemory): void =>
  outbox.remember(KEY, JSON.stringify(memory));
