/**
 * The quantities of reading packets: with how many decimals they are sent, and which values are plausible. A quantity
 * that is not listed is sent with three decimals, and its score depends on availability only.
 */
export interface QuantityFacts {
  unit: string;
  /** Power of ten of the last digit sent, 0 or negative; the numbers below have no finer digits. */
  exponent: number;
  /** Plausible values; anything outside means a fault. */
  min: number;
  max: number;
  /** `counter`: grows, except at a rollover or with a new meter. */
  kind: "gauge" | "counter";
  /** A change between two periods beyond this is a jump. */
  maxStep?: number;
  /** The very same value for longer than this means a stuck sensor. */
  constantMs?: number;
}

const HOUR_MS = 3_600_000;
const gauge = (unit: string, exponent: number, min: number, max: number): QuantityFacts => ({
  unit,
  exponent,
  min,
  max,
  kind: "gauge",
});
const counter = (unit: string, exponent: number, max: number): QuantityFacts => ({
  unit,
  exponent,
  min: 0,
  max,
  kind: "counter",
});

const VOLTAGE: QuantityFacts = { ...gauge("V", -1, 50, 300), maxStep: 60 };
const CURRENT = gauge("A", -3, -1000, 1000);
const POWER: QuantityFacts = { ...gauge("W", -1, -250_000, 250_000), constantMs: 24 * HOUR_MS };

/** By name. Limits of air quality sensors are those of their datasheets, of weather the records on earth. */
export const QUANTITIES: Readonly<Record<string, QuantityFacts>> = {
  satellites_used: gauge("", 0, 0, 255),
  satellites_strong: gauge("", 0, 0, 255),
  cn0_db_hz: gauge("dB-Hz", -1, 0, 65),
  completeness_permille: gauge("‰", 0, 0, 1000),
  latency_ms: gauge("ms", 0, -1000, 60_000),
  station_spread_m: gauge("m", -3, 0, 100),
  quality_permille: gauge("‰", 0, 0, 1000),

  voltage_v: VOLTAGE,
  voltage_l1_v: VOLTAGE,
  voltage_l2_v: VOLTAGE,
  voltage_l3_v: VOLTAGE,
  current_a: CURRENT,
  current_l1_a: CURRENT,
  current_l2_a: CURRENT,
  current_l3_a: CURRENT,
  power_w: POWER,
  power_l1_w: POWER,
  power_l2_w: POWER,
  power_l3_w: POWER,
  dc_voltage_v: gauge("V", -1, 0, 1500),
  dc_current_a: CURRENT,
  dc_power_w: gauge("W", -1, -250_000, 250_000),
  cabinet_temperature_c: gauge("°C", -1, -40, 120),
  apparent_power_va: gauge("VA", -1, 0, 250_000),
  reactive_power_var: gauge("var", -1, -250_000, 250_000),
  power_factor: gauge("", -3, -1, 1),
  frequency_hz: { ...gauge("Hz", -2, 45, 65), maxStep: 2 },
  energy_wh: counter("Wh", 0, 1e12),
  energy_exported_wh: counter("Wh", 0, 1e12),

  pm1_ug_per_m3: { ...gauge("µg/m³", -1, 0, 1000), constantMs: 6 * HOUR_MS },
  pm2_5_ug_per_m3: { ...gauge("µg/m³", -1, 0, 1000), constantMs: 6 * HOUR_MS },
  pm4_ug_per_m3: { ...gauge("µg/m³", -1, 0, 1000), constantMs: 6 * HOUR_MS },
  pm10_ug_per_m3: { ...gauge("µg/m³", -1, 0, 2000), constantMs: 6 * HOUR_MS },
  particle_size_um: gauge("µm", -2, 0, 10),

  temperature_c: { ...gauge("°C", -1, -60, 60), maxStep: 20, constantMs: 12 * HOUR_MS },
  humidity_percent: { ...gauge("%", -1, 0, 100), maxStep: 50 },
  pressure_hpa: { ...gauge("hPa", -1, 500, 1100), maxStep: 15, constantMs: 12 * HOUR_MS },
  dew_point_c: gauge("°C", -1, -80, 40),
  wind_speed_mps: { ...gauge("m/s", -1, 0, 115), constantMs: 24 * HOUR_MS },
  wind_direction_deg: gauge("°", 0, 0, 360),
  rain_mm: counter("mm", -1, 1e7),

  cpu_temperature_c: { ...gauge("°C", -1, -40, 110), constantMs: 24 * HOUR_MS },
  load_1min: gauge("", -2, 0, 1000),
  uptime_s: counter("s", 0, 1e10),
  memory_available_percent: gauge("%", -1, 0, 100),
  disk_free_percent: gauge("%", -1, 0, 100),
  disk_life_used_percent: gauge("%", 0, 0, 110),
  disk_written_mb: counter("MB", 0, 1e12),
  under_voltage: gauge("", 0, 0, 1),
  link_signal_dbm: gauge("dBm", 0, -130, 0),
};

/** Facts of a quantity, or the defaults of one that is not listed. */
export const quantityFacts = (name: string): QuantityFacts =>
  (Object.hasOwn(QUANTITIES, name) ? QUANTITIES[name] : undefined) ?? {
    unit: "",
    exponent: -3,
    min: -(2 ** 37),
    max: 2 ** 37,
    kind: "gauge",
  };
