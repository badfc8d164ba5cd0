import { hotspotId } from "../crypto/did-key.ts";
import { isAdmissibleKey } from "../crypto/ed25519.ts";
import { sha256 } from "../crypto/sha256.ts";
import { equalBytes } from "../encoding/bytes.ts";
import { epochAtMs } from "../time/schedule.ts";
import {
  endEpoch,
  isSameSpan,
  type KeyDocument,
  keyDocumentMessage,
  nameOf,
  type RoleKey,
  successionProblemOfKeys,
} from "./key-document.ts";
import { KEY_ROLES, type KeyRole, type Signatories, type SignerRefusal } from "./message.ts";

/** A key document as its root key signed it. */
export interface SignedKeyDocument {
  document: KeyDocument;
  message: Uint8Array;
  /** SHA-256 of the message. */
  hash: Uint8Array;
}

/**
 * `unreadable_keys`: not a key document of the network and its root. `old_keys`: an older version than the newest known.
 * `other_keys`: it contradicts what is known.
 */
export type KeysRefusal = "unreadable_keys" | "old_keys" | "other_keys";

export type KeysAnswer =
  /** `isNew`: false when it is the newest known. */
  | { ok: true; keys: NetworkKeys; isNew: boolean }
  /** `why`: a sentence. */
  | { ok: false; code: KeysRefusal; why: string };

/**
 * Which key may sign what for a network, and when: asked by everyone who checks a network's signature. Without a key
 * document the root key signs everything; with one the keys in it do, and nobody else. Immutable.
 */
export class NetworkKeys implements Signatories {
  readonly network: string;
  /** The network's public key, which agents and auditors pin; 32 bytes. */
  readonly root: Uint8Array;
  /** Those known, in order: from the first on, or (`replacedBy`) only the newest. */
  readonly documents: readonly SignedKeyDocument[];
  /** What the newest of these documents lists, and what was over when a later one left it out. */
  readonly #keys: readonly RoleKey[];

