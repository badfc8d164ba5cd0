import { DatabaseSync, type StatementSync } from "node:sqlite";
import { decodePacket } from "@earshot/protocol/hotspot";
import type { StoredEntry } from "./outbox-storage.ts";

/**
 * The packets that can still be read in a damaged database, from both ends up to the damage, in order. A row counts only
 * if its bytes are a packet with the number and type of the row.
 */
export function salvage(path: string): StoredEntry[] {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    const columns = "SELECT sequence, type, made_at_ms, bytes FROM packet WHERE sequence";
    const ahead = readOn(database.prepare(`${columns} > ? ORDER BY sequence LIMIT 1`), -1);
    const last = ahead.at(-1)?.sequence ?? -1;
    const back = readOn(
      database.prepare(`${columns} > ${last} AND sequence < ? ORDER BY sequence DESC LIMIT 1`),
      Number.MAX_SAFE_INTEGER,
    );
    return [...ahead, ...back.reverse()].filter(isPacket);
  } catch {
    return [];
  } finally {
    database?.close();
  }
}

function readOn(statement: StatementSync, from: number): StoredEntry[] {
  const entries: StoredEntry[] = [];
  try {
    for (let row = statement.get(from); row !== undefined; row = statement.get(row.sequence ?? null)) {
      entries.push({
        sequence: Number(row.sequence),
        type: row.type as StoredEntry["type"],
        madeAtMs: Number(row.made_at_ms) || undefined,
        bytes: row.bytes as Uint8Array,
      });
    }
  } catch {
    // The damage begins here.
  }
  return entries;
}

function isPacket({ sequence, type, bytes }: StoredEntry): boolean {
  const result = decodePacket(bytes);
  return result.ok && result.decoded.packet.sequence === sequence && result.decoded.packet.type === type;
}
