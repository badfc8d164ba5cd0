import type { NetworkParameters } from "../parameters/parameters.ts";

/*
 * Time is cut into entropy periods (60 s), windows of periods, and epochs of windows, all counted from the Unix
 * epoch:  index = floor(t / period) · window = floor(index / windowPeriods) · epoch = floor(index / epochPeriods)
 */

export const windowOf = (entropyIndex: number, windowPeriods: number): number =>
  Math.floor(entropyIndex / windowPeriods);

export const epochOf = (entropyIndex: number, parameters: Pick<NetworkParameters, "epochPeriods">): number =>
  Math.floor(entropyIndex / parameters.epochPeriods);

/** The epoch of a moment. */
export const epochAtMs = (
  atMs: number,
  parameters: Pick<NetworkParameters, "entropyPeriodMs" | "epochPeriods">,
): number => epochOf(Math.floor(atMs / parameters.entropyPeriodMs), parameters);

/** When the epoch begins, and the first moment after it. */
export function epochSpanMs(
  epoch: number,
  { epochPeriods, entropyPeriodMs }: Pick<NetworkParameters, "epochPeriods" | "entropyPeriodMs">,
): { fromMs: number; toMs: number } {
  const lengthMs = epochPeriods * entropyPeriodMs;
  return { fromMs: epoch * lengthMs, toMs: (epoch + 1) * lengthMs };
}

export const entropyTimeMs = (
  entropyIndex: number,
  parameters: Pick<NetworkParameters, "entropyPeriodMs">,
): number => entropyIndex * parameters.entropyPeriodMs;

type Deadlines = Pick<NetworkParameters, "entropyPeriodMs" | "reportDeadlineMs" | "revealDeadlineMs">;

/** Witness reports received later do not count; the beacon's report counts only when it is received later. */
export const reportDeadlineMs = (
  entropyIndex: number,
  parameters: Pick<Deadlines, "entropyPeriodMs" | "reportDeadlineMs">,
): number => entropyTimeMs(entropyIndex, parameters) + parameters.reportDeadlineMs;

/** Until then the beacon's report may be received. Nothing about the beacon is published before. */
export const revealDeadlineMs = (
  entropyIndex: number,
  parameters: Pick<Deadlines, "entropyPeriodMs" | "revealDeadlineMs">,
): number => entropyTimeMs(entropyIndex, parameters) + parameters.revealDeadlineMs;

/** The last moment at which a report about a beacon may be received. */
export const deadlineMs = (
  type: "beacon" | "witness",
  entropyIndex: number,
  parameters: Deadlines,
): number =>
  type === "beacon" ? revealDeadlineMs(entropyIndex, parameters) : reportDeadlineMs(entropyIndex, parameters);

/** Index of the first entropy published after both deadlines: it draws the witnesses that are paid. */
export const drawIndex = (
  entropyIndex: number,
  parameters: Pick<Deadlines, "entropyPeriodMs" | "revealDeadlineMs">,
): number => Math.floor(revealDeadlineMs(entropyIndex, parameters) / parameters.entropyPeriodMs) + 1;

/** First and last entropy index of an epoch, and the lowest that may draw the witnesses of its last. */
export function epochIndexes(
  epoch: number,
  parameters: Pick<NetworkParameters, "epochPeriods" | "entropyPeriodMs" | "revealDeadlineMs">,
): { first: number; last: number; draw: number } {
  const first = epoch * parameters.epochPeriods;
  const last = first + parameters.epochPeriods - 1;
  return { first, last, draw: drawIndex(last, parameters) };
}
