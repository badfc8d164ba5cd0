import type { Clock, Log } from "@earshot/protocol";
import { type Rate, TokenBucket } from "@earshot/protocol/runtime";

/** Of text that a stranger chose, the most that a log line repeats. */
const MAX_QUOTED_LENGTH = 64;

export const quoted = (text: string): string =>
  text.length > MAX_QUOTED_LENGTH ? `${text.slice(0, MAX_QUOTED_LENGTH - 1)}…` : text;

/**
 * A log for what strangers can cause at will. Each message, of which there are as many as the code has, has its own rate; a
 * line after some that were left out tells how many in `leftOut`.
 */
export function limitedLog(log: Log, clock: Pick<Clock, "elapsedMs">, rate: Rate): Log {
  const kinds = new Map<string, { bucket: TokenBucket; leftOut: number }>();
  return (level, message, fields) => {
    const elapsedMs = clock.elapsedMs();
    const kind = kinds.get(message) ?? { bucket: new TokenBucket(rate, elapsedMs), leftOut: 0 };
    kinds.set(message, kind);
    if (!kind.bucket.take(elapsedMs)) {
      kind.leftOut++;
      return;
    }
    log(level, message, kind.leftOut === 0 ? fields : { ...fields, leftOut: kind.leftOut });
    kind.leftOut = 0;
  };
}
