import { quantityFacts } from "@earshot/protocol/hotspot";

const UNKNOWN_DIGITS = 3;

/** The unit at the end of a quantity's name. */
const UNIT_PART = /_(c|v|a|w|va|var|hz|wh|db_hz|permille|percent|ug_per_m3|um|hpa|mps|deg|mm|m|ms|s|mb|dbm)$/;

/** As the field writes it: `pm2_5` is PM2.5, `cn0` is C/N0. */
const fieldName = (name: string): string =>
  name
    .replace(
      /^pm(\d+)(?:_(\d+))?$/,
      (_, whole, tenths) => `PM${whole}${tenths === undefined ? "" : `.${tenths}`}`,
    )
    .replace(/^cn0\b/, "C/N0")
    .replaceAll("_", " ");

/** `power_w`, 230.46 → `power`, `230.5 W`; for an unknown quantity, its name and the number. */
export function quantityText(name: string, value: number): { label: string; text: string } {
  const { unit, exponent } = quantityFacts(name);
  const digits = Math.max(0, Math.min(UNKNOWN_DIGITS, -exponent));
  if (unit === "") return { label: name.replaceAll("_", " "), text: String(Number(value.toFixed(digits))) };
  const label = fieldName(name.replace(UNIT_PART, ""));
  return { label, text: `${value.toFixed(digits)}${["%", "‰", "°"].includes(unit) ? "" : " "}${unit}` };
}

/** Both in one: `power 230.5 W` */
export function valueText(name: string, value: number): string {
  const { label, text } = quantityText(name, value);
  return `${label} ${text}`;
}
