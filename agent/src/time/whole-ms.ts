import type { Clock } from "@earshot/protocol/hotspot";

/** The same clock in whole milliseconds, as packets carry them: virtual time may stand between two. */
export const wholeMs = (clock: Clock): Clock => ({
  now: () => Math.floor(clock.now()),
  elapsedMs: () => clock.elapsedMs(),
  sleep: (ms, signal) => clock.sleep(ms, signal),
});
