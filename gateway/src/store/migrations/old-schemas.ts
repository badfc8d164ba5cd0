import { readFileSync } from "node:fs";
import {
  DEFAULT_PARAMETERS,
  formatParameters,
  hotspotId,
  type NetworkParameters,
  shortId,
  signerFromSeed,
} from "@earshot/protocol";
import type { SQL } from "bun";
import { COLUMN_TYPES, type Dialect } from "../table-schema.ts";
import { statusPacket } from "../test-data.ts";

/** Files of `gateway/test/schemas`: the tables as gateways of before made them. The number 8 stood for two forms. */
export const OLD_SCHEMAS = ["6", "7", "8", "8-late", "9", "10"] as const;

/** The statements that made the tables of an old schema. */
function oldStatements(schema: string, dialect: Dialect): string[] {
  const text = readFileSync(new URL(`../../../test/schemas/schema-${schema}.sql`, import.meta.url), "utf8");
  const types = COLUMN_TYPES[dialect];
  return text
    .split("\n\n")
    .slice(1)
    .filter((statement) => !statement.startsWith("-- ") || statement.startsWith(`-- ${dialect}\n`))
    .map((statement) =>
      statement
        .replace(/^-- .*\n/, "")
        .replaceAll("{text}", types.text)
        .replaceAll("{bytes}", types.bytes)
        .replaceAll("{clustered}", types.clustered),
    );
}

export type Row = Record<string, string | number | Uint8Array | null>;

/** Makes the tables of an old schema, with these rows: of each those columns that its table had then. */
export async function makeOldTables(
  sql: SQL,
  dialect: Dialect,
  schema: string,
  rows: Readonly<Record<string, readonly Row[]>> = OLD_ROWS,
): Promise<void> {
  for (const statement of oldStatements(schema, dialect)) await sql.unsafe(statement);
  const version = { name: "schema", value: schema.replace(/-.*/, "") };
  await sql`INSERT INTO facts ${sql(version)}`;
  for (const [table, list] of Object.entries(rows)) {
    const columns = await columnsOf(sql, dialect, table);
    for (const row of columns.length === 0 ? [] : list) {
      const known = Object.fromEntries(Object.entries(row).filter(([name]) => columns.includes(name)));
      await sql`INSERT INTO ${sql(table)} ${sql(known)}`;
    }
  }
}

async function columnsOf(sql: SQL, dialect: Dialect, table: string): Promise<string[]> {
  const columns =
    dialect === "sqlite"
      ? sql<{ name: string }[]>`SELECT name FROM pragma_table_info(${table})`
      : sql<{ name: string }[]>`SELECT column_name AS name FROM information_schema.columns
          WHERE table_schema = current_schema() AND table_name = ${table}`;
  return (await columns).map(({ name }) => name);
}

const keyOf = (n: number) => signerFromSeed(new Uint8Array(32).fill(n)).publicKey;
const bytes = (n: number, length = 32) => new Uint8Array(length).fill(n);
/** Random, as a packet's id is. */
const packetId = (n: number) => bytes(n).toHex();

export const OLD_EPOCH = 20_454;
const INDEX = OLD_EPOCH * 1440;
const AT_MS = INDEX * 60_000;
export const OLD_HOTSPOTS = [hotspotId(keyOf(1)), hotspotId(keyOf(2))] as const;
const [A, B] = OLD_HOTSPOTS;
const BEACON = `${INDEX.toString(16).padStart(8, "0")}${shortId(keyOf(1)).toHex()}${bytes(5, 16).toHex()}`;
const parameters: NetworkParameters = { ...DEFAULT_PARAMETERS, network: "old" };

const packet = (id: number, hotspot: string, sequence: number, fields: Row = {}): Row => ({
  ...{ id: packetId(id), hotspot_id: hotspot, type: "witness", sequence, received_at_ms: AT_MS + sequence },
  ...{ bytes: bytes(id, 90), entropy_index: INDEX, beacon_key: BEACON, epoch: OLD_EPOCH, late: 0 },
  ...{ reading_source: null, reading_at_ms: null },
  ...fields,
});
const NO_REPORT = { entropy_index: null, beacon_key: null, epoch: null };

const hotspot = (n: number, fromEpoch: number): Row => ({
  ...{ id: hotspotId(keyOf(n)), from_epoch: fromEpoch, short_id: shortId(keyOf(n)).toHex() },
  ...{ public_key: keyOf(n), cell: "8c18b4d2c5a95ff", lat_e7: 520_000_000, lon_e7: -130_000_000 },
  ...{ elevation_m: 12, antenna_gain_ddbi: 30, region: "EU868", payee: n === 1 ? bytes(n, 20) : null },
  ...{ registered_at_ms: AT_MS - 9, settled_cell: "8c18b4d2c5a95ff", relocated_at_ms: null },
  ...{ changed_at_ms: AT_MS - 9 + fromEpoch, evidence: bytes(n, 70) },
});

