import { grouped } from "./format.js";

/** Names and values of what devices measure, for the eye. Pure: tests call these without a browser. */

const MINUS = "\u2212";

/** Names that no rule makes readable. */
const LABELS = {
  cn0_db_hz: "C/N₀",
  pm1_ug_per_m3: "PM1",
  pm2_5_ug_per_m3: "PM2.5",
  pm4_ug_per_m3: "PM4",
  pm10_ug_per_m3: "PM10",
  load_1min: "Load, 1 min",
  cpu_temperature_c: "CPU temperature",
  energy_wh: "Energy taken",
  energy_exported_wh: "Energy given",
};

/** Ends of names that only say the unit, longest first. */
const UNIT_ENDS =
  /_(ug_per_m3|db_hz|permille|percent|hpa|mps|deg|dbm|var|um|mm|mb|wh|va|hz|db|ms|w|v|a|c|m)$/;

/** "voltage_v" → "Voltage": the unit stands beside the value. */
export function quantityLabel(name) {
  if (Object.hasOwn(LABELS, name)) return LABELS[name];
  const words = name.replace(UNIT_ENDS, "").replaceAll("_", " ");
  return words === "" ? name : words[0].toUpperCase() + words.slice(1);
}

/** Units that are read more easily in thousands from here on. */
const IN_THOUSANDS = { W: "kW", Wh: "kWh", VA: "kVA", var: "kvar" };
const FROM = 10_000;

/** [number, unit], as both are written. */
export function valueWords(value, unit) {
  const larger = IN_THOUSANDS[unit];
  return larger !== undefined && Math.abs(value) >= FROM
    ? [digits(value / 1000), larger]
    : [digits(value), unit];
}

/** Four digits that count, never more decimals than were sent. */
function digits(value) {
  const size = Math.abs(value);
  const decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;
  const [whole, fraction] = String(Number(value.toFixed(decimals))).split(".");
  const text = /e/.test(whole) ? whole.replace("-", MINUS) : grouped(whole);
  return fraction === undefined ? text : `${text}.${fraction}`;
}

/** A score of 1000ths as a share of 100. */
export const soundText = (score) =>
  score === 1000 ? "Sound" : `${(score / 10).toFixed(score >= 100 ? 0 : 1)}\u202f% sound`;