  private constructor(network: string, root: Uint8Array, documents: readonly SignedKeyDocument[]) {
    this.network = network;
    this.root = root;
    this.documents = documents;
    this.#keys = documents.reduce<readonly RoleKey[]>((before, { document }) => {
      const epoch = epochAtMs(document.atMs, document);
      const over = before.filter((one) => endEpoch(one) <= epoch);
      return [
        ...over.filter((one) => !document.keys.some((listed) => isSameSpan(one, listed))),
        ...document.keys,
      ];
    }, []);
  }

  /** @param root must be admissible (`isAdmissibleKey`) */
  static ofRoot(network: string, root: Uint8Array): NetworkKeys {
    return new NetworkKeys(network, root, []);
  }

  /** With a chain of documents from the first on. */
  static read(network: string, root: Uint8Array, messages: readonly Uint8Array[]): KeysAnswer {
    let answer: KeysAnswer = { ok: true, keys: NetworkKeys.ofRoot(network, root), isNew: false };
    for (const message of messages) {
      answer = answer.keys.followedBy(message);
      if (!answer.ok) return answer;
    }
    return answer;
  }

  get newest(): SignedKeyDocument | undefined {
    return this.documents.at(-1);
  }

  /** Version of the newest document; 0 without any. */
  get version(): number {
    return this.newest?.document.version ?? 0;
  }

  /** With the next document of the chain: for those who keep all of them. */
  followedBy(message: Uint8Array): KeysAnswer {
    return this.#with(message, (signed, problem) =>
      problem === undefined ? this.documents.concat(signed) : problem,
    );
  }

  /**
   * With a newer document in place of those known, also when versions between them were never seen: for agents, which
   * receive the newest alone and check only what is signed now.
   */
  replacedBy(message: Uint8Array): KeysAnswer {
    return this.#with(message, (signed, problem) => {
      const isNext = this.version > 0 && signed.document.version === this.version + 1;
      return isNext && problem !== undefined ? problem : [signed];
    });
  }

  #with(
    message: Uint8Array,
    add: (signed: SignedKeyDocument, problem: string | undefined) => readonly SignedKeyDocument[] | string,
  ): KeysAnswer {
    const { newest } = this;
    if (newest !== undefined && equalBytes(newest.message, message)) {
      return { ok: true, keys: this, isNew: false };
    }
    const opened = keyDocumentMessage.open(message, this.network, this.root);
    if (!opened.ok || opened.value.network !== this.network) {
      const code = opened.ok ? "wrong_network" : opened.code;
      const why = `not a key document of "${this.network}" signed by its root key ${hotspotId(this.root)}: ${code}`;
      return { ok: false, code: "unreadable_keys", why };
    }
    const document = opened.value;
    const { version } = document;
    const weak = document.keys.find((one) => !this.#isKnown(one.key) && !isAdmissibleKey(one.key));
    if (weak !== undefined) {
      const why = `${nameOf(weak)} is not an admissible Ed25519 key`;
      return { ok: false, code: "unreadable_keys", why };
    }
    // A copy: the bytes may be part of a buffer that is used again.
    const kept = Uint8Array.from(message);
    const signed = { document, message: kept, hash: sha256(kept) };
    const known = this.documents.find((one) => one.document.version === version);
    if (known !== undefined && !equalBytes(known.hash, signed.hash)) {
      return { ok: false, code: "other_keys", why: `there are two key documents of version ${version}` };
    }
    if (version <= this.version) {
      const why = `version ${version} is older than ${this.version}, which is known`;
      return { ok: false, code: "old_keys", why };
    }
    const added = add(signed, successionProblemOfKeys(document, newest));
    return typeof added === "string"
      ? { ok: false, code: "other_keys", why: added }
      : { ok: true, keys: new NetworkKeys(this.network, this.root, added), isNew: true };
  }

  #isKnown(publicKey: Uint8Array): boolean {
    return this.#keys.some(({ key }) => equalBytes(key, publicKey));
  }

  /** Epoch of a time; 0 without a document, for then it plays no part. */
  epochAt(atMs: number): number {
    return this.newest === undefined ? 0 : epochAtMs(atMs, this.newest.document);
  }

  maySign(role: KeyRole, publicKey: Uint8Array, epoch: number): boolean {
    return this.#refusalIn(role, publicKey, epoch) === undefined;
  }

  refusal(role: KeyRole, publicKey: Uint8Array, atMs?: number): SignerRefusal | undefined {
    return this.#refusalIn(role, publicKey, atMs === undefined ? undefined : this.epochAt(atMs));
  }

  #refusalIn(role: KeyRole, publicKey: Uint8Array, epoch: number | undefined): SignerRefusal | undefined {
    if (this.newest === undefined) return equalBytes(publicKey, this.root) ? undefined : "wrong_signer";
    const own = this.#keys.filter((one) => one.role === role && equalBytes(one.key, publicKey));
    if (own.length === 0) return "wrong_signer";
    if (epoch === undefined || own.some((one) => signsIn(one, epoch))) return undefined;
    return own.some(({ revokedFromEpoch }) => (revokedFromEpoch ?? Number.POSITIVE_INFINITY) <= epoch)
      ? "key_revoked"
      : "key_not_in_force";
  }

  /** First epoch from which on nothing is taken from a key any more, however it is dated. */
  revokedFrom(publicKey: Uint8Array): number | undefined {
    const revoked = this.#keys.flatMap(({ key, revokedFromEpoch }) =>
      revokedFromEpoch !== null && equalBytes(key, publicKey) ? [revokedFromEpoch] : [],
    );
    return revoked.length === 0 ? undefined : Math.min(...revoked);
  }

  /** The keys that sign in a role in an epoch, those that began last first. */
  signing(role: KeyRole, epoch: number): Uint8Array[] {
    if (this.newest === undefined) return [this.root];
    return this.#keys
      .filter((one) => one.role === role && signsIn(one, epoch))
      .sort((a, b) => b.fromEpoch - a.fromEpoch)
      .map(({ key }) => key);
  }

  /** Epochs at which a role changes hands, after this one, ascending. */
  changesAfter(epoch: number): number[] {
    const epochs = this.#keys.flatMap((one) => [one.fromEpoch, endEpoch(one)]);
    return [...new Set(epochs)].filter((at) => at > epoch && Number.isFinite(at)).sort((a, b) => a - b);
  }

  /** Who signs in a role, for messages: `z6Mk… (from epoch 4 until 9)`. */
  describe(role: KeyRole): string {
    if (this.newest === undefined) return hotspotId(this.root);
    const own = this.#keys.filter((one) => one.role === role).map(describeKey);
    return own.length === 0 ? `nobody: no key has the role ${role}` : own.join(" or ");
  }

  /** Whether all that sign in an epoch according to `before` still do: else what they signed in it would count no more. */
  keeps(before: NetworkKeys, epoch: number): boolean {
    return KEY_ROLES.every((role) =>
      before.signing(role, epoch).every((key) => this.maySign(role, key, epoch)),
    );
  }

  /** Roles for which nobody signs in an epoch. */
  vacant(epoch: number): KeyRole[] {
    return KEY_ROLES.filter((role) => this.signing(role, epoch).length === 0);
  }
}

const signsIn = (one: RoleKey, epoch: number): boolean => epoch >= one.fromEpoch && epoch < endEpoch(one);

/** `z6Mk… (from epoch 4, revoked from epoch 9)` */
export function describeKey({ key, fromEpoch, untilEpoch, revokedFromEpoch }: RoleKey): string {
  const until = untilEpoch === null ? "" : ` until ${untilEpoch}`;
  const revoked = revokedFromEpoch === null ? "" : `, revoked from epoch ${revokedFromEpoch}`;
  return `${hotspotId(key)} (from epoch ${fromEpoch}${until}${revoked})`;
}
