import { isRegionId, PACKET_LIMITS, parseEvmAddress, publicKeyOf, type Range } from "@earshot/protocol";
import { z } from "zod";
import { ConfigError } from "../config/config-error.ts";
import { readNamedFile } from "../regular-file.ts";
import type { OperatorRegistration } from "./assertion.ts";

const within = ([min, max]: Range) => z.int().min(min).max(max);

const entry = z.strictObject({
  id: z.string().refine((id) => publicKeyOf(id) !== undefined, "must be a hotspot id (z6Mk…)"),
  latE7: within(PACKET_LIMITS.latE7),
  lonE7: within(PACKET_LIMITS.lonE7),
  elevationM: within(PACKET_LIMITS.elevationM).default(0),
  antennaGainDdbi: within(PACKET_LIMITS.antennaGainDdbi),
  region: z.string().refine(isRegionId, "must be a region such as EU868"),
  payee: z
    .string()
    .refine((text) => parseEvmAddress(text) !== undefined, "must be an EVM address with a right checksum")
    .optional(),
});

/**
 * The hotspots of a listed network, from the JSON file that `registration.hotspots_file` names.
 * @throws {ConfigError} if what it holds is wrong
 * @throws {Error} if it cannot be read (yet)
 */
export async function readHotspotsFile(path: string): Promise<OperatorRegistration[]> {
  const text = await readNamedFile(path);
  let json: unknown;
  try {
    json = JSON.parse(text);
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

function wordOf({ id, payee, ...stands }: z.output<typeof entry>): OperatorRegistration {
  const publicKey = publicKeyOf(id);
  if (publicKey === undefined) throw new TypeError(`Unchecked entry ${id}`);
  return { publicKey, ...stands, payee: payee === undefined ? null : (parseEvmAddress(payee) ?? null) };
}
