import type { AcceptedPower, AcceptedPowers } from "../core/power.ts";
import type { Outbox } from "../outbox/outbox.ts";
import type { OffPeriod, OffPeriods } from "./duty-cycle.ts";

/** What must survive a restart, so that no window gets two beacons, no band too much airtime, and no power is tried again. */
export interface BeaconMemory {
  /** The last window in which a transmission was begun. */
  window: number | undefined;
  offPeriods: OffPeriods;
  acceptedPowers: AcceptedPowers;
}

const KEY = "beacon";

/** Of a damaged record, what can be read. */
export function loadBeaconMemory(outbox: Pick<Outbox, "recall">): BeaconMemory {
  const { window, offPeriods, acceptedPowers } = parsed(outbox.recall(KEY) ?? "{}");
  return {
    window: typeof window === "number" ? window : undefined,
    offPeriods: validEntries(isOffPeriod, offPeriods),
    acceptedPowers: validEntries(isAcceptedPower, acceptedPowers),
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

function validEntries<T>(isValid: (value: unknown) => value is T, record: unknown): Record<string, T> {
  const entries = Object.entries(objectOf(record));
  return Object.fromEntries(entries.filter((one): one is [string, T] => isValid(one[1])));
}

function isOffPeriod(value: unknown): value is OffPeriod {
  const { untilMs, lengthMs } = objectOf(value);
  return Number.isFinite(untilMs) && Number.isFinite(lengthMs);
}

function isAcceptedPower(value: unknown): value is AcceptedPower {
  const { limitDbm, acceptedDbm, beacons } = objectOf(value);
  return [limitDbm, acceptedDbm, beacons].every(Number.isInteger) && Number(acceptedDbm) <= Number(limitDbm);
}

/** Durable when it returns. */
export const saveBeaconMemory = (outbox: Pick<Outbox, "remember">, memory: BeaconMemory): void =>
  outbox.remember(KEY, JSON.stringify(memory));
