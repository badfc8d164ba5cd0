import type { KnownMeter } from "../register-map.ts";

/** A point of an inverter: where it is from the start of its model, id and length first (SunSpec model definitions). */
export interface SunSpecPoint {
  quantity: string;
  offset: number;
  type: "u16" | "s16" | "acc32" | "f32";
  /** Of the scale factor; floats have none. */
  exponentOffset?: number;
  scale?: number;
}

const point = (
  quantity: string,
  offset: number,
  type: SunSpecPoint["type"],
  exponentOffset: number,
  scale = 1,
): SunSpecPoint => ({ quantity, offset, type, exponentOffset, scale });

/** Models 101 (one phase), 102 (split phase), 103 (three phases): integers with scale factors. */
const INTEGERS: readonly SunSpecPoint[] = [
  point("current_a", 2, "u16", 6),
  point("voltage_l1_v", 10, "u16", 13),
  point("voltage_l2_v", 11, "u16", 13),
  point("voltage_l3_v", 12, "u16", 13),
  point("power_w", 14, "s16", 15),
  point("frequency_hz", 16, "u16", 17),
  point("apparent_power_va", 18, "s16", 19),
  point("reactive_power_var", 20, "s16", 21),
  point("power_factor", 22, "s16", 23, 0.01),
  point("energy_wh", 24, "acc32", 26),
  point("dc_current_a", 27, "u16", 28),
  point("dc_voltage_v", 29, "u16", 30),
  point("dc_power_w", 31, "s16", 32),
  point("cabinet_temperature_c", 33, "s16", 37),
];

const float = (quantity: string, offset: number, scale = 1): SunSpecPoint => ({
  quantity,
  offset,
  type: "f32",
  scale,
});

/** Models 111 to 113: the same as floats. */
const FLOATS: readonly SunSpecPoint[] = [
  float("current_a", 2),
  float("voltage_l1_v", 16),
  float("voltage_l2_v", 18),
  float("voltage_l3_v", 20),
  float("power_w", 22),
  float("frequency_hz", 24),
  float("apparent_power_va", 26),
  float("reactive_power_var", 28),
  float("power_factor", 30, 0.01),
  float("energy_wh", 32),
  float("dc_current_a", 34),
  float("dc_voltage_v", 36),
  float("dc_power_w", 38),
  float("cabinet_temperature_c", 40),
];

export interface SunSpecModel {
  /** Registers behind the id and the length. */
  length: number;
  points: readonly SunSpecPoint[];
}

const integers: SunSpecModel = { length: 50, points: INTEGERS };
const floats: SunSpecModel = { length: 60, points: FLOATS };

/** By model id. */
export const SUNSPEC_INVERTERS: ReadonlyMap<number, SunSpecModel> = new Map([
  [101, integers],
  [102, integers],
  [103, integers],
  [111, floats],
  [112, floats],
  [113, floats],
]);

/** Inverters that describe themselves where their registers are. */
export const SUNSPEC: { kind: "sunspec"; device: string } & KnownMeter = {
  kind: "sunspec",
  device: "SunSpec inverter",
  row: {
    device: "inverters with SunSpec (models 101 to 103, 111 to 113)",
    wiring: "network, Modbus TCP switched on in its menu",
    config: ['host = "192.168.1.20"', "port = 502", "unit = 1"],
    testedWith: "a software inverter laid out after the SunSpec model definitions",
  },
};
