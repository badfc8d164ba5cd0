import { sha256, u32, u64 } from "@earshot/protocol";
import type { SQL } from "bun";
import { type Integer, plainBytes } from "../rows.ts";
import { type Migration, run } from "./migration.ts";

/** Rows that are read at a time. */
const AT_ONCE = 1000;

/** Entropy has a source and announces a state; the registry's hash is over records of all changes. */
export const announcedEntropy: Migration = async (tx, { bytes }) => {
  await run(tx, [
    `ALTER TABLE entropy ADD COLUMN source ${bytes}`,
    `ALTER TABLE entropy ADD COLUMN state ${bytes}`,
    `CREATE TABLE change_records (
      from_epoch BIGINT NOT NULL, public_key ${bytes} NOT NULL, kind BIGINT NOT NULL, hash ${bytes} NOT NULL,
      PRIMARY KEY (from_epoch, public_key, kind))`,
  ]);
  for (let after = { id: "", from_epoch: -1 }; ; ) {
    const rows = await changesAfter(tx, after);
    for (const row of rows) await record(tx, row);
    const last = rows.at(-1);
    if (last === undefined) return;
    after = { id: last.id, from_epoch: Number(last.from_epoch) };
  }
};

interface Change {
  id: string;
  from_epoch: Integer;
  public_key: Uint8Array;
  changed_at_ms: Integer;
  evidence: Uint8Array;
}

const changesAfter = (tx: SQL, after: { id: string; from_epoch: number }): SQL.Query<Change[]> =>
  tx<Change[]>`SELECT id, from_epoch, public_key, changed_at_ms, evidence FROM hotspots
    WHERE id > ${after.id} OR (id = ${after.id} AND from_epoch > ${after.from_epoch})
    ORDER BY id, from_epoch LIMIT ${AT_ONCE}`;

async function record(tx: SQL, change: Change): Promise<void> {
  const publicKey = plainBytes(change.public_key);
  const [atMs, fromEpoch] = [Number(change.changed_at_ms), Number(change.from_epoch)];
  const hash = sha256(publicKey, u64(atMs), u32(fromEpoch), plainBytes(change.evidence));
  await tx`INSERT INTO change_records ${tx({ from_epoch: fromEpoch, public_key: publicKey, kind: 0, hash })}`;
}
