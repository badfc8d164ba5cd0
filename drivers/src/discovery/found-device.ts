import type { FoundDevice } from "../devices/device-kind.ts";
import type { UsbIdentity } from "./serial-devices.ts";

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
