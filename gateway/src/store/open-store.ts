import { commitmentTable } from "./commitment-table.ts";
import { contactTable } from "./contact-table.ts";
import { type Database, watchWrites } from "./database.ts";
import { edgeTable } from "./edge-table.ts";
import { entropyTable } from "./entropy-table.ts";
import { epochTable } from "./epoch-table.ts";
import { hotspotTable } from "./hotspot-table.ts";
import { judgementTable } from "./judgement-table.ts";
import { packetTable } from "./packet-table.ts";
import { openPostgres } from "./postgres-database.ts";
import { readingTable } from "./reading-table.ts";
import { revokedTable } from "./revoked-table.ts";
import { denialTable, parametersTable } from "./rules-tables.ts";
import { SequenceRanges } from "./sequence-ranges.ts";
import { openSqlite } from "./sqlite-database.ts";
import { statusTable } from "./status-table.ts";
import type { Store } from "./store.ts";
import { verdictTable } from "./verdict-table.ts";

const SQLITE = "sqlite://";

/**
 * Opens the store and makes its tables if they are missing.
 * @param url `sqlite://PATH`, `sqlite://:memory:` or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`
 * @param options.isLasting false where a power failure may take all with it (SQLite only): a simulation ends with it
 * @throws {RangeError} for any other URL
 * @throws {Error} if another gateway works on the database, or one with other tables made it
 */
export async function openStore(url: string, { isLasting = true } = {}): Promise<Store> {
  const database = watchWrites(await openDatabase(url, isLasting));
  const packets = packetTable(database);
  const ranges = new SequenceRanges(database);
  return {
    ...packets,
    ...hotspotTable(database),
    ...commitmentTable(database),
    ...denialTable(database),
    ...parametersTable(database),
    ...entropyTable(database),
    ...judgementTable(database),
    ...contactTable(database),
    ...verdictTable(database),
    ...epochTable(database),
    ...edgeTable(database),
    ...statusTable(database),
    ...readingTable(database),
    ...revokedTable(database),
    async addPackets(added) {
      const ids = await packets.addPackets(added);
      ranges.note(added);
      return ids;
    },
    sequenceRanges: (hotspotId, beforeEpoch) => ranges.sequenceRanges(hotspotId, beforeEpoch),
    newestRanges: (hotspotId, numbers) => ranges.newestRanges(hotspotId, numbers),
    lost: database.lost,
    problem: database.problem,
    checkOwner: () => database.checkOwner(),
    close: () => database.close(),
  };
}

function openDatabase(url: string, isLasting: boolean): Promise<Database> {
  if (url.startsWith(SQLITE)) return openSqlite(url.slice(SQLITE.length), isLasting);
  if (url.startsWith("postgres://") || url.startsWith("postgresql://")) return openPostgres(url);
  throw new RangeError(`Store is "${url}"; sqlite://PATH and postgres://… are allowed`);
}
