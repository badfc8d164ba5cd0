import { equalBytes } from "../encoding/bytes.ts";
import { bytes, type Field, FieldFailure, integer, list, nullable, record, text } from "../packet/fields.ts";
import { timeMs, uint32 } from "../packet/shapes.ts";
import { PARAMETER_RANGES } from "../parameters/parameters.ts";
import { epochAtMs } from "../time/schedule.ts";
import { messageCodec } from "./message.ts";

/** A key, what it signs for the network, and in which epochs. */
export interface RoleKey {
  /** One of `KEY_ROLES`. A role that a reader does not know is nothing to it. */
  role: string;
  /** Ed25519, 32 bytes, admissible. */
  key: Uint8Array;
  fromEpoch: number;
  /** First epoch in which it signs no more; null while no end is planned. */
  untilEpoch: number | null;
  /**
   * First epoch from which on it signs nothing because it may be in other hands. Whoever has seen such an epoch begin takes
   * nothing from it any more, however it is dated.
   */
  revokedFromEpoch: number | null;
}

/**
 * Which keys sign for a network: the only thing that its root key signs. Versions are chained, and none changes what has
 * begun when it is signed: what was valid stays valid. Agents and auditors know the root key alone.
 */
export interface KeyDocument {
  network: string;
  /** 1, 2, … */
  version: number;
  /** SHA-256 of the version before it, as signed; zeros in the first. */
  previousHash: Uint8Array;
  atMs: number;
  /** The network's, for life: with them the epoch of a time is known without its parameters. */
  entropyPeriodMs: number;
  epochPeriods: number;
  /** Of those whose epochs were over when it was signed any may be left out. */
  keys: RoleKey[];
}

/** In one document: a hundred keys take 6 KB, which every agent keeps. */
export const MAX_ROLE_KEYS = 100;

function rangeOf(name: "entropyPeriodMs" | "epochPeriods"): Field<number> {
  const [min, max] = PARAMETER_RANGES[name];
  return integer(min, max);
}

const roleKey = record<RoleKey>({
  role: text(16),
  key: bytes(32),
  fromEpoch: uint32,
  untilEpoch: nullable(uint32),
  revokedFromEpoch: nullable(uint32),
});

const shape = record<KeyDocument>({
  network: text(32),
  version: integer(1, 0xffff_ffff),
  previousHash: bytes(32),
  atMs: timeMs,
  entropyPeriodMs: rangeOf("entropyPeriodMs"),
  epochPeriods: rangeOf("epochPeriods"),
  keys: list(roleKey, MAX_ROLE_KEYS, 1),
});

const checked: Field<KeyDocument> = {
  write: shape.write,
  read(value) {
    const document = shape.read(value);
    if (document instanceof FieldFailure) return document;
    return keysProblem(document.keys) === undefined ? document : new FieldFailure("out_of_range");
  },
};

export const keyDocumentMessage = messageCodec<KeyDocument>(13, checked);

/** First epoch in which the key signs no more. */
export const endEpoch = ({ untilEpoch, revokedFromEpoch }: RoleKey): number =>
  Math.min(untilEpoch ?? Number.POSITIVE_INFINITY, revokedFromEpoch ?? Number.POSITIVE_INFINITY);

/** What is wrong with a document's keys, beside that each must be admissible (`NetworkKeys` checks those that are new). */
export function keysProblem(keys: readonly RoleKey[]): string | undefined {
  for (const [i, one] of keys.entries()) {
    const name = nameOf(one);
    for (const end of ["untilEpoch", "revokedFromEpoch"] as const) {
      const epoch = one[end];
      if (epoch !== null && epoch < one.fromEpoch) {
        return `${end} of ${name} is ${epoch}; ${one.fromEpoch}, its first epoch, or later is allowed`;
      }
    }
    if (keys.slice(0, i).some((other) => isSameSpan(one, other))) return `${name} is listed twice`;
  }
  return undefined;
}

export const nameOf = ({ role, key, fromEpoch }: RoleKey): string =>
  `the ${role} key ${key.toHex().slice(0, 16)}… of epoch ${fromEpoch}`;

export const isSameSpan = (one: RoleKey, other: RoleKey): boolean =>
  one.role === other.role && one.fromEpoch === other.fromEpoch && equalBytes(one.key, other.key);

/**
 * Why a document cannot follow another, as a sentence. Whoever knows both asks: the gateway before it uses a new one, an
 * agent that has the one before, and `verify-epoch` of all documents in a bundle.
 *
 * @param before the newest known, and SHA-256 of its bytes
 */
export function successionProblemOfKeys(
  next: KeyDocument,
  before: { document: KeyDocument; hash: Uint8Array } | undefined,
): string | undefined {
  if (before === undefined) {
    const isFirst = next.version === 1 && next.previousHash.every((byte) => byte === 0);
    return isFirst ? undefined : `version ${next.version} is not the first, and none before it is known`;
  }
  const { document, hash } = before;
  if (next.version !== document.version + 1)
    return `version is ${next.version}; ${document.version + 1} is next`;
  if (!equalBytes(next.previousHash, hash)) {
    return `version ${next.version} follows another version ${document.version} than the one known`;
  }
  if (next.atMs <= document.atMs) return `version ${next.version} is not signed after the one before it`;
  for (const name of ["network", "entropyPeriodMs", "epochPeriods"] as const) {
    if (next[name] !== document[name]) return `${name} is ${next[name]}; it stays ${document[name]}`;
  }
  const epoch = epochAtMs(next.atMs, next);
  const changed = changesOfKeys(next, document).find((change) => change.epoch <= epoch);
  return changed && `${nameOf(changed.key)} ${changed.what} in epoch ${changed.epoch}, which had begun`;
}

interface KeyChange {
  key: RoleKey;
  what: "begins" | "ends otherwise" | "is left out";
  /** First epoch that is other than before. */
  epoch: number;
}

/** What a document says otherwise than the one before it, and from which epoch on that counts. */
function changesOfKeys(next: KeyDocument, document: KeyDocument): KeyChange[] {
  const changes: KeyChange[] = [];
  for (const key of next.keys) {
    const known = document.keys.find((one) => isSameSpan(one, key));
    if (known === undefined) changes.push({ key, what: "begins", epoch: key.fromEpoch });
    else if (known.untilEpoch !== key.untilEpoch || known.revokedFromEpoch !== key.revokedFromEpoch) {
      const epoch = Math.min(endEpoch(known), endEpoch(key));
      changes.push({ key, what: "ends otherwise", epoch });
    }
  }
  for (const key of document.keys) {
    if (next.keys.some((one) => isSameSpan(one, key))) continue;
    // Over: nothing is changed by leaving it out.
    if (endEpoch(key) <= epochAtMs(next.atMs, next)) continue;
    changes.push({ key, what: "is left out", epoch: key.fromEpoch });
  }
  return changes;
}
