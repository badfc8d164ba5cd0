export type Dialect = "sqlite" | "postgres";

/** What differs between the databases. */
export interface ColumnTypes {
  dialect: Dialect;
  text: string;
  bytes: string;
  /** A row lies in its primary key, which PostgreSQL has not. */
  clustered: string;
}

/** The statements that make a table and its indexes. Amounts are decimal text: neither database has integers that wide. */
export type TableSchema = (types: ColumnTypes) => string[];

export const COLUMN_TYPES: Readonly<Record<Dialect, ColumnTypes>> = {
  sqlite: { dialect: "sqlite", text: "TEXT", bytes: "BLOB", clustered: " WITHOUT ROWID" },
  // Everything published is sorted by code unit, as JavaScript does; a database's own locale would not.
  postgres: { dialect: "postgres", text: 'TEXT COLLATE "C"', bytes: "BYTEA", clustered: "" },
};
