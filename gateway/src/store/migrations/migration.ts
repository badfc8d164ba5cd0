import type { SQL } from "bun";
import type { ColumnTypes } from "../table-schema.ts";

/**
 * One step: from the tables of one schema to those of the next, part of the one transaction that makes all steps. What it
 * says is of its time: it names columns and forms itself and uses no table's present definition, which goes on changing.
 */
export type Migration = (tx: SQL, types: ColumnTypes) => Promise<void>;

export async function run(tx: SQL, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await tx.unsafe(statement);
}

/** A step that needs nothing but SQL. */
export const statements =
  (make: (types: ColumnTypes) => readonly string[]): Migration =>
  (tx, types) =>
    run(tx, make(types));

/**
 * Statements that make a table anew with the rows that it has: SQLite can neither add a column that may not be null nor
 * drop a key. Its indexes go with the old one.
 * @param create makes the new one
 * @param values what each of its columns takes from a row of the old one, which is named `before`
 */
export const madeAnew = (
  table: string,
  create: string,
  values: Readonly<Record<string, string>>,
): readonly string[] => [
  `ALTER TABLE ${table} RENAME TO ${table}_before`,
  create,
  `INSERT INTO ${table} (${Object.keys(values).join(", ")})
    SELECT ${Object.values(values).join(", ")} FROM ${table}_before AS before`,
  `DROP TABLE ${table}_before`,
];

/** Each of these columns as it is. */
export const same = (columns: string): Record<string, string> =>
  Object.fromEntries(columns.split(", ").map((name) => [name, `before.${name}`]));
