/** Devices in, typed readings out. */
export * from "./driver.ts";
export type { FixMode, GpsReading, Satellite } from "./gps/reading.ts";
export type {
  FskFrame,
  HeardFrame,
  LoraFrame,
  LoraRadio,
  LoraReading,
  LoraTransmission,
  LrFhssFrame,
  RadioFrame,
  RadioStatus,
  TransmitResult,
} from "./lora/reading.ts";
