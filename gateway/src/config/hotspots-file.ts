import { isRegionId, MAX_LAT_E7, MAX_LON_E7, parseEvmAddress, publicKeyOf } from "@earshot/protocol";
import { z } from "zod";
import type { OperatorsWord } from "../registry/assertion.ts";
import { readNamedFile } from "../regular-file.ts";
import { ConfigError } from "./config-error.ts";

const entry = z.strictObject({
  id: z.string().refine((id) => publicKeyOf(id) !== undefined, "must be a hotspot id (z6Mk…)"),
  latE7: z.int().min(-MAX_LAT_E7).max(MAX_LAT_E7),
  lonE7: z.int().min(-MAX_LON_E7).max(MAX_LON_E7),
  elevationM: z.int().min(-500).max(9000).default(0),
  antennaGainDdbi: z.int().min(-100).max(300),
  region: z.string().refine(isRegionId, "must be a region such as EU868"),
  payee: z
    .string()
    .refine((text) => parseEvmAddress(text) !== undefined, "must be an EVM address with a right checksum")
    .optional(),
});

/** The hotspots of a listed network, from the JSON file that `registration.hotspots_file` names. */
export async function readHotspotsFile(path: string): Promise<OperatorsWord[]> {
  let json: unknown;
  try {
    json = JSON.parse(await readNamedFile(path));
  } catch (error) {
    throw new ConfigError(`registration.hotspots_file ${path}: ${(error as Error).message}`);
  }
  const result = z.array(entry).safeParse(json);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new ConfigError(`registration.hotspots_file ${path}: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  return result.data.map(wordOf);
}

function wordOf({ id, payee, ...stands }: z.output<typeof entry>): OperatorsWord {
  const publicKey = publicKeyOf(id);
  if (publicKey === undefined) throw new TypeError(`Unchecked entry ${id}`);
  return { publicKey, ...stands, payee: payee === undefined ? null : (parseEvmAddress(payee) ?? null) };
}
