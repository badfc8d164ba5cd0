import { BoundedMap } from "@earshot/protocol/runtime";
import type { Database } from "./database.ts";
import { chunksOf, type Integer } from "./rows.ts";
import type { TableSchema } from "./table-schema.ts";

/**
 * Numbers by which packets and verdicts name their hotspots: two or three bytes in place of 56, in each row and index. A
 * number is given with the first packet and stays.
 */
export const sendersSchema: TableSchema = ({ dialect, text, counted }) => [
  `CREATE TABLE IF NOT EXISTS senders (number ${counted}, id ${text} NOT NULL)`,
  "CREATE UNIQUE INDEX IF NOT EXISTS senders_id ON senders (id)",
  // A copy of the table that takes its place begins to count anew.
  ...(dialect === "postgres"
    ? [
        `SELECT SETVAL(PG_GET_SERIAL_SEQUENCE('senders', 'number'), COALESCE((SELECT MAX(number) FROM senders), 0) + 1, FALSE)`,
      ]
    : []),
];

/** Hotspots whose number is kept in memory. */
const MAX_KNOWN = 65_536;

/** For writing: queries join `senders`. */
export class SenderNumbers {
  readonly #database: Pick<Database, "sql" | "transaction">;
  /** Only what is in the database for good: a transaction that fails gives no numbers. */
  readonly #known = new BoundedMap<string, number>(MAX_KNOWN);

  constructor(database: Pick<Database, "sql" | "transaction">) {
    this.#database = database;
  }

  /** The numbers of these hotspots; who has none is given one, durably, in a transaction of its own. */
  async of(senders: readonly { hotspotId: string }[]): Promise<ReadonlyMap<string, number>> {
    const numbers = new Map<string, number>();
    const missing = new Set<string>();
    for (const { hotspotId } of senders) {
      if (numbers.has(hotspotId)) continue;
      const known = this.#known.get(hotspotId);
      if (known === undefined) missing.add(hotspotId);
      else numbers.set(hotspotId, known);
    }
    if (missing.size > 0) await this.#find(missing, numbers);
    if (missing.size > 0) {
      await this.#give(missing);
      await this.#find(missing, numbers);
    }
    return numbers;
  }

  /** Takes out of `missing` those that have a number. */
  async #find(missing: Set<string>, numbers: Map<string, number>): Promise<void> {
    const { sql } = this.#database;
    for (const chunk of chunksOf(missing)) {
      const rows = await sql<{ number: Integer; id: string }[]>`
        SELECT number, id FROM senders WHERE id IN ${sql(chunk)}`;
      for (const { number, id } of rows) {
        this.#known.set(id, Number(number));
        numbers.set(id, Number(number));
        missing.delete(id);
      }
    }
  }

  #give(ids: ReadonlySet<string>): Promise<void> {
    return this.#database.transaction(async (tx) => {
      for (const chunk of chunksOf(ids)) {
        await tx`INSERT INTO senders ${tx(chunk.map((id) => ({ id })))} ON CONFLICT (id) DO NOTHING`;
      }
    });
  }
}
