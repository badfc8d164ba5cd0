import type { Outbox } from "../outbox/outbox.ts";
import type { Silence, Silences } from "./duty-cycle.ts";

/** What must survive a restart so that no window gets two beacons and no band too much airtime. */
export interface BeaconMemory {
  /** The last window in which a transmission was begun. */
  window: number | undefined;
  silences: Silences;
}

const KEY = "beacon";

/** Of a damaged one, what can be read. */
export function recallBeacon(outbox: Pick<Outbox, "recall">): BeaconMemory {
  const { window, silences } = parsed(outbox.recall(KEY) ?? "{}");
  const known = Object.entries(objectOf(silences)).filter((one): one is [string, Silence] =>
    isSilence(one[1]),
  );
  return {
    window: typeof window === "number" ? window : undefined,
    silences: Object.fromEntries(known),
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

function isSilence(value: unknown): value is Silence {
  const { untilMs, lengthMs } = objectOf(value);
  return Number.isFinite(untilMs) && Number.isFinite(lengthMs);
}

/** Durable when it returns. */
export const rememberBeacon = (outbox: Pick<Outbox, "remember">, memory: BeaconMemory): void =>
  outbox.remember(KEY, JSON.stringify(memory));
