import { type Clock, readClock } from "@earshot/protocol/hotspot";
import { BoundedMap } from "@earshot/protocol/runtime";
import { host } from "@earshot/protocol/runtime/config";
import { type ReceiverHint, receiverKind } from "../devices/device-kind.ts";
import { port } from "../devices/fields.ts";
import type { ByteLink, Driver, OpenByteLink } from "../driver.ts";
import { LineFramer } from "../link/line-framer.ts";
import { type StreamDecoder, streamDriver } from "../link/stream-driver.ts";
import type { GpsReading } from "./gps-reading.ts";
import { GpsdDevice } from "./gpsd-device.ts";
import { type GpsdObject, parseGpsdLine } from "./gpsd-report.ts";

/** PPS and TOFF come only when asked for. */
const WATCH = new TextEncoder().encode('?WATCH={"enable":true,"json":true,"pps":true};\n');

/** More than gpsd serves one client (4); it is a bound for names that go on changing. */
const MAX_DEVICES = 8;

/** A SKY of 100 satellites takes about 16 KiB. */
export const MAX_GPSD_LINE_BYTES = 65_536;

/** What gpsd reports of itself and of its devices. */
export interface GpsdState {
  /** `3.22`; absent until something there identified itself as gpsd. */
  release?: string;
  /** The devices that it was given; absent until it has listed them, or that there are none. */
  devices?: GpsdPort[];
}

interface GpsdPort {
  path: string;
  /** gpsd has it open. */
  isOpen: boolean;
}

export interface GpsdDriver extends Driver<GpsReading> {
  gpsd(): GpsdState;
}

export interface OpenGpsdOptions {
  clock: Clock;
  /** Only this of gpsd's devices, for example `/dev/ttyUSB0`; default all of them. */
  device?: string;
  /** Readings queued for a slow consumer; default 64. */
  capacity?: number;
}

/**
 * A receiver behind gpsd (protocol 3, gpsd 3.0 and later), over TCP 2947.
 *
 * One reading for each TPV report, of which there may be several for one epoch, each fuller than the one before; with
 * what SKY has about the satellites, and PPS (or else TOFF) of the host's clock, for the same device.
 */
export function openGpsd(link: ByteLink | OpenByteLink, options: OpenGpsdOptions): GpsdDriver {
  const { capacity = 64 } = options;
  const decoder = new GpsdDecoder(options);
  const driver = streamDriver({ name: "gpsd", link, decoder, capacity, greeting: WATCH });
  return Object.assign(driver, { gpsd: () => decoder.state });
}

/** gpsd's lines to readings. */
export class GpsdDecoder implements StreamDecoder<GpsReading> {
  readonly #clock: Clock;
  readonly #device: string | undefined;
  readonly #framer = new LineFramer(MAX_GPSD_LINE_BYTES);
  readonly #devices = new BoundedMap<unknown, GpsdDevice>(MAX_DEVICES);
  #state: GpsdState = {};
  #frames = 0;
  #badFrames = 0;

  constructor({ clock, device }: { clock: Clock; device?: string }) {
    this.#clock = clock;
    this.#device = device;
  }

  get counts() {
    return { frames: this.#frames, badFrames: this.#badFrames, garbageBytes: this.#framer.garbageBytes };
  }

  get state(): GpsdState {
    return this.#state;
  }

  push(bytes: Uint8Array): GpsReading[] {
    return this.#framer.push(bytes).flatMap((line) => this.#readLine(line));
  }

  flush(): GpsReading[] {
    return [];
  }

  #readLine(line: string): GpsReading[] {
    const object = parseGpsdLine(line);
    if (object === undefined) {
      this.#badFrames += 1;
      return [];
    }
    this.#frames += 1;
    this.#state = stateAfter(this.#state, object);
    if (this.#device !== undefined && object.device !== this.#device) return [];
    return this.#deviceOf(object.device).add(object, readClock(this.#clock));
  }

  #deviceOf(name: unknown): GpsdDevice {
    const device = this.#devices.get(name) ?? new GpsdDevice();
    this.#devices.set(name, device);
    return device;
  }
}

/** VERSION comes first, DEVICES with the answer to WATCH, DEVICE when one is opened, closed or unplugged. */
function stateAfter(state: GpsdState, object: GpsdObject): GpsdState {
  if (object.class === "VERSION" && typeof object.release === "string")
    return { ...state, release: object.release.slice(0, MAX_NAME_CHARS) };
  if (object.class === "DEVICES" && Array.isArray(object.devices)) {
    return { ...state, devices: object.devices.flatMap(portOf).slice(0, MAX_DEVICES) };
  }
  const [port] = object.class === "DEVICE" ? portOf(object) : [];
  if (port === undefined) return state;
  const others = (state.devices ?? []).filter(({ path }) => path !== port.path);
  return { ...state, devices: [...others, port].slice(-MAX_DEVICES) };
}

const MAX_NAME_CHARS = 200;

/** `activated` is a time, or 0, or left out for a device that gpsd could not open or has lost. */
function portOf(device: unknown): GpsdPort[] {
  const { path, activated } = (device ?? {}) as { path?: unknown; activated?: unknown };
  if (typeof path !== "string") return [];
  return [{ path: path.slice(0, MAX_NAME_CHARS), isOpen: activated !== undefined && activated !== 0 }];
}

/** Where gpsd listens unless it is told otherwise. */
export const GPSD_ADDRESS = { host: "127.0.0.1", port: 2947 } as const;

export const gpsd = receiverKind({
  type: "gpsd",
  description: "gpsd",
  keys: { host: host.default(GPSD_ADDRESS.host), port: port.default(GPSD_ADDRESS.port) },
  settings: (keys) => keys,
  async open({ host, port }, { clock, openLink }) {
    const driver = openGpsd(await openLink({ host, port }), { clock });
    return Object.assign(driver, { hint: () => hintOf(driver) });
  },
  rows: [
    {
      device: "any, read by gpsd",
      wiring: "`apt install gpsd`, device in `DEVICES` of `/etc/default/gpsd`",
      config: [],
      testedWith: "gpsd 3.22 itself, replaying a recording; what gpsd 3.27 says of all recordings",
    },
  ],
});

/** Why gpsd reports no fix and not even that there is none, by what it reports of itself. */
function hintOf(driver: GpsdDriver): ReceiverHint | undefined {
  const { release, devices } = driver.gpsd();
  const { badFrames, garbageBytes } = driver.counts();
  if (release === undefined) {
    const isOther = badFrames + garbageBytes > 0;
    return isOther ? { reason: "What answers at that port is not gpsd", trouble: "not-gpsd" } : undefined;
  }
  if (devices === undefined) return undefined;
  if (devices.length === 0) return { reason: "gpsd has no device", trouble: "no-device" };
  const paths = (isOpen: boolean) => devices.filter((one) => one.isOpen === isOpen).map(({ path }) => path);
  const open = paths(true);
  return open.length === 0
    ? { reason: `gpsd cannot open ${paths(false).join(", ")}`, trouble: "device-closed" }
    : { reason: `gpsd gets nothing that it can read from ${open.join(", ")}`, trouble: "device-silent" };
}
