const UNITS: readonly [ms: number, name: string][] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"],
];

/** A duration for people, rounded down to one unit: `12 s`, `3 min`, `5 h`, `4 d`. */
export function duration(ms: number): string {
  const [unitMs, name] = UNITS.find(([unit]) => Math.abs(ms) >= unit) ?? [1000, "s"];
  return `${Math.trunc(ms / unitMs)} ${name}`;
}

export const ago = (atMs: number, nowMs: number): string => `${duration(Math.max(0, nowMs - atMs))} ago`;

/** `14:03:59 UTC` */
export const utcTime = (atMs: number): string => `${new Date(atMs).toISOString().slice(11, 19)} UTC`;

/** `2026-11-30 14:03 UTC` */
export const minuteText = (atMs: number): string =>
  `${new Date(atMs).toISOString().slice(0, 16).replace("T", " ")} UTC`;
