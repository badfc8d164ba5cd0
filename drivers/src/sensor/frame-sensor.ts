import type { Clock } from "@earshot/protocol/hotspot";
import { type FrameFormat, FrameScanner } from "../link/frame-scanner.ts";
import type { StreamDecoder } from "../link/stream-driver.ts";
import type { SensorReading } from "./sensor-reading.ts";

/** Of a frame, what it measured; `undefined` when it is refused, `{}` when it is well-formed and has no measurement. */
export type ReadFrame = (frame: Uint8Array) => Record<string, number> | undefined;

/** A sensor whose every frame is a measurement. */
export class FrameSensorDecoder implements StreamDecoder<SensorReading> {
  readonly #clock: Pick<Clock, "now">;
  readonly #scanner: FrameScanner;
  readonly #read: ReadFrame;
  #frames = 0;
  #refused = 0;

  constructor(clock: Pick<Clock, "now">, format: FrameFormat, read: ReadFrame) {
    this.#clock = clock;
    this.#scanner = new FrameScanner(format);
    this.#read = read;
  }

  get counts() {
    const { badFrames, garbageBytes } = this.#scanner;
    return { frames: this.#frames, badFrames: badFrames + this.#refused, garbageBytes };
  }

  push(bytes: Uint8Array): SensorReading[] {
    return this.#scanner.push(bytes).flatMap((frame) => {
      const quantities = this.#read(frame);
      if (quantities === undefined) {
        this.#refused += 1;
        return [];
      }
      this.#frames += 1;
      if (Object.keys(quantities).length === 0) return [];
      return [{ kind: "sensor" as const, atMs: this.#clock.now(), quantities }];
    });
  }

  flush(): SensorReading[] {
    return [];
  }
}
