import { duration, grouped } from "./format.js";

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
  dc_voltage_v: "DC voltage",
  dc_current_a: "DC current",
  dc_power_w: "DC power",
  energy_wh: "Energy taken",
  energy_exported_wh: "Energy given",
};

/** Ends of names that only say the unit, longest first. */
const UNIT_ENDS =
  /_(ug_per_m3|db_hz|permille|percent|hpa|mps|deg|dbm|var|um|mm|mb|wh|va|hz|db|ms|w|v|a|c|m|s)$/;

/** "voltage_v" → "Voltage": the unit stands beside the value. */
export function quantityLabel(name) {
  if (Object.hasOwn(LABELS, name)) return LABELS[name];
  const words = name.replace(UNIT_ENDS, "").replaceAll("_", " ");
  return words === "" ? name : words[0].toUpperCase() + words.slice(1);
}

/** Units that are read more easily in thousands from here on. */
const IN_THOUSANDS = { W: "kW", Wh: "kWh", VA: "kVA", var: "kvar", MB: "GB" };
const FROM = 10_000;

/** Quantities shown as words: 0 is no, 1 is yes, between them for a part of the period. */
const YES_OR_NO = ["under_voltage"];

/** [number, unit], as both are written. */
export function valueWords(value, unit, name = "") {
  if (YES_OR_NO.includes(name)) return [value === 0 ? "no" : value === 1 ? "yes" : "at times", ""];
  if (unit === "s" && value >= 60) return duration(1000 * value).split("\u202f");
  const larger = IN_THOUSANDS[unit];
  return larger !== undefined && Math.abs(value) >= FROM
    ? [digits(value / 1000), larger]
    : [digits(value), unit];
}

export const valueText = (value, unit) => valueWords(value, unit).join(" ").trim();

/** Four digits that count, never more decimals than were sent. */
function digits(value) {
  const size = Math.abs(value);
  const decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;
  const [whole, fraction] = String(Number(value.toFixed(decimals))).split(".");
  const text = /e/.test(whole) ? whole.replace("-", MINUS) : grouped(whole);
  return fraction === undefined ? text : `${text}.${fraction}`;
}

/** A score of 1000ths as a share of 100, rounded down: only what has no fault at all is sound. */
export function soundText(score) {
  if (score === 1000) return "Sound";
  return `${score >= 100 ? Math.floor(score / 10) : score / 10}\u202f% sound`;
}

/** Faults that all quantities of a device share are shown once: a silence is the device's, not each quantity's. */
export function faultsByRow(quantities) {
  const [first, ...others] = quantities.map(({ quality }) => quality.faults);
  const isShared = ({ code, sentence }) =>
    others.length > 0 &&
    others.every((faults) => faults.some((each) => each.code === code && each.sentence === sentence));
  const shared = (first ?? []).filter((fault) => fault.code === "unavailable" && isShared(fault));
  const isOwn = ({ code }) => !shared.some((fault) => fault.code === code);
  return { shared, rows: quantities.map(({ quality }) => quality.faults.filter(isOwn)) };
}
