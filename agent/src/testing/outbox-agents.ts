import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Log, type PacketType, sha256, silentLog } from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import { GroupedOutbox } from "../outbox/grouped-outbox.ts";
import type { Outbox } from "../outbox/outbox.ts";
import { outboxIn } from "../outbox/outbox-files.ts";
import { MIGRATIONS, type Migration } from "../outbox/schema.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Outboxes as agents of several versions open them. */

export const KNOWN_SCHEMA = MIGRATIONS.length;
/** Agents that come after this one: with one and with two more migrations. */
export const NEWER_AGENT: readonly Migration[] = [
  ...MIGRATIONS,
  ["ALTER TABLE packet ADD COLUMN mood TEXT", "CREATE TABLE later (what TEXT) STRICT"],
];
export const NEWEST_AGENT: readonly Migration[] = [
  ...NEWER_AGENT,
  ["ALTER TABLE packet ADD COLUMN colour TEXT"],
];

const clock = new ManualClock();
const LIMITS = { maxBytes: 1_000_000, maxAgeMs: 86_400_000 };

/** The outbox as the agent that knows these migrations opens it. */
export const openAs = (stateDir: string, migrations = MIGRATIONS, log: Log = silentLog): Outbox =>
  new GroupedOutbox({
    storage: outboxIn({ stateDir, log, migrations }),
    ...{ clock, log, commitIntervalMs: 0, ...LIMITS },
  });

export const bytesOf = (sequence: number): Uint8Array => new Uint8Array(60).fill(sequence);
export const idOf = (sequence: number): Uint8Array => sha256(bytesOf(sequence));

export async function add(outbox: Outbox, type: PacketType = "witness"): Promise<number> {
  return (await clock.resolve(outbox.add(type, bytesOf))).sequence;
}

export const waiting = (outbox: Outbox): number[] =>
  outbox
    .next(1000)
    .map(({ sequence }) => sequence)
    .sort((one, other) => one - other);

/** A folder as a power cut leaves it. */
export function cutPower(stateDir: string): string {
  const copy = temporaryFolder();
  cpSync(stateDir, copy, { recursive: true });
  return copy;
}

export const contentOf = (stateDir: string, names: readonly string[]): string[] =>
  names.map((name) => sha256(readFileSync(join(stateDir, name))).toHex());
