import { closeSync, openSync, writeSync } from "node:fs";
import type { Clock, Log } from "@earshot/protocol";

/** What gateway and agents log, one JSON object a line; debug messages are left out. */
export function openLogFile(path: string, clock: Clock): { log: Log; close(): void } {
  const file = openSync(path, "a");
  let isOpen = true;
  return {
    log(level, message, fields) {
      if (level === "debug" || !isOpen) return;
      const time = new Date(clock.now()).toISOString();
      writeSync(file, `${JSON.stringify({ time, level, message, ...fields })}\n`);
    },
    close() {
      isOpen = false;
      closeSync(file);
    },
  };
}
