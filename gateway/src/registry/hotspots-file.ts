import { isRegionId, PACKET_LIMITS, parseEvmAddress, publicKeyOf, type Range } from "@earshot/protocol";
import { errorText, readNamedFile } from "@earshot/protocol/runtime";
import { ConfigError, checkValue, textThat, wholeIn } from "@earshot/protocol/runtime/config";
import { z } from "zod";
import type { OperatorRegistration } from "./assertion.ts";

/** Of some 300,000 hotspots. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

const inRange = ([min, max]: Range) => wholeIn(min, max);

const entry = z.strictObject({
  id: textThat((id) => publicKeyOf(id) !== undefined, "a hotspot id (z6Mk…)"),
  latE7: inRange(PACKET_LIMITS.latE7),
  lonE7: inRange(PACKET_LIMITS.lonE7),
  elevationM: inRange(PACKET_LIMITS.elevationM).default(0),
  antennaGainDdbi: inRange(PACKET_LIMITS.antennaGainDdbi),
  region: textThat(isRegionId, "a region such as EU868"),
  payee: textThat(
    (text) => parseEvmAddress(text) !== undefined,
    "an EVM address with a right checksum",
  ).optional(),
});

const hotspots = z.array(entry, { error: "a list of hotspots" });

/**
 * The hotspots of a listed network, from the JSON file that `registration.hotspots_file` names.
 * @throws {ConfigError} if its content is wrong
 * @throws {Error} if it cannot be read (yet)
 */
export function readHotspotsFile(path: string): OperatorRegistration[] {
  const text = readNamedFile(path, MAX_FILE_BYTES).toString("utf8");
  try {
    return checkValue(hotspots, JSON.parse(text)).map(registrationOf);
  } catch (error) {
    const problems = error instanceof ConfigError ? error.problems : [errorText(error)];
    throw new ConfigError(problems.map((problem) => `registration.hotspots_file ${path}: ${problem}`));
  }
}

function registrationOf({ id, payee, ...rest }: z.output<typeof entry>): OperatorRegistration {
  const publicKey = publicKeyOf(id);
  if (publicKey === undefined) throw new TypeError(`Unchecked entry ${id}`);
  return { publicKey, ...rest, payee: payee === undefined ? null : (parseEvmAddress(payee) ?? null) };
}
