/** A field that should contain a number and does not. The sentence is refused as a whole. */
export class NmeaFieldError extends Error {
  override readonly name = "NmeaFieldError";
}

/** A decimal number between `min` and `max`, or undefined when the field is empty or missing. */
export function numberIn(field: string | undefined, min: number, max: number): number | undefined {
  if (field === undefined || field === "") return undefined;
  const value = /^[+-]?\d+(\.\d*)?$/.test(field) ? Number(field) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new NmeaFieldError(`Field is ${field}; allowed are numbers from ${min} to ${max}`);
}

/** As `numberIn`, for whole numbers. */
export function integerIn(field: string | undefined, min: number, max: number): number | undefined {
  const value = numberIn(field, min, max);
  if (value === undefined || Number.isInteger(value)) return value;
  throw new NmeaFieldError(`Field is ${field}; allowed are whole numbers from ${min} to ${max}`);
}

/** The field itself, when it is empty or one of `allowed`. */
export function oneOf(field: string | undefined, allowed: string): string | undefined {
  if (field === undefined || field === "") return undefined;
  if (field.length === 1 && allowed.includes(field)) return field;
  throw new NmeaFieldError(`Field is ${field}; allowed are ${[...allowed].join(", ")}`);
}

/** Degrees, from `ddmm.mmmm` and N or S, or `dddmm.mmmm` and E or W. */
export function degrees(
  field: string | undefined,
  side: string | undefined,
  sides: "NS" | "EW",
): number | undefined {
  const hemisphere = oneOf(side, sides);
  if (field === undefined || field === "" || hemisphere === undefined) return undefined;
  const match = /^(\d{1,3})(\d\d(?:\.\d*)?)$/.exec(field);
  const [whole, minutes] = [Number(match?.[1]), Number(match?.[2])];
  const value = whole + minutes / 60;
  if (!(minutes < 60 && value <= (sides === "NS" ? 90 : 180))) {
    throw new NmeaFieldError(`Field is ${field}; allowed are degrees and minutes below 60`);
  }
  return hemisphere === "S" || hemisphere === "W" ? -value : value;
}

/** Milliseconds since midnight, from `hhmmss` or `hhmmss.sss`. A leap second counts as the next minute's first. */
export function timeOfDayMs(field: string | undefined): number | undefined {
  if (field === undefined || field === "") return undefined;
  const match = /^(\d\d)(\d\d)(\d\d(?:\.\d*)?)$/.exec(field);
  const [hours, minutes, seconds] = [Number(match?.[1]), Number(match?.[2]), Number(match?.[3])];
  if (hours < 24 && minutes < 60 && seconds < 61) {
    return Math.round((hours * 3600 + minutes * 60 + seconds) * 1000);
  }
  throw new NmeaFieldError(`Field is ${field}; allowed are times hhmmss.sss`);
}

/** Midnight of a day in ms since the Unix epoch, or an error for a day that does not exist. */
export function dayMs(year: number, month: number, day: number): number {
  const midnight = new Date(Date.UTC(year, month - 1, day));
  if (midnight.getUTCMonth() === month - 1 && midnight.getUTCDate() === day) return midnight.getTime();
  throw new NmeaFieldError(`Date is ${year}-${month}-${day}; there is no such day`);
}

/** Midnight from `ddmmyy`. GPS time began in 1980, so years 80 to 99 are of the last century. */
export function shortDateMs(field: string | undefined): number | undefined {
  if (field === undefined || field === "") return undefined;
  const match = /^(\d\d)(\d\d)(\d\d)$/.exec(field);
  if (match === null) throw new NmeaFieldError(`Field is ${field}; allowed are dates ddmmyy`);
  const year = Number(match[3]);
  return dayMs(year < 80 ? 2000 + year : 1900 + year, Number(match[2]), Number(match[1]));
}
