import { decodeCbor, type Entropy, encodeCbor } from "@earshot/protocol";
import type { SQL } from "bun";
import type { Database } from "./database.ts";
import { type Integer, nullableNumber, plainBytes } from "./rows.ts";
import type { Store } from "./store.ts";
import type { TableSchema } from "./table-schema.ts";

export const entropySchema: TableSchema = ({ bytes }) => [
  `CREATE TABLE IF NOT EXISTS entropy (
    entropy_index BIGINT PRIMARY KEY, at_ms BIGINT NOT NULL, value ${bytes} NOT NULL,
    previous_hash ${bytes} NOT NULL, period_ms BIGINT NOT NULL, validity_ms BIGINT NOT NULL,
    window_periods BIGINT NOT NULL, window_value ${bytes} NOT NULL, report_deadline_ms BIGINT,
    reveal_deadline_ms BIGINT, source ${bytes}, state ${bytes}, message ${bytes} NOT NULL)`,
];

interface EntropyRow {
  entropy_index: Integer;
  at_ms: Integer;
  value: Uint8Array;
  previous_hash: Uint8Array;
  period_ms: Integer;
  validity_ms: Integer;
  window_periods: Integer;
  window_value: Uint8Array;
  report_deadline_ms: Integer | null;
  reveal_deadline_ms: Integer | null;
  /** CBOR of the fields, in their order. */
  source: Uint8Array | null;
  state: Uint8Array | null;
  message: Uint8Array;
}

const rowOf = (entropy: Entropy, message: Uint8Array): EntropyRow => ({
  entropy_index: entropy.index,
  at_ms: entropy.atMs,
  value: entropy.value,
  previous_hash: entropy.previousHash,
  period_ms: entropy.periodMs,
  validity_ms: entropy.validityMs,
  window_periods: entropy.windowPeriods,
  window_value: entropy.windowValue,
  report_deadline_ms: entropy.reportDeadlineMs,
  reveal_deadline_ms: entropy.revealDeadlineMs,
  source: entropy.source && sourceColumn(entropy.source),
  state: entropy.state && stateColumn(entropy.state),
  message,
});

const sourceColumn = ({ kind, round, signature, counts }: NonNullable<Entropy["source"]>): Uint8Array =>
  encodeCbor([kind, round, signature, Number(counts)]);

function sourceOf(column: Uint8Array): Entropy["source"] {
  const [kind, round, signature, counts] = fieldsOf<[number, number, Uint8Array | null, number]>(column);
  return { kind, round, signature, counts: counts === 1 };
}

const stateColumn = (state: NonNullable<Entropy["state"]>): Uint8Array =>
  encodeCbor([
    state.closedEpoch,
    state.manifestHash,
    state.parametersHash,
    state.denialsHash,
    state.registryHash,
  ]);

function stateOf(column: Uint8Array): Entropy["state"] {
  const [closedEpoch, manifestHash, parametersHash, denialsHash, registryHash] =
    fieldsOf<[number | null, Uint8Array, Uint8Array, Uint8Array, Uint8Array]>(column);
  return { closedEpoch, manifestHash, parametersHash, denialsHash, registryHash };
}

/** @throws {TypeError} if the store does not hold what was put there */
function fieldsOf<T>(column: Uint8Array): T {
  const read = decodeCbor(plainBytes(column));
  if (!read.ok) throw new TypeError(`Stored entropy cannot be decoded: ${read.code}`);
  return read.value as T;
}

const entropyOf = (row: EntropyRow): { entropy: Entropy; message: Uint8Array } => ({
  entropy: {
    index: Number(row.entropy_index),
    atMs: Number(row.at_ms),
    value: plainBytes(row.value),
    previousHash: plainBytes(row.previous_hash),
    periodMs: Number(row.period_ms),
    validityMs: Number(row.validity_ms),
    windowPeriods: Number(row.window_periods),
    windowValue: plainBytes(row.window_value),
    reportDeadlineMs: nullableNumber(row.report_deadline_ms),
    revealDeadlineMs: nullableNumber(row.reveal_deadline_ms),
    source: row.source === null ? null : sourceOf(row.source),
    state: row.state === null ? null : stateOf(row.state),
  },
  message: plainBytes(row.message),
});

type EntropyQueries = Pick<Store, "addEntropy" | "latestEntropy" | "firstEntropy" | "entropyRange">;

export function entropyTable({ sql, transaction }: Database): EntropyQueries {
  const list = async (query: SQL.Query<EntropyRow[]>) => (await query).map(entropyOf);
  return {
    async addEntropy(entropy, message) {
      const row = rowOf(entropy, message);
      await transaction((tx) => tx`INSERT INTO entropy ${tx(row)} ON CONFLICT (entropy_index) DO NOTHING`);
    },
    async latestEntropy() {
      return (await list(sql<EntropyRow[]>`SELECT * FROM entropy ORDER BY entropy_index DESC LIMIT 1`))[0];
    },
    async firstEntropy(fromIndex) {
      const query = sql<EntropyRow[]>`SELECT * FROM entropy WHERE entropy_index >= ${fromIndex}
        ORDER BY entropy_index LIMIT 1`;
      return (await list(query))[0];
    },
    entropyRange: (firstIndex, lastIndex) =>
      list(sql<EntropyRow[]>`SELECT * FROM entropy
        WHERE entropy_index >= ${firstIndex} AND entropy_index <= ${lastIndex} ORDER BY entropy_index`),
  };
}
