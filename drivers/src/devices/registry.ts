import { gpsd } from "../gps/gpsd.ts";
import { nmea } from "../gps/nmea.ts";
import { rtcm3 } from "../gps/rtcm3/rtcm3.ts";
import { sirf } from "../gps/sirf.ts";
import { ubx } from "../gps/ubx/ubx.ts";
import { rak3172 } from "../lora/modem/rak3172.ts";
import { rn2483 } from "../lora/modem/rn2483.ts";
import { rylr998 } from "../lora/modem/rylr998.ts";
import { semtechUdp } from "../lora/semtech-udp-kind.ts";
import { basicsStation } from "../lora/station/basics-station-kind.ts";
import { modbus } from "../meter/modbus-kind.ts";
import { jsonLines } from "../sensor/json-lines.ts";
import { nmeaWeather } from "../sensor/nmea-weather.ts";
import { pms5003 } from "../sensor/pms5003.ts";
import { sds011 } from "../sensor/sds011.ts";
import { sps30 } from "../sensor/sps30.ts";
import type { DeviceKind, RadioKind, ReceiverKind, SensorKind } from "./device-kind.ts";

/*
 * Every device that Earshot knows. A new one is a file that describes it and its line here; `bun run docs` then puts it
 * into the tables of the READMEs.
 */

/** Section `[lora]`. */
export const RADIOS = [semtechUdp, basicsStation, rak3172, rylr998, rn2483] as const;

/** Section `[gps]`. */
export const RECEIVERS = [nmea, ubx, gpsd] as const;

/** Tables `[[sensors]]`. */
export const SENSORS = [modbus, pms5003, sds011, sps30, nmeaWeather, jsonLines, rtcm3] as const;

/** What can be recognised at a port; the last is read by nothing here. */
export const DEVICE_KINDS: readonly DeviceKind[] = [...RADIOS, ...RECEIVERS, ...SENSORS, sirf];

type SettingsOf<Kind> =
  Kind extends RadioKind<infer T, infer _K, infer C>
    ? { type: T } & C
    : Kind extends ReceiverKind<infer T, infer _K, infer C>
      ? { type: T } & C
      : Kind extends SensorKind<infer T, infer _K, infer C>
        ? { type: T } & C
        : never;

/** How to reach a radio. */
export type RadioSettings = SettingsOf<(typeof RADIOS)[number]>;
/** How to reach a GNSS receiver. */
export type ReceiverSettings = SettingsOf<(typeof RECEIVERS)[number]>;
/** What a sensor needs besides its link. */
export type SensorSettings = SettingsOf<(typeof SENSORS)[number]>;

/** The one of that type. @throws {TypeError} when there is none: the configuration was not checked */
export function kindOf<K extends { type: string }>(kinds: readonly K[], type: string): K {
  const found = kinds.find((kind) => kind.type === type);
  if (found === undefined) throw new TypeError(`There is no device of type ${type}`);
  return found;
}
