import type { SQL } from "bun";
import { type Integer, plainBytes } from "./rows.ts";

/** What the network itself signed, as stored. */
export interface StoredDocument {
  kind: "parameters" | "denial" | "entropy" | "change";
  /** For people: "parameters, version 2". */
  name: string;
  message: Uint8Array;
}

interface DocumentRow {
  which: Integer | string;
  message: Uint8Array;
}

/** All parameters and denials, the newest entropy and the newest change of a hotspot: in tables of any schema. */
export async function storedDocuments(sql: SQL): Promise<StoredDocument[]> {
  const parameters = await sql<
    DocumentRow[]
  >`SELECT version AS which, message FROM parameters ORDER BY version`;
  const denials = await sql<DocumentRow[]>`SELECT position AS which, message FROM denials ORDER BY position`;
  const entropy = await sql<DocumentRow[]>`
    SELECT entropy_index AS which, message FROM entropy ORDER BY entropy_index DESC LIMIT 1`;
  const changes = await sql<DocumentRow[]>`
    SELECT id AS which, evidence AS message FROM hotspots ORDER BY from_epoch DESC LIMIT 1`;
  const named = (kind: StoredDocument["kind"], name: string, rows: readonly DocumentRow[]) =>
    rows.map(({ which, message }) => ({ kind, name: `${name} ${which}`, message: plainBytes(message) }));
  return [
    ...named("parameters", "parameters, version", parameters),
    ...named("denial", "denial, number", denials),
    ...named("entropy", "newest entropy, index", entropy),
    ...named("change", "newest registration, of", changes),
  ];
}
