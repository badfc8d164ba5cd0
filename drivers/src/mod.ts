/** Devices in, typed readings out. */
export * from "./driver.ts";
export type { FixMode, GpsReading, Satellite } from "./gps/reading.ts";
export type {
  LoraFrame,
  LoraRadio,
  LoraReading,
  LoraTransmission,
  RadioStatus,
  TransmitResult,
} from "./lora/reading.ts";
