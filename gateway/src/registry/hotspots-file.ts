import { isRegionId, PACKET_LIMITS, parseEvmAddress, publicKeyOf, type Range } from "@earshot/protocol";
import { errorText, readNamedFile } from "@earshot/protocol/runtime";
import { z } from "zod";
import { ConfigError } from "../config/config-error.ts";
import type { OperatorRegistration } from "./assertion.ts";

/** Of some 300,000 hotspots. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

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
export function readHotspotsFile(path: string): OperatorRegistration[] {
  const text = readNamedFile(path, MAX_FILE_BYTES).toString("utf8");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`registration.hotspots_file ${path}: ${errorText(error)}`);
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
