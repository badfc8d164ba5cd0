import {
  type Entropy,
  epochOf,
  type Manifest,
  type NetworkParameters,
  parametersHash,
} from "@earshot/protocol";
import { type Check, differ, expectEqual } from "./check.ts";

/*
 * Each entropy message announces what the next epoch will be judged by, and the newest manifest. Rules, denials and
 * registrations made after an epoch had begun and dated before do not fit the last message before it; nor does an epoch
 * that was dropped, or a chain that was begun anew.
 */

const FILE = "entropy.cbor";

/** What the epoch was judged by. */
export interface JudgedBy {
  manifest: Manifest;
  parameters: NetworkParameters;
  /** `denialsHash` of the denials in the bundle. */
  denials: Uint8Array;
}

/** How far announcements could be compared. */
export type Announced =
  /** All of it. */
  | "compared"
  /** The epochs before were skipped: rules and denials were announced for the first of those. */
  | "skipped"
  /** Nothing was announced before the network's first epoch. */
  | "first"
  /** Its entropy announces nothing. */
  | "nothing";

/** @param entropy sorted by index @param before the manifest before, where it is known */
export function* checkAnnounced(
  entropy: readonly Entropy[],
  judgedBy: JudgedBy,
  before: Manifest | undefined,
): Check<Announced> {
  yield* checkManifests(entropy, judgedBy.manifest, before);
  const { manifest, parameters } = judgedBy;
  const [last] = entropy;
  if (last === undefined || epochOf(last.index, parameters) >= manifest.epoch) return "first";
  if (last.state === null) return "nothing";
  const { denialsHash, parametersHash: rules, registryHash } = last.state;
  const why = `as entropy ${last.index} announced before the epoch`;
  const expect = (file: string, announced: Uint8Array, found: Uint8Array) =>
    expectEqual(file, "hash of what the epoch was judged by", announced.toHex(), found.toHex(), why);
  yield* expect("registry.json", registryHash, manifest.registryHash);
  if (epochOf(last.index, parameters) + 1 !== manifest.epoch) return "skipped";
  yield* expect("parameters.cbor", rules, parametersHash(parameters));
  yield* expect("denials.cbor", denialsHash, judgedBy.denials);
  return "compared";
}

/** Announced manifests go on, one epoch has one, and none is of an epoch that the manifests leave out. */
function* checkManifests(
  entropy: readonly Entropy[],
  { previousEpoch, previousManifestHash }: Manifest,
  before: Manifest | undefined,
): Check<void> {
  const known = new Map<number, string>();
  if (previousEpoch !== null) known.set(previousEpoch, previousManifestHash.toHex());
  if (before?.previousEpoch != null) known.set(before.previousEpoch, before.previousManifestHash.toHex());
  let newest = -1;
  let hasState = false;
  for (const { index, state } of entropy) {
    const at = (name: string) => `index ${index}, state: ${name}`;
    if (state === null) {
      if (hasState)
        yield* differ(FILE, at("all of it"), "what the epoch after is judged by, as before", "nothing");
      continue;
    }
    hasState = true;
    const closed = state.closedEpoch ?? -1;
    if (closed < newest || closed > (previousEpoch ?? -1)) {
      const allowed = `${newest < 0 ? "none" : newest} to ${previousEpoch ?? "none"}, the epoch before this one`;
      yield* differ(FILE, at("closedEpoch"), allowed, `${state.closedEpoch ?? "none"}`);
    }
    newest = closed;
    if (closed < 0) continue;
    const hash = state.manifestHash.toHex();
    const expected = known.get(closed);
    known.set(closed, expected ?? hash);
    yield* expectEqual(FILE, at("manifestHash"), expected ?? hash, hash, `that of epoch ${closed}`);
  }
}
