import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "@earshot/protocol/hotspot";
import { errorText } from "@earshot/protocol/runtime";
import { besideName, moveAside, outboxesIn, removeDatabase } from "./database-files.ts";
import type { NewerOutbox, OutboxEntry } from "./outbox.ts";
import { OutboxReader, versionOf } from "./outbox-reader.ts";
import type { OutboxStorage, StorageChange, StoredOutbox } from "./outbox-storage.ts";
import { salvage } from "./salvage.ts";
import { MIGRATIONS, type Migration } from "./schema.ts";
import { SequenceMark } from "./sequence-mark.ts";
import { NotOursError, UnusableDatabaseError } from "./sqlite-errors.ts";
import { type OtherOutbox, SqliteStorage } from "./sqlite-storage.ts";

interface OutboxFilesOptions {
  stateDir: string;
  log: Log;
  /** `MIGRATIONS` unless given: those of another version's agent. */
  migrations?: readonly Migration[];
}

/**
 * The outbox in a state folder, whichever agents ran there before. Its file is `outbox.db`, unless a newer agent's is
 * there. That one is left as it is: this agent then has `outbox-vN.db` beside it, N the newest schema that it knows, goes
 * on with the numbers after the other's, and sends the packets of both. When an agent that knows both schemas comes
 * back, it takes over what is in the second one, and deletes it.
 *
 * @throws {Error} as `openDatabase`, except for damaged databases
 */
export function outboxIn({ stateDir, log, migrations = MIGRATIONS }: OutboxFilesOptions): OutboxStorage {
  const known = migrations.length;
  const mark = new SequenceMark(join(stateDir, "sequence-mark"), log);
  const files = outboxesIn(stateDir).map((path) => ({ path, version: versionOf(path) }));
  const newer = files
    .filter(({ version }) => version > known)
    .map((file) => openNewer({ ...file, known }, log));
  const readers = newer.flatMap(({ reader }) => reader ?? []).toSorted(byNextSequence);
  const main = join(stateDir, "outbox.db");
  const path = newer.some((file) => file.path === main) ? join(stateDir, besideName(known)) : main;
  const lastNext = readers.at(-1)?.nextSequence ?? 1;
  if (readers.length > 0) mark.check(lastNext);
  const facts = new Map(readers.flatMap((reader) => [...reader.facts]));
  const storage = new SqliteStorage({ path, mark, log, migrations, facts, atLeast: lastNext });
  const older = files.filter((file) => file.version <= known && file.path !== path);
  takeOver(
    storage,
    older.map((file) => file.path),
    log,
  );
  return newer.length === 0 ? storage : new BesideNewer(storage, newer);
}

type Numbered = Pick<OtherOutbox, "nextSequence">;

const byNextSequence = (one: Numbered, other: Numbered): number =>
  (one.nextSequence ?? 0) - (other.nextSequence ?? 0);

interface OpenNewer extends NewerOutbox {
  reader?: OutboxReader;
}

/** @throws {NotOursError} its agent is running */
function openNewer(
  { path, version, known }: { path: string; version: number; known: number },
  log: Log,
): OpenNewer {
  const file = { path, version, knownVersion: known };
  const told = "The outbox of a newer agent is left as it is; this agent has its own beside it";
  try {
    const reader = new OutboxReader(path);
    log.warn(told, { ...file, packets: reader.entries.size });
    return { ...file, reader };
  } catch (error) {
    if (error instanceof NotOursError) throw error;
    const unreadable = errorText(error);
    log.warn(told, { ...file, unreadable });
    return { ...file, unreadable };
  }
}

/** The one that was used last comes last: what it remembers holds. */
function takeOver(storage: SqliteStorage, paths: readonly string[], log: Log): void {
  const others = paths.map((path) => ({ path, ...readOther(path, log) })).toSorted(byNextSequence);
  for (const { path, close, ...other } of others) {
    storage.adopt(other);
    close();
    if (existsSync(path)) log.info("The outbox of an older agent was taken over", { path });
    removeDatabase(path);
  }
}

function readOther(path: string, log: Log): OtherOutbox & { close(): void } {
  try {
    const reader = new OutboxReader(path);
    const packets = reader.packets();
    const { done, facts, nextSequence } = reader;
    return { packets, done, facts, nextSequence, close: () => reader.close() };
  } catch (error) {
    if (!(error instanceof UnusableDatabaseError)) throw error;
    const aside = `${path}.corrupt`;
    moveAside(path, aside);
    const packets = salvage(aside);
    log.error("The outbox of an older agent was damaged: what could be read of it was taken over", {
      ...{ why: error.message, movedTo: aside, saved: packets.length },
    });
    return { packets, done: [], facts: new Map(), nextSequence: undefined, close: () => {} };
  }
}

/** An outbox and, read only, those of newer agents beside it. */
class BesideNewer implements OutboxStorage {
  readonly #own: SqliteStorage;
  readonly #newer: readonly OpenNewer[];
  /** Packets of the others that are still to be sent. */
  readonly #readers = new Map<number, OutboxReader>();

  constructor(own: SqliteStorage, newer: readonly OpenNewer[]) {
    this.#own = own;
    this.#newer = newer;
  }

  load(): StoredOutbox {
    const stored = this.#own.load();
    const done = new Set([this.#own.done(), ...this.#newer.map(({ reader }) => reader?.done ?? [])].flat());
    const known = new Map(stored.entries.map((entry) => [entry.sequence, entry]));
    for (const { reader } of this.#newer) {
      if (reader === undefined) continue;
      for (const [sequence, entry] of reader.entries) {
        if (done.has(sequence)) continue;
        this.#readers.set(sequence, reader);
        if (!known.has(sequence)) known.set(sequence, entry);
      }
    }
    const entries = [...known.values()].toSorted((one, other) => one.sequence - other.sequence);
    return { ...stored, entries };
  }

  write(change: StorageChange): void {
    const done = change.remove.filter((sequence) => this.#readers.has(sequence));
    this.#own.write({ ...change, done });
    for (const sequence of done) this.#readers.delete(sequence);
  }

  read(sequence: number): OutboxEntry | undefined {
    return this.#own.read(sequence) ?? this.#readers.get(sequence)?.read(sequence);
  }

  recall(key: string): string | undefined {
    return this.#own.recall(key);
  }

  close(nextSequence: number): void {
    for (const { reader } of this.#newer) reader?.close();
    this.#own.close(nextSequence);
  }

  damagedFile(): string | undefined {
    return this.#own.damagedFile();
  }

  newer(): NewerOutbox[] {
    return this.#newer.map(({ reader, ...file }) => {
      if (reader === undefined) return file;
      const packets = [...this.#readers.values()].filter((one) => one === reader).length;
      return { ...file, packets };
    });
  }
}
