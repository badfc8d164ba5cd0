/** Measurements as text, for the sentences of verdicts. They are integers; a missing one is written as 0. */

/** 1500 → "1.5 s". */
export const formatSeconds = (ms = 0): string => `${(ms / 1000).toFixed(1)} s`;

/** Tenths: 171 → "17.1", 160 → "16". */
export const formatTenths = (value = 0): string => `${value / 10}`;

/** Tenths without the sign: -82 → "8.2". */
export const formatMagnitude = (value = 0): string => formatTenths(Math.abs(value));

/** Durations in the unit that fits, rounded up: "30 s", "12 min", "23 h". */
export function formatDuration(ms = 0): string {
  const units = [
    ["s", 1000],
    ["min", 60_000],
    ["h", 3_600_000],
  ] as const;
  const [name, size] = units.findLast((unit) => ms > 2 * unit[1]) ?? units[0];
  return `${Math.ceil(ms / size)} ${name}`;
}
