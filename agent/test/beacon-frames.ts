import type { LoraFrame } from "@earshot/drivers";
import { encodeBeaconFrame, sha256, u32 } from "@earshot/protocol";

/** A beacon of some other hotspot, made with the entropy of the period of `atMs`, as a concentrator gives it. */
export const loraFrameOf = (number: number, atMs: number, periodMs = 60_000): LoraFrame => ({
  kind: "frame",
  modulation: "lora",
  atMs,
  bytes: encodeBeaconFrame({
    entropyIndex: Math.floor(atMs / periodMs),
    shortId: sha256(u32(number)).slice(0, 8),
    tag: sha256(u32(number)).slice(8, 24),
  }),
  freqHz: 904_300_000,
  spreadingFactor: 8,
  bandwidthHz: 125_000,
  codingRate: "4/5",
  rssiDbm: -101,
  snrDb: -3.5,
  tmstUs: number * 1_000_000,
  channel: 2,
  radio: 0,
});