const verdict = (id: number, hotspotId: string, reason: string): Row => ({
  ...{
    packet_id: packetId(id),
    hotspot_id: hotspotId,
    beacon_key: BEACON,
    type: "witness",
    outcome: "refused",
  },
  ...{ reason, measurements: '[{"name":"distanceM","value":120}]', epoch: OLD_EPOCH, entropy_index: INDEX },
  judged_at_ms: AT_MS + 660_000,
});

/** Something in every table, signed by nobody: with the columns of the newest of these schemas. */
export const OLD_ROWS: Readonly<Record<string, readonly Row[]>> = {
  facts: [
    { name: "owner", value: "3 process 1 on elsewhere" },
    { name: "judged_through", value: String(INDEX) },
  ],
  packets: [
    packet(0xa1, A, 1, { type: "beacon" }),
    packet(0xb1, B, 1),
    packet(0xb2, B, 1, { received_at_ms: AT_MS + 2, bytes: bytes(0xb2, 80) }),
    packet(0xb3, B, 2, { received_at_ms: AT_MS + 600_001, late: 1 }),
    packet(0xb4, B, 3, { type: "status", ...NO_REPORT }),
    packet(0xb5, B, 7, { type: "reading", ...NO_REPORT, reading_source: "gps", reading_at_ms: AT_MS - 3 }),
  ],
  hotspots: [hotspot(1, OLD_EPOCH - 3), hotspot(1, OLD_EPOCH - 1), hotspot(2, OLD_EPOCH - 2)],
  shown: [
    { hotspot_id: A, since_epoch: OLD_EPOCH - 1, waits_since_ms: null },
    { hotspot_id: B, since_epoch: null, waits_since_ms: AT_MS - 9 },
  ],
  denials: [
    {
      ...{ position: 1, hotspot: keyOf(1), peer: keyOf(2), reason: "test", evidence: "case 1", at_ms: AT_MS },
      ...{ from_epoch: OLD_EPOCH + 1, until_epoch: OLD_EPOCH + 2, message: bytes(6, 60) },
    },
  ],
  parameters: [
    { version: 1, parameters: JSON.stringify(formatParameters(parameters)), message: bytes(7, 100) },
  ],
  entropy: [
    {
      ...{ entropy_index: INDEX, at_ms: AT_MS, value: bytes(8), previous_hash: bytes(0), period_ms: 60_000 },
      ...{ validity_ms: 180_000, window_periods: 360, window_value: bytes(9), message: bytes(8, 120) },
    },
  ],
  verdicts: [verdict(0xa1, A, "too_close"), verdict(0xb1, B, "no_beacon"), verdict(0xb3, B, "report_late")],
  beacons: [
    {
      ...{ beacon_key: BEACON, beaconer: A, witnesses: JSON.stringify([B]) },
      ...{ epoch: OLD_EPOCH, entropy_index: INDEX },
    },
  ],
  contacts: [
    { epoch: -1, hotspot_id: A, kind: "beaconed", entropy_index: INDEX - 1440 },
    { epoch: OLD_EPOCH, hotspot_id: B, kind: "witnessed", entropy_index: INDEX },
  ],
  epochs: [
    {
      ...{
        epoch: OLD_EPOCH - 1,
        from_ms: AT_MS - 86_400_000,
        to_ms: AT_MS,
        closed_at_ms: AT_MS + 1,
        pool: "1000",
      },
      ...{
        paid: "999",
        unallocated: "1",
        root: bytes(10),
        manifest_hash: bytes(11),
        parameters_hash: bytes(12),
      },
      ...{ registry_hash: bytes(13), bundle: `epoch-${OLD_EPOCH - 1}` },
    },
  ],
  payments: [
    { epoch: OLD_EPOCH - 1, hotspot_id: A, payee: bytes(1, 20), cumulative: `${2n ** 90n}`, delta: "999" },
  ],
  edges: [
    {
      ...{
        epoch: OLD_EPOCH - 1,
        beaconer: A,
        witness: B,
        heard: 2,
        rssi_sum_dbm: -200,
        rssi_sum_squares: 20_000,
      },
      ...{ rssi_min_dbm: -101, rssi_max_dbm: -99 },
    },
  ],
  statuses: [
    {
      ...{ hotspot_id: B, sequence: 3, at_ms: AT_MS, received_at_ms: AT_MS + 1, offline_at_ms: null },
      status: JSON.stringify(statusPacket({ sequence: 3, atMs: AT_MS })),
    },
  ],
  taken_back: [{ taken_back_at_ms: AT_MS, kind: "entropy", message: bytes(14, 40) }],
};
