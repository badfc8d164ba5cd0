import {
  epochAtMs,
  equalBytes,
  hotspotId,
  KEY_ROLES,
  type KeyDocument,
  type KeyRole,
  keysProblem,
  MAX_ROLE_KEYS,
  type NetworkKeys,
  type RoleKey,
} from "@earshot/protocol";

/** What a new key document is made of. */
export interface ChangeBasis {
  keys: NetworkKeys;
  clockwork: Pick<KeyDocument, "entropyPeriodMs" | "epochPeriods">;
  nowMs: number;
}

/** Makes or finds the new key of a role. */
export type NewKey = (role: KeyRole) => Uint8Array;

/** Why a change cannot be made, a sentence. */
export class KeyChangeError extends Error {
  override readonly name = "KeyChangeError";
}

/** Periods between a document and its first epoch: the gateway reads it before the next period's entropy. */
const LEAD_PERIODS = 2;

/** The first epoch in which a document that is made now may change anything. */
export const earliestEpoch = ({ clockwork, nowMs }: Pick<ChangeBasis, "clockwork" | "nowMs">): number =>
  epochAtMs(nowMs + LEAD_PERIODS * clockwork.entropyPeriodMs, clockwork) + 1;

/** The next but one: agents that are away for a while learn of it before. */
export const announcedEpoch = (basis: Pick<ChangeBasis, "clockwork" | "nowMs">): number =>
  Math.max(earliestEpoch(basis), epochAtMs(basis.nowMs, basis.clockwork) + 2);

/** The first document. @param fromEpoch 0 in a network that has not begun; before it the root key keeps every role */
export function firstDocument(basis: ChangeBasis, fromEpoch: number, newKey: NewKey): KeyDocument {
  const { root, version } = basis.keys;
  if (version > 0) throw new KeyChangeError(`There are key documents already, up to version ${version}`);
  const rootKeys = KEY_ROLES.map((role) => keyOf(role, root, 0, fromEpoch));
  const roleKeys = KEY_ROLES.map((role) => keyOf(role, newKey(role), fromEpoch));
  return nextDocument(basis, [...(fromEpoch > 0 ? rootKeys : []), ...roleKeys]);
}

/** Each of these roles has another key from an epoch on. */
export function rotated(
  basis: ChangeBasis,
  roles: readonly KeyRole[],
  epoch: number,
  newKey: NewKey,
): KeyDocument {
  const isMeant = (one: RoleKey) => roles.some((role) => role === one.role);
  // One that would have begun then or later never signs.
  const keys = keptKeys(basis)
    .filter((one) => !isMeant(one) || one.fromEpoch < epoch)
    .map((one) => (isMeant(one) && endOf(one) > epoch ? { ...one, untilEpoch: epoch } : one));
  const added = roles.map((role) => keyOf(role, newKey(role), epoch));
  const known = added.find(({ key }) => basis.keys.revokedFrom(key) !== undefined);
  if (known !== undefined) throw new KeyChangeError(`${hotspotId(known.key)} is revoked: it signs no more`);
  return nextDocument(basis, [...keys, ...added]);
}

/** A key signs nothing from an epoch on; a role that nobody has then gets a new one. */
export function revoked(
  basis: ChangeBasis,
  publicKey: Uint8Array,
  epoch: number,
  newKey: NewKey,
): KeyDocument {
  const now = epochAtMs(basis.nowMs, basis.clockwork);
  if (equalBytes(publicKey, basis.keys.root)) {
    throw new KeyChangeError(
      "The root key cannot be revoked: whoever else has it is this network. Begin another",
    );
  }
  const isMeant = (one: RoleKey) => equalBytes(one.key, publicKey) && endOf(one) > now;
  const kept = keptKeys(basis);
  if (!kept.some(isMeant)) {
    throw new KeyChangeError(`There is nothing to revoke: ${hotspotId(publicKey)} signs nothing from now on`);
  }
  const keys = kept.map((one) => (isMeant(one) ? { ...one, revokedFromEpoch: revokedAt(one, epoch) } : one));
  const isHeld = (role: KeyRole) =>
    keys.some((one) => one.role === role && one.fromEpoch <= epoch && endOf(one) > epoch);
  const vacant = kept.filter(isMeant).map(({ role }) => KEY_ROLES.find((known) => known === role));
  const needed = [...new Set(vacant)].filter((role) => role !== undefined && !isHeld(role)) as KeyRole[];
  return nextDocument(basis, [...keys, ...needed.map((role) => keyOf(role, newKey(role), epoch))]);
}

const keyOf = (
  role: KeyRole,
  key: Uint8Array,
  fromEpoch: number,
  untilEpoch: number | null = null,
): RoleKey => ({ role, key, fromEpoch, untilEpoch, revokedFromEpoch: null });

/** An earlier revocation holds. */
const revokedAt = ({ fromEpoch, revokedFromEpoch }: RoleKey, epoch: number): number =>
  Math.max(fromEpoch, Math.min(epoch, revokedFromEpoch ?? epoch));

const endOf = ({ untilEpoch, revokedFromEpoch }: RoleKey): number =>
  Math.min(untilEpoch ?? Number.POSITIVE_INFINITY, revokedFromEpoch ?? Number.POSITIVE_INFINITY);

/** Those that are not over, and the newest revoked ones, which are then refused by that name. */
function keptKeys({ keys, clockwork, nowMs }: ChangeBasis): RoleKey[] {
  const newest = keys.newest?.document;
  if (newest === undefined) throw new KeyChangeError("There is no key document yet: gateway keys init");
  const now = epochAtMs(nowMs, clockwork);
  const over = newest.keys.filter((one) => endOf(one) <= now);
  const named = over.filter(({ revokedFromEpoch }) => revokedFromEpoch !== null).slice(-MAX_ROLE_KEYS / 2);
  return newest.keys.filter((one) => !over.includes(one) || named.includes(one));
}

function nextDocument({ keys, clockwork, nowMs }: ChangeBasis, roleKeys: RoleKey[]): KeyDocument {
  const { newest } = keys;
  const problem =
    roleKeys.length > MAX_ROLE_KEYS ? `at most ${MAX_ROLE_KEYS} keys fit` : keysProblem(roleKeys);
  if (problem !== undefined) throw new KeyChangeError(`The document cannot be made: ${problem}`);
  return {
    network: keys.network,
    version: keys.version + 1,
    previousHash: newest?.hash ?? new Uint8Array(32),
    // Two made in one millisecond are in order too.
    atMs: Math.max(Math.floor(nowMs), (newest?.document.atMs ?? 0) + 1),
    entropyPeriodMs: clockwork.entropyPeriodMs,
    epochPeriods: clockwork.epochPeriods,
    keys: roleKeys,
  };
}
