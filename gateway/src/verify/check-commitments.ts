import {
  type AcceptedCommitment,
  commitmentProblem,
  epochAtMs,
  equalBytes,
  firstChainOf,
  hotspotId,
  type NetworkParameters,
  networkAad,
  readCommitments,
} from "@earshot/protocol";
import type { RegistryEntry } from "../bundle/json-schemas.ts";
import { type Check, differ, expectEqual } from "./check.ts";
import { packetJob } from "./check-packets.ts";
import type { SignatureJob } from "./signatures.ts";

const FILE = "registry.json";

/**
 * The commitments of a hotspot that count in the epoch, each with the status packet that announced it: accepted before
 * the first epoch that it counts in began, of each chain one.
 */
export function* openCommitments(
  entry: RegistryEntry,
  epoch: number,
  parameters: NetworkParameters,
  check: (at: string, job: SignatureJob) => void,
): Check<AcceptedCommitment[]> {
  const opened: AcceptedCommitment[] = [];
  for (const [i, { chain, atMs, fromEpoch, evidence }] of entry.commitments.entries()) {
    const at = `hotspot ${entry.id}, commitment ${i + 1}`;
    const least = (entry.commitments[i - 1]?.chain ?? firstChainOf(epoch, parameters) - 1) + 1;
    if (chain < least) yield* differ(FILE, `${at}: chain`, `${least} or more`, String(chain));
    if (fromEpoch > epoch) yield* differ(FILE, `${at}: fromEpoch`, `${epoch} or before`, String(fromEpoch));
    const next = String(epochAtMs(atMs, parameters) + 1);
    yield* expectEqual(FILE, `${at}: fromEpoch`, next, String(fromEpoch), `the epoch after ${atMs}`);
    const read = readCommitments(evidence);
    const commitment = read?.commitments.find((announced) => announced.chain === chain);
    if (read === undefined || commitment === undefined) {
      return yield* differ(FILE, `${at}: evidence`, `a status packet that commits to chain ${chain}`, "none");
    }
    if (!equalBytes(read.publicKey, entry.publicKey))
      yield* differ(FILE, `${at}: evidence`, `signed by ${entry.id}`, hotspotId(read.publicKey));
    const problem = commitmentProblem(commitment, { signedAtMs: read.atMs, atMs }, [], parameters);
    if (problem !== undefined) yield* differ(FILE, `${at}: ${problem.field}`, problem.allowed, problem.found);
    check(`${at}: signature`, packetJob(read.packet, networkAad(parameters.network)));
    opened.push({ ...commitment, atMs, fromEpoch, evidence });
  }
  return opened;
}

/** As text, to be compared with what bundles before say. */
export const commitmentText = (commitment: AcceptedCommitment | undefined): string =>
  commitment === undefined
    ? "no commitment"
    : `to chain ${commitment.chain}, from epoch ${commitment.fromEpoch}, at ${commitment.atMs}, evidence ${commitment.evidence.toHex()}`;
