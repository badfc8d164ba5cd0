import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { silentLog } from "@earshot/protocol";
import { outboxContract } from "../testing/outbox-contract.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { memoryOutbox, memoryStorage } from "./memory-outbox.ts";
import { sqliteOutbox } from "./sqlite-outbox.ts";

outboxContract("the memory outbox", () => {
  const storage = memoryStorage();
  return { open: (limits, clock) => memoryOutbox({ storage, clock, ...limits }) };
});

outboxContract("the SQLite outbox", () => {
  let stateDir = temporaryFolder();
  return {
    open(limits, clock) {
      stateDir = asAfterACrash(stateDir);
      return sqliteOutbox({ stateDir, clock, log: silentLog, ...limits });
    },
  };
});

/** What is on disk now, in a folder of its own: the process that holds the lock on the old one is not dead here. */
function asAfterACrash(stateDir: string): string {
  const copy = temporaryFolder();
  for (const name of ["outbox.db", "outbox.db-wal", "sequence-mark"]) {
    if (existsSync(join(stateDir, name))) copyFileSync(join(stateDir, name), join(copy, name));
  }
  return copy;
}
