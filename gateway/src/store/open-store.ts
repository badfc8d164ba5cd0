import { commitmentTable } from "./commitment-table.ts";
import { contactTable } from "./contact-table.ts";
import { type Database, type StoreOptions, watchWrites } from "./database.ts";
import { edgeTable } from "./edge-table.ts";
import { entropyTable } from "./entropy-table.ts";
import { epochTable } from "./epoch-table.ts";
import { hotspotTable } from "./hotspot-table.ts";
import { judgementTable } from "./judgement-table.ts";
import { logTable } from "./log-table.ts";
import { packetTable } from "./packet-table.ts";
import { openPostgres } from "./postgres-database.ts";
import { readingTable } from "./reading-table.ts";
import { revokedTable } from "./revoked-table.ts";
import { denialTable, parametersTable } from "./rules-tables.ts";
import { SenderNumbers } from "./sender-table.ts";
import { SequenceRanges } from "./sequence-ranges.ts";
import { openSqlite } from "./sqlite-database.ts";
import { statusTable } from "./status-table.ts";
import type { Store } from "./store.ts";
import { verdictTable } from "./verdict-table.ts";

const SQLITE = "sqlite://";

/**
 * Opens the store. Makes its tables if there are none, and brings older ones up to date, in one transaction and with a copy
 * kept: of `PATH` in `PATH.schema-N`, of a PostgreSQL database in its schema `earshot_schema_N`.
 * @param url `sqlite://PATH`, `sqlite://:memory:` or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`
 * @throws {RangeError} for any other URL
 * @throws {StoreRefusedError} if another gateway works on the database, or a newer one made its tables; nothing is changed
 */
export async function openStore(url: string, options: StoreOptions = {}): Promise<Store> {
  const database = watchWrites(await openDatabase(url, options));
  const numbers = new SenderNumbers(database);
  const packets = packetTable(database, numbers);
  const ranges = new SequenceRanges(database);
  return {
    ...packets,
    ...hotspotTable(database),
    ...commitmentTable(database),
    ...denialTable(database),
    ...parametersTable(database),
    ...entropyTable(database),
    ...judgementTable(database, numbers),
    ...contactTable(database),
    ...verdictTable(database, numbers),
    ...epochTable(database),
    ...edgeTable(database),
    ...statusTable(database),
    ...readingTable(database),
    ...revokedTable(database),
    ...logTable(database),
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

function openDatabase(url: string, options: StoreOptions): Promise<Database> {
  if (url.startsWith(SQLITE)) return openSqlite(url.slice(SQLITE.length), options);
  if (url.startsWith("postgres://") || url.startsWith("postgresql://")) return openPostgres(url, options);
  throw new RangeError(`Store is "${url}"; sqlite://PATH and postgres://… are allowed`);
}
