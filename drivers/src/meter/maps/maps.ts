import type { KnownMeter, RegisterMap } from "../register-map.ts";
import { SDM120, SDM630 } from "./eastron.ts";
import { PZEM_016 } from "./pzem.ts";
import { SUNSPEC } from "./sunspec-models.ts";

/** Inverters that describe themselves where their registers are. */
interface SunSpecMap {
  kind: "sunspec";
  device: string;
}

export type MeterMap = RegisterMap | SunSpecMap;

/** The meters known, by the name that the configuration uses: a new one is its map and its line here. */
export const METER_MAPS = {
  sdm120: SDM120,
  sdm630: SDM630,
  "pzem-016": PZEM_016,
  sunspec: SUNSPEC,
} as const satisfies Readonly<Record<string, MeterMap & KnownMeter>>;

export type MeterMapName = keyof typeof METER_MAPS;
