import { closeSync, openSync, writeSync } from "node:fs";
import type { Clock, Log } from "@earshot/protocol";
import { ProgramLog } from "@earshot/protocol/runtime";

/** What gateway and agents log, as JSON lines; debug messages are left out. */
export function openLogFile(path: string, clock: Clock): { log: Log; close(): Promise<void> } {
  const file = openSync(path, "a");
  let isOpen = true;
  const stop = new AbortController();
  const programLog = new ProgramLog({
    clock,
    reader: "program",
    write: (text) => void (isOpen && writeSync(file, text)),
  });
  const telling = programLog.run(stop.signal);
  return {
    log: programLog.log,
    async close() {
      stop.abort();
      await telling;
      isOpen = false;
      closeSync(file);
    },
  };
}
