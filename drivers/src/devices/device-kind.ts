import type { Clock, Log, RegionId } from "@earshot/protocol/hotspot";
import type { z } from "zod";
import type { ByteLink, Driver, SocketAddress } from "../driver.ts";
import type { GpsReading } from "../gps/gps-reading.ts";
import type { ReferenceStationReading } from "../gps/rtcm3/station-reading.ts";
import type { FrameFormat } from "../link/frame-scanner.ts";
import type { ConcentratorState, LoraRadio } from "../lora/lora-reading.ts";
import type { StationRefusal } from "../lora/station/station-radio.ts";
import type { StationTls } from "../lora/station/websocket-listener.ts";
import type { SensorReading } from "../sensor/sensor-reading.ts";

/*
 * One kind of device in one object: what the configuration says of it, how it is opened, how it is recognised at an
 * unknown port, and its rows in the README. `registry.ts` has all of them; everything else iterates over those lists.
 */

/** Keys of the configuration besides `type`, as zod schemas with defaults and error texts. */
type Keys = z.ZodRawShape;
type Values<K extends Keys> = z.output<z.ZodObject<K>>;

/** What every kind of device has. */
export interface DeviceKind<T extends string = string> {
  /** Its `type` in the configuration. */
  readonly type: T;
  /** How it is called when nothing more is known than what it sends. */
  readonly description: string;
  /** What it sends unasked. */
  readonly sends?: Signature;
  /** Asks for its name when it was heard; the answer may be of another type. */
  readonly nameQuery?: Query;
  /** Asked when nothing was heard. */
  readonly queries?: readonly Query[];
  /** Lines of the configuration that the owner has to choose, with a comment; `doctor` prints them below the others. */
  readonly choices?: readonly string[];
  /** Its rows in the README's tables. */
  readonly rows: readonly DeviceRow[];
}

/** What a device sends unasked, and by what it is recognised; `sentences` "any": NMEA that is no other kind's. */
export type Signature =
  | { frames: FrameFormat }
  | { sentences: RegExp | "any" }
  | { lines(line: string): boolean }
  | { stream: "ubx" | "rtcm" };

/** A question that changes nothing in any device, and how its answer looks. */
export interface Query {
  name: string;
  /** Where it is asked; the rate that the device leaves the factory with comes first. */
  baudRates: readonly number[];
  request: Uint8Array;
  /** What answered, in everything heard since the request; `undefined` as long as nothing did. Never throws. */
  recognise(heard: Uint8Array): FoundDevice | undefined;
}

export interface FoundDevice {
  /** That of its `DeviceKind`. */
  type: string;
  /** As it calls itself, or what was heard: `u-blox NEO-M9N, EXT CORE 4.04`. */
  description: string;
  /** Of a Modbus device: its address, and the register map that fits what it answered. */
  unit?: number;
  map?: string;
}

/** One row of a table of supported devices. */
export interface DeviceRow {
  device: string;
  wiring: string;
  /** Lines of the configuration besides `type`. */
  config: readonly string[];
  /** What follows the lines, punctuation first. */
  remark?: string;
  testedWith: string;
}

export interface SerialAddress {
  /** `/dev/ttyUSB0` */
  device: string;
  baud: number;
}

/** Opens what a device is reached by. */
export type OpenLink = (address: SerialAddress | SocketAddress) => Promise<ByteLink>;

/** The hotspot, as far as a radio's settings depend on it. */
export interface RadioSite {
  region: RegionId;
  /** Conducted. */
  maxPowerDbm: number;
  /** Of a file that the configuration names. */
  pathOf(file: string): string;
}

export interface RadioContext {
  clock: Clock;
  log: Log;
  openLink: OpenLink;
  /** UTC from a GPS receiver, ms since the Unix epoch; `undefined` while it cannot be trusted. */
  gpsTimeMs?: () => number | undefined;
  /** Reads certificate and key each time; `doubts()` says what is doubtful about them, such as that one expired. */
  certificates(files: TlsFiles): { read(): Promise<StationTls>; doubts(): readonly string[] };
}

/** Paths of PEM files. */
export interface TlsFiles {
  certFile: string;
  keyFile: string;
  clientCaFile?: string;
}

