import {
  type KeyRole,
  type KeysAnswer,
  NetworkKeys,
  type Signatories,
  type SignerRefusal,
} from "@earshot/protocol/hotspot";
import type { Outbox } from "../outbox/outbox.ts";

const FACT = "network_keys";

/**
 * Who signs for the network, as this hotspot knows: its configuration pins the root key, and the newest key document is
 * kept over restarts, so that nobody can hand it an older one.
 */
export class PinnedKeys implements Signatories {
  readonly #outbox: Pick<Outbox, "remember">;
  #keys: NetworkKeys;
  /** By the network's own time: that of its latest entropy. */
  #nowMs = 0;

  constructor(
    { name, publicKey }: { name: string; publicKey: Uint8Array },
    outbox: Pick<Outbox, "remember" | "recall">,
  ) {
    this.#outbox = outbox;
    const pinned = NetworkKeys.ofRoot(name, publicKey);
    // What another network's root signed is of no use once the configuration names this one.
    const kept = pinned.replacedBy(fromText(outbox.recall(FACT) ?? ""));
    this.#keys = kept.ok ? kept.keys : pinned;
  }

  get known(): NetworkKeys {
    return this.#keys;
  }

  /** A key document came. */
  accept(message: Uint8Array): KeysAnswer {
    const answer = this.#keys.replacedBy(message);
    if (!answer.ok || !answer.isNew) return answer;
    this.#keys = answer.keys;
    this.#outbox.remember(FACT, message.toBase64());
    return answer;
  }

  /** An epoch has begun when the network's entropy says so, whatever this machine's clock shows. */
  onEntropy(atMs: number): void {
    this.#nowMs = atMs;
  }

  /** Of a key that is revoked by now nothing counts, however it is dated. */
  refusal(role: KeyRole, publicKey: Uint8Array, atMs?: number): SignerRefusal | undefined {
    const refusal = this.#keys.refusal(role, publicKey, atMs);
    if (refusal !== undefined) return refusal;
    const revokedFrom = this.#keys.revokedFrom(publicKey);
    const isRevoked = revokedFrom !== undefined && revokedFrom <= this.#keys.epochAt(this.#nowMs);
    return isRevoked ? "key_revoked" : undefined;
  }
}

function fromText(text: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return new Uint8Array();
  }
}
