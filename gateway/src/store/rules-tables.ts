import { formatParameters, parseParameters } from "@earshot/protocol";
import type { SQL } from "bun";
import type { Database } from "./database.ts";
import type { StoredDenial } from "./records.ts";
import { type Integer, plainBytes } from "./rows.ts";
import type { Store } from "./store.ts";
import type { TableSchema } from "./table-schema.ts";

export const rulesSchema: TableSchema = ({ text, bytes }) => [
  `CREATE TABLE IF NOT EXISTS denials (
    position BIGINT PRIMARY KEY, hotspot ${bytes} NOT NULL, peer ${bytes}, reason ${text} NOT NULL,
    evidence ${text} NOT NULL, at_ms BIGINT NOT NULL, from_epoch BIGINT NOT NULL, until_epoch BIGINT NOT NULL,
    message ${bytes} NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS parameters (
    version BIGINT PRIMARY KEY, parameters ${text} NOT NULL, message ${bytes} NOT NULL)`,
];

interface DenialRow {
  position: Integer;
  hotspot: Uint8Array;
  peer: Uint8Array | null;
  reason: string;
  evidence: string;
  at_ms: Integer;
  from_epoch: Integer;
  until_epoch: Integer;
  message: Uint8Array;
}

const rowOf = (position: number, { denial, message }: StoredDenial): DenialRow => ({
  position,
  hotspot: denial.hotspot,
  peer: denial.peer,
  reason: denial.reason,
  evidence: denial.evidence,
  at_ms: denial.atMs,
  from_epoch: denial.fromEpoch,
  until_epoch: denial.untilEpoch,
  message,
});

const denialOf = (row: DenialRow): StoredDenial => ({
  denial: {
    hotspot: plainBytes(row.hotspot),
    peer: row.peer === null ? null : plainBytes(row.peer),
    reason: row.reason,
    evidence: row.evidence,
    atMs: Number(row.at_ms),
    fromEpoch: Number(row.from_epoch),
    untilEpoch: Number(row.until_epoch),
  },
  message: plainBytes(row.message),
});

/** Signed at this time or later; part of taking them back, in its transaction. */
export async function deniedSince(tx: SQL, atMs: number): Promise<StoredDenial[]> {
  const rows = await tx<DenialRow[]>`SELECT * FROM denials WHERE at_ms >= ${atMs} ORDER BY position`;
  return rows.map(denialOf);
}

export const denialTable = ({ sql, transaction }: Database): Pick<Store, "addDenial" | "denials"> => ({
  addDenial: (denial, message) =>
    transaction(async (tx) => {
      const [row] = await tx<{ last: Integer | null }[]>`SELECT MAX(position) AS last FROM denials`;
      await tx`INSERT INTO denials ${tx(rowOf(Number(row?.last ?? 0) + 1, { denial, message }))}`;
    }),
  async denials() {
    return (await sql<DenialRow[]>`SELECT * FROM denials ORDER BY position`).map(denialOf);
  },
});

interface ParametersRow {
  version: Integer;
  /** JSON. */
  parameters: string;
  message: Uint8Array;
}

export const parametersTable = ({
  sql,
  transaction,
}: Database): Pick<Store, "addParameters" | "parametersVersions"> => ({
  async addParameters(parameters, message) {
    const row: ParametersRow = {
      version: parameters.version,
      parameters: JSON.stringify(formatParameters(parameters)),
      message,
    };
    await transaction((tx) => tx`INSERT INTO parameters ${tx(row)}`);
  },
  async parametersVersions() {
    const rows = await sql<ParametersRow[]>`SELECT * FROM parameters ORDER BY version`;
    return rows.map(({ parameters, message }) => ({
      parameters: parseParameters(JSON.parse(parameters)),
      message: plainBytes(message),
    }));
  },
});
