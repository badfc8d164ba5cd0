import type { LoraRadio, LoraReading, RadioFrame, RadioStatus } from "./lora-reading.ts";

/** A radio under test, read one by one. */
export abstract class TestRadio {
  abstract readonly driver: LoraRadio;
  #readings: AsyncIterator<LoraReading> | undefined;

  async next(): Promise<LoraReading> {
    this.#readings ??= this.driver[Symbol.asyncIterator]();
    const next = await this.#readings.next();
    if (next.done) throw new Error("The readings ended");
    return next.value;
  }

  async nextFrame(): Promise<RadioFrame> {
    const reading = await this.next();
    if (reading.kind !== "frame") throw new Error("Not a frame");
    return reading;
  }

  async nextStatus(): Promise<RadioStatus> {
    const reading = await this.next();
    if (reading.kind !== "radio") throw new Error("Not a status");
    return reading;
  }
}
