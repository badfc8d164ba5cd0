import type { UsbIdentity } from "./serial-devices.ts";

/** What can be recognised; the names of the agent's configuration, but for `sirf`, which nothing here reads. */
export type DeviceType =
  | "nmea"
  | "ubx"
  | "rtcm3"
  | "nmea-weather"
  | "pms5003"
  | "sds011"
  | "sps30"
  | "json-lines"
  | "rak3172"
  | "rylr998"
  | "rn2483"
  | "modbus"
  | "sirf";

export interface FoundDevice {
  type: DeviceType;
  /** As it calls itself, or what was heard: `u-blox NEO-M9N, EXT CORE 4.04`. */
  description: string;
  /** Of a Modbus device: its address, and the register map that fits what it answered. */
  unit?: number;
  map?: "sdm120" | "sdm630" | "pzem-016" | "sunspec";
}

/** What became of probing one port. */
export type ProbeOutcome =
  | { state: "found"; device: FoundDevice; baudRate: number; tookMs: number }
  /** Nothing was heard, asked or not. */
  | { state: "silent"; tookMs: number }
  /** Something speaks, and it is none of what is known here. */
  | { state: "unknown"; baudRate: number; heard: Uint8Array; tookMs: number }
  /** It could not be opened, or was lost. */
  | { state: "failed"; why: string; tookMs: number };

/** `u-blox AG u-blox 7 - GPS/GNSS Receiver (1546:01a7)`. */
export function usbText({ vendorId, productId, manufacturer, product }: UsbIdentity): string {
  return [manufacturer, product, `(${vendorId}:${productId})`].filter((part) => part !== undefined).join(" ");
}
