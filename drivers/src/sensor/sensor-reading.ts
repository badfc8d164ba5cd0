import { type Clock, MAX_TEXT_BYTES } from "@earshot/protocol/hotspot";
import type { Driver } from "../driver.ts";

/** What a meter or sensor measured at one moment. */
export interface SensorReading {
  kind: "sensor";
  /** Host time of arrival, ms since the Unix epoch. */
  atMs: number;
  /**
   * By name, the unit part of it (`power_w`, `pm2_5_ug_per_m3`): lower case, digits and _, at most 32 characters.
   * What was not measured is absent; values are finite.
   */
  quantities: Readonly<Record<string, number>>;
}

export type SensorDriver = Driver<SensorReading>;

export interface OpenSensorOptions {
  clock: Clock;
  /** Readings queued for a slow consumer; default 64. */
  capacity?: number;
}

/** Whether a name can go into a packet. */
export const isQuantityName = (name: string): boolean =>
  /^[a-z][a-z0-9_]*$/.test(name) && name.length <= MAX_TEXT_BYTES.quantity;
