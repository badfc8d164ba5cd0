import type { Outbox } from "../outbox/outbox.ts";
import type { SilentUntilMs } from "./duty-cycle.ts";

/** What must survive a restart so that no window gets two beacons and no band too much airtime. */
export interface BeaconMemory {
  /** The last window in which a transmission was begun. */
  window: number | undefined;
  silentUntilMs: SilentUntilMs;
}

const KEY = "beacon";

export function recallBeacon(outbox: Outbox): BeaconMemory {
  const text = outbox.recall(KEY);
  return text === undefined ? { window: undefined, silentUntilMs: {} } : (JSON.parse(text) as BeaconMemory);
}

/** Durable when it returns. */
export const rememberBeacon = (outbox: Outbox, memory: BeaconMemory): void =>
  outbox.remember(KEY, JSON.stringify(memory));
