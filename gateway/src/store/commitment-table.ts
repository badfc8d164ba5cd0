import { type AcceptedCommitment, commitmentRecord, publicKeyOf } from "@earshot/protocol";
import type { SQL } from "bun";
import type { Database } from "./database.ts";
import { chunksOf, type Integer, plainBytes } from "./rows.ts";
import type { Store } from "./store.ts";
import type { TableSchema } from "./table-schema.ts";

export const commitmentsSchema: TableSchema = ({ text, bytes }) => [
  `CREATE TABLE IF NOT EXISTS commitments (
    hotspot_id ${text} NOT NULL, chain BIGINT NOT NULL, head ${bytes} NOT NULL, accepted_at_ms BIGINT NOT NULL,
    from_epoch BIGINT NOT NULL, evidence ${bytes} NOT NULL, PRIMARY KEY (hotspot_id, chain))`,
  "CREATE INDEX IF NOT EXISTS commitments_epoch ON commitments (from_epoch)",
];

interface CommitmentRow {
  hotspot_id: string;
  chain: Integer;
  head: Uint8Array;
  accepted_at_ms: Integer;
  from_epoch: Integer;
  evidence: Uint8Array;
}

const commitmentOf = (row: CommitmentRow): AcceptedCommitment => ({
  chain: Number(row.chain),
  head: plainBytes(row.head),
  atMs: Number(row.accepted_at_ms),
  fromEpoch: Number(row.from_epoch),
  evidence: plainBytes(row.evidence),
});

type CommitmentQueries = Pick<Store, "addCommitments" | "commitments">;

export function commitmentTable({ sql, transaction }: Database): CommitmentQueries {
  return {
    addCommitments: (hotspotId, added, fromChain = 0) =>
      transaction(async (tx) => {
        const publicKey = publicKeyOf(hotspotId);
        if (publicKey === undefined) throw new TypeError(`${hotspotId} is not a hotspot id`);
        for (const commitment of added) {
          const { chain, head, atMs, fromEpoch, evidence } = commitment;
          const row = {
            hotspot_id: hotspotId,
            chain,
            head,
            accepted_at_ms: atMs,
            from_epoch: fromEpoch,
            evidence,
          };
          const made = await tx`INSERT INTO commitments ${tx(row)} ON CONFLICT (hotspot_id, chain) DO NOTHING
            RETURNING chain`;
          if (made.length === 0) continue;
          const { kind, hash } = commitmentRecord(publicKey, commitment);
          const record = { from_epoch: fromEpoch, public_key: publicKey, kind, hash };
          await tx`INSERT INTO change_records ${tx(record)} ON CONFLICT (from_epoch, public_key, kind) DO UPDATE SET
            hash = excluded.hash`;
        }
        await tx`DELETE FROM commitments WHERE hotspot_id = ${hotspotId} AND chain < ${fromChain}`;
      }),
    commitments: (ids, epoch) => commitmentsOf(sql, ids, epoch),
  };
}

/** As if they had not been accepted: those accepted at this time or later that count from such an epoch or an earlier one. */
export async function forgetCommitmentsSince(tx: SQL, sinceMs: number, untilEpoch: number): Promise<void> {
  const rows = await tx<CommitmentRow[]>`DELETE FROM commitments
    WHERE accepted_at_ms >= ${sinceMs} AND from_epoch <= ${untilEpoch} RETURNING *`;
  for (const row of rows) {
    const publicKey = publicKeyOf(row.hotspot_id) as Uint8Array;
    const { fromEpoch, kind } = commitmentRecord(publicKey, commitmentOf(row));
    await tx`DELETE FROM change_records
      WHERE from_epoch = ${fromEpoch} AND public_key = ${publicKey} AND kind = ${kind}`;
  }
}

/** Of these hotspots the commitments that count in an epoch, by id, in order of chain. */
export async function commitmentsOf(
  sql: SQL,
  ids: Iterable<string>,
  epoch = Number.MAX_SAFE_INTEGER,
): Promise<Map<string, AcceptedCommitment[]>> {
  const found = new Map<string, AcceptedCommitment[]>();
  for (const chunk of chunksOf(ids)) {
    const rows = await sql<CommitmentRow[]>`SELECT * FROM commitments
      WHERE hotspot_id IN ${sql(chunk)} AND from_epoch <= ${epoch} ORDER BY hotspot_id, chain`;
    for (const row of rows) {
      const own = found.get(row.hotspot_id);
      if (own === undefined) found.set(row.hotspot_id, [commitmentOf(row)]);
      else own.push(commitmentOf(row));
    }
  }
  return found;
}