export type OpenRadio = LoraRadio & {
  /** What it lacks, in sentences. */
  cautions?(): string[];
  /** Packet forwarders or stations, of a radio that waits for them. */
  concentrators?(): readonly ConcentratorState[];
  lastRefusal?(): StationRefusal | undefined;
};

/** A radio, section `[lora]`. */
export interface RadioKind<T extends string = string, K extends Keys = Keys, C extends object = object>
  extends DeviceKind<T> {
  readonly keys: K;
  /** Why keys that are right by themselves do not go together; names them with their section. */
  problem?(values: Values<K>, section: string): string | undefined;
  settings(values: Values<K>, site: RadioSite): C;
  open(settings: C, context: RadioContext): Promise<OpenRadio>;
  /** Why beacons sent with it would prove nothing, in a sentence; none are sent then. */
  readonly cannotBeacon?: string;
}

/** Why a device that was opened gives no readings, and the key of the advice for it. */
export interface ReceiverHint {
  reason: string;
  trouble: "not-gpsd" | "no-device" | "device-closed" | "device-silent";
}

export type OpenReceiver = Driver<GpsReading> & {
  /** What it refused, in sentences. */
  cautions?(): string[];
  /** What it makes of a silence. */
  hint?(): ReceiverHint | undefined;
};

/** A GNSS receiver, section `[gps]`. */
export interface ReceiverKind<T extends string = string, K extends Keys = Keys, C extends object = object>
  extends DeviceKind<T> {
  readonly keys: K;
  settings(values: Values<K>): C;
  open(settings: C, context: { clock: Clock; openLink: OpenLink }): Promise<OpenReceiver>;
}

interface SensorContext {
  clock: Clock;
  address: SerialAddress | SocketAddress;
  /** What `memory()` of an earlier driver returned. */
  memory: string | undefined;
}

export type OpenSensor = Driver<SensorReading | ReferenceStationReading> & {
  /** What must survive a restart, such as an energy total; handed to the next `open`. */
  memory?(): string;
};

/** A sensor, a table of `[[sensors]]`. Its link is opened before it. */
export interface SensorKind<T extends string = string, K extends Keys = Keys, C extends object = object>
  extends DeviceKind<T> {
  /** As fast as it speaks when nobody changed it. */
  readonly baud: number;
  /** The longest silence, in seconds, that is no fault. */
  readonly silenceS: number;
  /** Besides those of every sensor. */
  readonly keys: K;
  /** Why keys that are right by themselves do not go together; names them with their section. */
  problem?(values: Values<K>, section: string, isSerial: boolean): string | undefined;
  settings(values: Values<K>): C;
  /** For settings that need more silence than `silenceS` or the owner allow. */
  leastSilenceMs?(settings: C): number;
  open(link: ByteLink, settings: C, context: SensorContext): OpenSensor;
  /** What its readings are called by the lines that `doctor` prints, when not by its type. */
  readonly source?: string;
  /** The table of the README that has its rows; `sensor` unless given. */
  readonly table?: "station" | "meter";
}

/*
 * Each returns what it is given: they let the compiler infer the settings from the keys.
 */
export const radioKind = <const T extends string, K extends Keys, C extends object>(
  kind: RadioKind<T, K, C>,
): RadioKind<T, K, C> => kind;

export const receiverKind = <const T extends string, K extends Keys, C extends object>(
  kind: ReceiverKind<T, K, C>,
): ReceiverKind<T, K, C> => kind;

export const sensorKind = <const T extends string, K extends Keys, C extends object>(
  kind: SensorKind<T, K, C>,
): SensorKind<T, K, C> => kind;

type NoSettings = Record<never, never>;

/** A sensor that needs nothing but its link and a clock. */
export const plainSensor = <const T extends string>({
  open,
  ...kind
}: Omit<SensorKind<T, NoSettings, NoSettings>, "keys" | "settings" | "open"> & {
  open(link: ByteLink, options: { clock: Clock }): OpenSensor;
}): SensorKind<T, NoSettings, NoSettings> => ({
  ...kind,
  keys: {},
  settings: () => ({}),
  open: (link, _settings, { clock }) => open(link, { clock }),
});
