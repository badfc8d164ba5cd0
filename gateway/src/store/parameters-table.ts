import { formatParameters, parseParameters } from "@earshot/protocol";
import type { Database } from "./database.ts";
import { type Integer, plainBytes } from "./rows.ts";
import type { Store } from "./store.ts";

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
