/** Numbers as the sentences tell them. Measurements are whole; a missing one is told as 0. */

/** 1500 → "1.5 s". */
export const formatSeconds = (ms = 0): string => `${(ms / 1000).toFixed(1)} s`;

/** Tenths: 171 → "17.1", 160 → "16". */
export const formatTenths = (value = 0): string => `${value / 10}`;

/** The size of a number of tenths. */
export const formatMagnitude = (value = 0): string => formatTenths(Math.abs(value));

/** Waiting times, rounded up so that the waiting is over when they are: "30 s", "12 min", "23 h". */
export function formatDuration(ms = 0): string {
  const units = [
    ["s", 1000],
    ["min", 60_000],
    ["h", 3_600_000],
  ] as const;
  const [name, size] = units.findLast((unit) => ms > 2 * unit[1]) ?? units[0];
  return `${Math.ceil(ms / size)} ${name}`;
}
