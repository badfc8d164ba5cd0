import { importKey, isAdmissibleKey, type VerifyingKey, verifyEd25519 } from "@earshot/protocol";
import { BoundedMap } from "@earshot/protocol/runtime";

/** A signature to be checked; without a message and signature only whether the key is admissible. */
export interface SignatureJob {
  /** 32 bytes. */
  publicKey: Uint8Array;
  message: Uint8Array;
  signature: Uint8Array;
}

export const INVALID = 0;
export const VALID = 1;
/** The key may sign nothing: it is not canonical or not of prime order. */
export const INADMISSIBLE = 2;

const NOTHING = new Uint8Array();

/** Asks for a key's admission only: the answer is `INVALID` for an admissible key. */
export const admissionOf = (publicKey: Uint8Array): SignatureJob => ({
  publicKey,
  message: NOTHING,
  signature: NOTHING,
});

/** Signatures that are being checked. */
export interface PendingSignatures {
  /** Whether `answers` has them already. */
  readonly isReady: boolean;
  /** `VALID`, `INVALID` or `INADMISSIBLE` for each job, in order. */
  answers(): Uint8Array | Promise<Uint8Array>;
}

/** Checks signatures: here, or in other threads. */
export interface SignatureChecker {
  /** Begins at once. The jobs' bytes must not change afterwards. */
  start(jobs: readonly SignatureJob[]): PendingSignatures;
}

/** Admitting a key takes a millisecond, so it is remembered; of so many hotspots at most, or memory would have no limit. */
const MAX_KEYS = 200_000;

/** Checks signatures in this thread, one after the other, and knows keys that it has seen. */
export class InlineChecker implements SignatureChecker {
  readonly #keys = new BoundedMap<string, VerifyingKey | null>(MAX_KEYS);

  start(jobs: readonly SignatureJob[]): PendingSignatures {
    const answers = Uint8Array.from(jobs, (job) => this.check(job));
    return { isReady: true, answers: () => answers };
  }

  check({ publicKey, message, signature }: SignatureJob): number {
    const key = this.#keyOf(publicKey);
    if (key === null) return INADMISSIBLE;
    return verifyEd25519(key, message, signature) ? VALID : INVALID;
  }

  #keyOf(publicKey: Uint8Array): VerifyingKey | null {
    const name = publicKey.toHex();
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const key = isAdmissibleKey(publicKey) ? importKey(publicKey) : null;
    this.#keys.set(name, key);
    return key;
  }
}
