import {
  type Clock,
  equalBytes,
  hotspotId,
  KEY_ROLES,
  type KeyRole,
  NetworkKeys,
  type NetworkParameters,
  type RoleSigners,
  type Signatories,
  type Signer,
} from "@earshot/protocol";
import { errorText } from "@earshot/protocol/runtime";

/** None of those whose turn it is has its private key here; the message says whose. */
export class MissingKeyError extends Error {
  override readonly name = "MissingKeyError";
}

/** Where documents and private keys come from. */
export interface KeySource {
  /**
   * All key documents, the first one first, and every private key that is here; `undefined` when nothing has changed since
   * the last call. @throws {Error} a sentence
   */
  read(): { documents: readonly Uint8Array[]; signers: readonly Signer[] } | undefined;
}

/**
 * Who signs for the network here and now: its key documents, and those private keys that this machine has. New documents
 * are taken from the source when it is asked to (`refresh`), never in the middle of anything.
 */
export class KeyRing implements RoleSigners, Signatories {
  readonly #source: KeySource;
  readonly #clock: Pick<Clock, "now">;
  #keys: NetworkKeys;
  #signers: readonly Signer[];
  #sourceProblem: string | undefined;

  private constructor(
    source: KeySource,
    clock: Pick<Clock, "now">,
    keys: NetworkKeys,
    signers: readonly Signer[],
  ) {
    this.#source = source;
    this.#clock = clock;
    this.#keys = keys;
    this.#signers = signers;
  }

  /** A network without key documents, whose root key is here. */
  static ofRoot(network: string, signer: Signer, clock: Pick<Clock, "now">): KeyRing {
    const nothing = { read: () => undefined };
    return new KeyRing(nothing, clock, NetworkKeys.ofRoot(network, signer.publicKey), [signer]);
  }

  /** @throws {Error} when documents or keys cannot be read, or are not the network's */
  static load(
    { network, ...clockwork }: Pick<NetworkParameters, "network" | "entropyPeriodMs" | "epochPeriods">,
    root: Uint8Array,
    source: KeySource,
    clock: Pick<Clock, "now">,
  ): KeyRing {
    const { documents, signers } = source.read() ?? { documents: [], signers: [] };
    const read = NetworkKeys.read(network, root, documents);
    const problem = read.ok ? clockworkProblem(read.keys, clockwork) : read.why;
    if (!read.ok || problem !== undefined) throw new Error(`The key documents do not fit: ${problem}`);
    return new KeyRing(source, clock, read.keys, signers);
  }

  /** What is known now; another object after each change. */
  get keys(): NetworkKeys {
    return this.#keys;
  }

  /** Every document, as signed. */
  get documents(): readonly Uint8Array[] {
    return this.#keys.documents.map(({ message }) => message);
  }

  /** @throws {MissingKeyError} */
  signerFor(role: KeyRole, atMs = this.#clock.now()): Signer {
    const epoch = this.#keys.epochAt(atMs);
    const found = this.#signerIn(role, epoch);
    if (found === undefined) throw new MissingKeyError(this.#missing(role, epoch));
    return found;
  }

  refusal(role: KeyRole, publicKey: Uint8Array, atMs?: number) {
    return this.#keys.refusal(role, publicKey, atMs);
  }

  /**
   * Takes in what is new at the source. Documents that do not fit are left alone, and told (`problem`).
   *
   * @param signedThroughMs when the newest thing was signed by the keys known so far: what counts then must stay
   * @returns whether there is a new document
   */
  refresh(signedThroughMs: number): boolean {
    try {
      const read = this.#source.read();
      if (read === undefined) return false;
      this.#signers = read.signers;
      return this.#take(read.documents, signedThroughMs);
    } catch (error) {
      this.#sourceProblem = errorText(error);
      return false;
    }
  }

  #take(documents: readonly Uint8Array[], signedThroughMs: number): boolean {
    const before = this.#keys;
    const read = NetworkKeys.read(before.network, before.root, documents);
    this.#sourceProblem = read.ok ? followProblem(read.keys, before, signedThroughMs) : read.why;
    if (!read.ok || this.#sourceProblem !== undefined) return false;
    this.#keys = read.keys;
    return read.keys.version > before.version;
  }

  /** What is wrong, or soon will be, with the keys; a sentence for `/healthz`. */
  problem(): string | undefined {
    if (this.#sourceProblem !== undefined) return `The key documents: ${this.#sourceProblem}`;
    const epoch = this.#keys.epochAt(this.#clock.now());
    for (const at of [epoch, ...this.#keys.changesAfter(epoch)]) {
      const role = KEY_ROLES.find((one) => this.#signerIn(one, at) === undefined);
      if (role !== undefined) return this.#missing(role, at);
    }
    return undefined;
  }

  #signerIn(role: KeyRole, epoch: number): Signer | undefined {
    for (const key of this.#keys.signing(role, epoch)) {
      const found = this.#signers.find(({ publicKey }) => equalBytes(publicKey, key));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #missing(role: KeyRole, epoch: number): string {
    const wanted = this.#keys.signing(role, epoch).map(hotspotId);
    const from = this.#keys.version === 0 ? "" : `, which signs from epoch ${epoch} on,`;
    return wanted.length === 0
      ? `No key has the role ${role} from epoch ${epoch} on: gateway keys rotate ${role}`
      : `The private key for ${role} is not here: that of ${wanted.join(" or ")}${from} is needed`;
  }
}

/** Both are the same for a network's life. */
export function clockworkProblem(
  { newest }: NetworkKeys,
  wanted: Pick<NetworkParameters, "entropyPeriodMs" | "epochPeriods">,
): string | undefined {
  if (newest === undefined) return undefined;
  for (const name of ["entropyPeriodMs", "epochPeriods"] as const) {
    const found = newest.document[name];
    if (found !== wanted[name])
      return `${name} is ${found} in them, but ${wanted[name]} in the configuration`;
  }
  return undefined;
}

/** Why documents must not be used in place of those known. */
function followProblem(keys: NetworkKeys, before: NetworkKeys, signedThroughMs: number): string | undefined {
  const isLonger = before.documents.every(({ hash }, i) => {
    const found = keys.documents[i];
    return found !== undefined && equalBytes(found.hash, hash);
  });
  if (!isLonger) {
    return `they end with version ${keys.version} or differ, but version ${before.version} is in use: put the file back`;
  }
  const epoch = keys.epochAt(signedThroughMs);
  if (keys.keeps(before, epoch)) return undefined;
  return `version ${keys.version} came too late: it changes who signs in epoch ${epoch}, in which others have signed. Take it back, and make another`;
}
