import type { Clock } from "@earshot/protocol";
import type { ByteLink, Driver, OpenByteLink } from "../driver.ts";
import { LineFramer } from "../link/line-framer.ts";
import { type StreamDecoder, streamDriver } from "../link/stream-driver.ts";
import { fromSky, fromTpv, type GpsdObject, parseGpsdLine } from "./gpsd-report.ts";
import type { GpsReading } from "./reading.ts";

const WATCH = new TextEncoder().encode('?WATCH={"enable":true,"json":true};\n');

/** A SKY of 100 satellites takes about 16 KiB. */
export const MAX_GPSD_LINE_BYTES = 65_536;

export interface OpenGpsdOptions {
  clock: Clock;
  /** Only this of gpsd's devices, for example `/dev/ttyUSB0`; default all of them. */
  device?: string;
  /** Readings held for a slow consumer; default 64. */
  capacity?: number;
}

/**
 * A receiver behind gpsd (protocol 3, gpsd 3.0 and later), over TCP 2947.
 *
 * One reading per TPV report, with what the latest SKY report of the same device says about the satellites.
 */
export function openGpsd(link: ByteLink | OpenByteLink, options: OpenGpsdOptions): Driver<GpsReading> {
  return streamDriver({
    name: "gpsd",
    link,
    decoder: new GpsdDecoder(options),
    capacity: options.capacity ?? 64,
    greeting: WATCH,
  });
}

/** gpsd's lines to readings. */
export class GpsdDecoder implements StreamDecoder<GpsReading> {
  readonly #clock: Clock;
  readonly #device: string | undefined;
  readonly #framer = new LineFramer(MAX_GPSD_LINE_BYTES);
  #sky: { device: unknown; report: Partial<GpsReading> } = { device: undefined, report: {} };
  #frames = 0;
  #badFrames = 0;

  constructor({ clock, device }: { clock: Clock; device?: string }) {
    this.#clock = clock;
    this.#device = device;
  }

  get counts() {
    return { frames: this.#frames, badFrames: this.#badFrames, garbageBytes: this.#framer.garbageBytes };
  }

  push(bytes: Uint8Array): GpsReading[] {
    return this.#framer.push(bytes).flatMap((line) => this.#take(line));
  }

  flush(): GpsReading[] {
    return [];
  }

  #take(line: string): GpsReading[] {
    const object = parseGpsdLine(line);
    if (object === undefined) {
      this.#badFrames += 1;
      return [];
    }
    this.#frames += 1;
    if (this.#device !== undefined && object.device !== this.#device) return [];
    if (object.class === "SKY") this.#addSky(object);
    return object.class === "TPV" ? [this.#reading(object)] : [];
  }

  /** gpsd sends dilution more often than the list of satellites: a report without a list keeps the last one. */
  #addSky(object: GpsdObject): void {
    const kept = this.#skyOf(object.device).satellites;
    const report = fromSky(object);
    this.#sky = { device: object.device, report: { ...(kept && { satellites: kept }), ...report } };
  }

  #reading(object: GpsdObject): GpsReading {
    const sky = this.#skyOf(object.device);
    return { kind: "gps", atMs: this.#clock.now(), satellites: [], ...sky, ...fromTpv(object) };
  }

  #skyOf(device: unknown): Partial<GpsReading> {
    return this.#sky.device === device ? this.#sky.report : {};
  }
}
