/** Devices in, typed readings out. */
export * from "./driver.ts";
export type { FixMode, GpsReading, Satellite } from "./gps/reading.ts";
export { ReadingQueue, type ReadingQueueOptions } from "./link/reading-queue.ts";
export { type BindUdpOptions, bindUdp } from "./link/udp-socket.ts";
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
