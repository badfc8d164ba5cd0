import type { SQL } from "bun";
import { closeContacts } from "./contact-table.ts";
import type { Database } from "./database.ts";
import { insertEdges } from "./edge-table.ts";
import { markShown } from "./hotspot-table.ts";
import type { StoredEpoch, StoredPayment } from "./records.ts";
import { type Integer, inChunks, plainBytes } from "./rows.ts";
import type { Store } from "./store.ts";
import type { TableSchema } from "./table-schema.ts";

export const epochsSchema: TableSchema = ({ text, bytes }) => [
  `CREATE TABLE IF NOT EXISTS epochs (
    epoch BIGINT PRIMARY KEY, from_ms BIGINT NOT NULL, to_ms BIGINT NOT NULL, closed_at_ms BIGINT NOT NULL,
    pool ${text} NOT NULL, paid ${text} NOT NULL, unallocated ${text} NOT NULL, root ${bytes} NOT NULL,
    manifest_hash ${bytes} NOT NULL, parameters_hash ${bytes} NOT NULL, registry_hash ${bytes} NOT NULL,
    bundle ${text} NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS payments (
    epoch BIGINT NOT NULL, hotspot_id ${text} NOT NULL, payee ${bytes} NOT NULL, cumulative ${text} NOT NULL,
    delta ${text} NOT NULL, PRIMARY KEY (epoch, hotspot_id))`,
];

interface EpochRow {
  epoch: Integer;
  from_ms: Integer;
  to_ms: Integer;
  closed_at_ms: Integer;
  pool: string;
  paid: string;
  unallocated: string;
  root: Uint8Array;
  manifest_hash: Uint8Array;
  parameters_hash: Uint8Array;
  registry_hash: Uint8Array;
  bundle: string;
}

const rowOf = (epoch: StoredEpoch): EpochRow => ({
  epoch: epoch.epoch,
  from_ms: epoch.fromMs,
  to_ms: epoch.toMs,
  closed_at_ms: epoch.closedAtMs,
  pool: epoch.pool.toString(),
  paid: epoch.paid.toString(),
  unallocated: epoch.unallocated.toString(),
  root: epoch.root,
  manifest_hash: epoch.manifestHash,
  parameters_hash: epoch.parametersHash,
  registry_hash: epoch.registryHash,
  bundle: epoch.bundle,
});

const epochOf = (row: EpochRow): StoredEpoch => ({
  epoch: Number(row.epoch),
  fromMs: Number(row.from_ms),
  toMs: Number(row.to_ms),
  closedAtMs: Number(row.closed_at_ms),
  pool: BigInt(row.pool),
  paid: BigInt(row.paid),
  unallocated: BigInt(row.unallocated),
  root: plainBytes(row.root),
  manifestHash: plainBytes(row.manifest_hash),
  parametersHash: plainBytes(row.parameters_hash),
  registryHash: plainBytes(row.registry_hash),
  bundle: row.bundle,
});

interface PaymentRow {
  epoch: Integer;
  hotspot_id: string;
  payee: Uint8Array;
  cumulative: string;
  delta: string;
}

const paymentRowOf = (payment: StoredPayment): PaymentRow => ({
  epoch: payment.epoch,
  hotspot_id: payment.hotspotId,
  payee: payment.payee,
  cumulative: payment.cumulative.toString(),
  delta: payment.delta.toString(),
});

const paymentOf = (row: PaymentRow): StoredPayment => ({
  epoch: Number(row.epoch),
  hotspotId: row.hotspot_id,
  payee: plainBytes(row.payee),
  cumulative: BigInt(row.cumulative),
  delta: BigInt(row.delta),
});

type EpochQueries = Pick<Store, "addEpoch" | "latestEpoch" | "epoch" | "epochs" | "payments" | "payment">;

export function epochTable({ sql, transaction }: Database): EpochQueries {
  const list = async (query: SQL.Query<EpochRow[]>) => (await query).map(epochOf);
  return {
    addEpoch: (epoch, payments, edges, edgesFrom, shown = []) =>
      transaction(async (tx) => {
        await tx`INSERT INTO epochs ${tx(rowOf(epoch))}`;
        await inChunks(payments.map(paymentRowOf), (chunk) => tx`INSERT INTO payments ${tx(chunk)}`);
        await insertEdges(tx, epoch.epoch, edges, edgesFrom);
        await closeContacts(tx, epoch.epoch);
        await markShown(tx, epoch.epoch, shown);
      }),
    async latestEpoch() {
      return (await list(sql<EpochRow[]>`SELECT * FROM epochs ORDER BY epoch DESC LIMIT 1`))[0];
    },
    async epoch(epoch) {
      return (await list(sql<EpochRow[]>`SELECT * FROM epochs WHERE epoch = ${epoch}`))[0];
    },
    epochs: ({ limit, after }) => {
      const below = after === undefined ? Number.MAX_SAFE_INTEGER : Number(after);
      return list(sql<EpochRow[]>`SELECT * FROM epochs WHERE epoch < ${below}
        ORDER BY epoch DESC LIMIT ${limit}`);
    },
    async payments(epoch) {
      const rows = await sql<PaymentRow[]>`
        SELECT * FROM payments WHERE epoch = ${epoch} ORDER BY hotspot_id`;
      return rows.map(paymentOf);
    },
    async payment(epoch, hotspotId) {
      const [row] = await sql<PaymentRow[]>`
        SELECT * FROM payments WHERE epoch = ${epoch} AND hotspot_id = ${hotspotId}`;
      return row === undefined ? undefined : paymentOf(row);
    },
  };
}
