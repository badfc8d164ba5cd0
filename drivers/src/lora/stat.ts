import { omitUndefined } from "@earshot/protocol/runtime";
import { isZeroPosition } from "../gps/false-fix.ts";
import { integerField, numberField } from "./json-fields.ts";
import type { RadioStatus } from "./lora-reading.ts";
import type { TolerantObject } from "./tolerant-json.ts";

/** One `stat`. Its counters cover one interval (30 s as shipped) and start again from 0 in the next. */
export interface ForwarderStat {
  /** Receptions in the interval, whatever their CRC (`rxnb`). */
  received?: number;
  /** Of them with a good CRC (`rxok`). */
  receivedOk?: number;
  /** Share of upstream datagrams acknowledged, 0 to 100 (`ackr`). */
  ackPercent?: number;
  temperatureC?: number;
  latDeg?: number;
  lonDeg?: number;
  altM?: number;
}

const MAX_PER_INTERVAL = 1_000_000;

/** Any field may be missing, `null` or nonsense: it is then left out. `time` is not read, the host has a clock. */
export function readStat(stat: TolerantObject): ForwarderStat {
  return omitUndefined({
    received: integerField(stat, "rxnb", 0, MAX_PER_INTERVAL),
    receivedOk: integerField(stat, "rxok", 0, MAX_PER_INTERVAL),
    // Some forwarders send a count here (453); a share it is only up to 100.
    ackPercent: numberField(stat, "ackr", 0, 100),
    temperatureC: temperatureOf(stat),
    ...positionOf(stat),
  });
}

/** A forwarder whose sensor fails sends exactly 0.0, so that value cannot be distinguished from no value. */
function temperatureOf(stat: TolerantObject): number | undefined {
  const temperatureC = numberField(stat, "temp", -60, 150);
  return temperatureC === 0 ? undefined : temperatureC;
}

/** Present only while the forwarder's GPS has a fix, or when its operator typed one; 0, 0 means neither. */
function positionOf(stat: TolerantObject): Pick<RadioStatus, "latDeg" | "lonDeg" | "altM"> {
  const latDeg = numberField(stat, "lati", -90, 90);
  const lonDeg = numberField(stat, "long", -180, 180);
  if (latDeg === undefined || lonDeg === undefined || isZeroPosition(latDeg, lonDeg)) return {};
  return { latDeg, lonDeg, altM: numberField(stat, "alti", -1000, 10_000) };
}
