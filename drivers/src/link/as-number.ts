/** As people and programs write numbers: no hexadecimal, and nothing that `Number` alone would read as 0. */
const DECIMAL = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i;
const MAX_NUMBER_CHARS = 40;

/** A number, also one that is given as text, as some programs do (`"rssi":"-53"`). -0 is 0. */
export function asNumber(value: unknown): number | undefined {
  if (typeof value === "number") return value + 0;
  if (typeof value !== "string" || value.length > MAX_NUMBER_CHARS || !DECIMAL.test(value)) return undefined;
  return Number(value) + 0;
}
