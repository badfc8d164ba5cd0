import {
  epochAtMs,
  equalBytes,
  explainVerdict,
  type Hotspot,
  hotspotId,
  type KeyChange,
  keyChangeProblem,
  keyChangeSigner,
  type NetworkParameters,
  type OwnerAssertion,
  openKeyChange,
  ownerAssertionAfter,
  type RegistryChange,
  readEvidence,
  retiredHotspot,
  type Signatories,
  succeededAssertion,
  succeedingHotspot,
} from "@earshot/protocol";
import type { Store } from "../store/store.ts";

/** What the registry's changes are read from. */
interface HistoryDeps {
  store: Pick<Store, "hotspotHistory">;
  network: string;
  keys: Uint8Array | Signatories;
}

/**
 * The owner's newest assertion in a hotspot's changes, as verifiers find it. Of one that took another's place what was
 * asserted with the old key counts too.
 */
export async function newestAssertion(
  changes: readonly Hotspot[],
  deps: HistoryDeps,
): Promise<OwnerAssertion | undefined> {
  let newest: OwnerAssertion | undefined;
  for (const { change, predecessor, retired } of changes) {
    const evidence = readEvidence(change.evidence, deps.network, deps.keys);
    if (evidence !== undefined) newest = ownerAssertionAfter(newest, evidence);
    else if (predecessor !== null && retired === null)
      newest = succeededAssertion(newest, await assertedBefore(predecessor, change, deps));
  }
  return newest;
}

async function assertedBefore(
  id: string,
  { atMs }: RegistryChange,
  deps: HistoryDeps,
): Promise<OwnerAssertion | undefined> {
  const history = await deps.store.hotspotHistory(id);
  return newestAssertion(
    history.filter(({ change }) => change.atMs < atMs),
    deps,
  );
}

export type KeyChangeOutcome =
  | { ok: true; hotspotId: string; successor: string | null; fromEpoch: number }
  /** `message`: what is wrong and what is allowed. */
  | { ok: false; code: string; message: string };

interface KeyChangeDeps extends HistoryDeps {
  store: Pick<Store, "hotspotHistory" | "hotspotsById" | "putHotspots">;
  /** Those in force at a time. */
  parametersAt(atMs: number): NetworkParameters;
  /** When a change of these hotspots is taken in: after all that they have. */
  timeAfter(newest: readonly Hotspot[]): number;
}

/** Above every epoch. */
const NEWEST = 0xffff_ffff;

/**
 * What a message says about a key that is registered, or why it says nothing: anybody may send one, so the key is looked
 * up before signatures are checked.
 */
export async function readKeyChange(
  message: Uint8Array,
  { network, store }: Pick<KeyChangeDeps, "network" | "store">,
): Promise<{ ok: true; change: KeyChange } | Extract<KeyChangeOutcome, { ok: false }>> {
  const signer = keyChangeSigner(message);
  if (signer !== undefined) {
    const id = hotspotId(signer);
    const isKnown = (await store.hotspotsById([id], NEWEST)).has(id);
    if (!isKnown)
      return { ok: false, code: "unknown_hotspot", message: `${id} is not registered in this network` };
  }
  const opened = openKeyChange(message, network);
  return opened.ok ? opened : { ok: false, code: opened.code, message: explainOpening(opened.code) };
}

/** Takes in what a hotspot signed about its key: it counts from the next epoch on. */
export async function applyKeyChange(
  keyChange: KeyChange,
  message: Uint8Array,
  deps: KeyChangeDeps,
): Promise<KeyChangeOutcome> {
  const { store } = deps;
  const { oldKey, newKey } = keyChange;
  const ids = [oldKey, ...(newKey === null ? [] : [newKey])].map(hotspotId);
  const [oldId = "", successor = null] = ids;
  const found = await store.hotspotsById(ids, NEWEST);
  const newest = ids.flatMap((id) => found.get(id) ?? []);
  const old = found.get(oldId);
  if (old?.retired != null && equalBytes(old.change.evidence, message)) {
    const why = `It is known already, and counts from epoch ${old.retired.fromEpoch} on`;
    return { ok: false, code: "already_known", message: why };
  }
  const atMs = deps.timeAfter(newest);
  const parameters = deps.parametersAt(atMs);
  const next = successor === null ? undefined : found.get(successor);
  const problem = keyChangeProblem(keyChange, atMs, { old, next }, parameters);
  if (problem !== undefined) return { ok: false, code: problem.code, message: sentence(problem) };
  const fromEpoch = epochAtMs(atMs, parameters) + 1;
  const before = (await store.hotspotHistory(oldId))
    .filter(({ change }) => change.fromEpoch < fromEpoch)
    .at(-1);
  if (before === undefined) {
    const why = `${oldId} counts from epoch ${fromEpoch} on: change its key when that has begun`;
    return { ok: false, code: "unknown_hotspot", message: why };
  }
  const change = { atMs, fromEpoch, evidence: message };
  await store.putHotspots([
    retiredHotspot(before, change, newKey),
    ...(newKey === null ? [] : [succeedingHotspot(before, change, newKey)]),
  ]);
  return { ok: true, hotspotId: oldId, successor, fromEpoch };
}

const explainOpening = (code: string): string =>
  code === "not_accepted"
    ? "The new key has not signed that it takes the hotspot's place: make the message with the key itself"
    : `This is no change of a hotspot's key. ${explainVerdict({ reason: code, measurements: [] })}`;

const sentence = ({ field, allowed, found }: { field: string; allowed: string; found: string }): string =>
  `${field} is ${found}; allowed is ${allowed}`;
