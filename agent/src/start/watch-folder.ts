import { statSync } from "node:fs";
import type { Clock } from "@earshot/protocol/hotspot";
import { errorText } from "../time/error-text.ts";
import { pause } from "../time/pause.ts";

const PERIOD_MS = 5000;

/** Which folder the path leads to now. */
export type FolderId = () => string;

export const folderId =
  (path: string): FolderId =>
  () => {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  };

/**
 * Waits until the state folder is another one than `first`: its disk was taken out from under the agent, or mounted
 * over the place where it began. What is open would be written to a folder that nobody finds again. Returns why, or
 * `undefined` when aborted.
 */
export async function untilFolderChanges(
  idNow: FolderId,
  first: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<string | undefined> {
  while (await pause(clock, PERIOD_MS, signal)) {
    try {
      if (idNow() !== first) return "another disk was mounted there, or taken away";
    } catch (error) {
      return errorText(error);
    }
  }
  return undefined;
}
