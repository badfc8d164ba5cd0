import type { SQL } from "bun";
import { insertContacts } from "./contact-table.ts";
import type { Database } from "./database.ts";
import type { StoredBeacon } from "./records.ts";
import { type Integer, inChunks } from "./rows.ts";
import type { SenderNumbers } from "./sender-table.ts";
import type { Page, Store } from "./store.ts";
import type { TableSchema } from "./table-schema.ts";
import { insertVerdicts } from "./verdict-table.ts";

export const beaconsSchema: TableSchema = ({ text }) => [
  `CREATE TABLE IF NOT EXISTS beacons (
    beacon_key ${text} PRIMARY KEY, beaconer ${text} NOT NULL, witnesses ${text} NOT NULL, epoch BIGINT NOT NULL,
    entropy_index BIGINT NOT NULL)`,
  "CREATE INDEX IF NOT EXISTS beacons_epoch ON beacons (epoch)",
];

interface BeaconRow {
  beacon_key: string;
  beaconer: string;
  witnesses: string;
  epoch: Integer;
  entropy_index: Integer;
}

const rowOf = (beacon: StoredBeacon): BeaconRow => ({
  beacon_key: beacon.beaconKey,
  beaconer: beacon.beaconer,
  witnesses: JSON.stringify(beacon.witnesses),
  epoch: beacon.epoch,
  entropy_index: beacon.entropyIndex,
});

const beaconOf = (row: BeaconRow): StoredBeacon => ({
  beaconKey: row.beacon_key,
  beaconer: row.beaconer,
  witnesses: JSON.parse(row.witnesses) as string[],
  epoch: Number(row.epoch),
  entropyIndex: Number(row.entropy_index),
});

const JUDGED_THROUGH = "judged_through";
/** Above every beacon key, which is hex. */
const ABOVE_ALL_KEYS = "~";

export async function setJudgedThrough(tx: SQL, entropyIndex: number): Promise<void> {
  await tx`INSERT INTO facts ${tx({ name: JUDGED_THROUGH, value: String(entropyIndex) })}
    ON CONFLICT (name) DO UPDATE SET value = excluded.value`;
}

type JudgementQueries = Pick<Store, "addJudgement" | "judgedThrough" | "provenOfEpoch" | "recentBeacons">;

export function judgementTable(
  { sql, transaction }: Database,
  numbers: Pick<SenderNumbers, "of">,
): JudgementQueries {
  const list = async (query: SQL.Query<BeaconRow[]>) => (await query).map(beaconOf);
  return {
    async addJudgement(entropyIndex, verdicts, proven, contacts) {
      const numberOf = await numbers.of(verdicts);
      await transaction(async (tx) => {
        await insertVerdicts(tx, verdicts, numberOf);
        await inChunks(
          proven.map(rowOf),
          (chunk) => tx`INSERT INTO beacons ${tx(chunk)} ON CONFLICT (beacon_key) DO NOTHING`,
        );
        await insertContacts(tx, contacts);
        await setJudgedThrough(tx, entropyIndex);
      });
    },
    async judgedThrough() {
      const [row] = await sql<{ value: string }[]>`SELECT value FROM facts WHERE name = ${JUDGED_THROUGH}`;
      return row === undefined ? undefined : Number(row.value);
    },
    provenOfEpoch: (epoch) =>
      list(sql<BeaconRow[]>`SELECT * FROM beacons WHERE epoch = ${epoch} ORDER BY beacon_key`),
    recentBeacons: ({ limit, after = ABOVE_ALL_KEYS }: Page) =>
      list(sql<BeaconRow[]>`SELECT * FROM beacons WHERE beacon_key < ${after}
        ORDER BY beacon_key DESC LIMIT ${limit}`),
  };
}
