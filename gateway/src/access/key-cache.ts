import { importKey, isAdmissibleKey, publicKeyOf, type VerifyingKey } from "@earshot/protocol";
import { BoundedMap } from "@earshot/protocol/runtime";

export interface KnownKey {
  publicKey: Uint8Array;
  key: VerifyingKey;
}

/** What an id stands for: a key ready to verify with, or why there is none. */
type KeyLookup = KnownKey | "unknown_user" | "inadmissible_key";

/**
 * Keys by hotspot id. Admission and import take a millisecond, so they are kept, refusals too; least recently used
 * first out.
 */
export class KeyCache {
  readonly #keys: BoundedMap<string, KeyLookup>;

  constructor(limit = 16_384) {
    this.#keys = new BoundedMap(limit);
  }

  get(id: string): KeyLookup {
    const known = this.#keys.get(id);
    if (known !== undefined) return known;
    const looked = lookUp(id);
    // Not an id at all: refused at once next time too, and no memory spent on inventions.
    if (looked !== "unknown_user") this.#keys.set(id, looked);
    return looked;
  }
}

function lookUp(id: string): KeyLookup {
  const publicKey = publicKeyOf(id);
  if (publicKey === undefined) return "unknown_user";
  return isAdmissibleKey(publicKey) ? { publicKey, key: importKey(publicKey) } : "inadmissible_key";
}
