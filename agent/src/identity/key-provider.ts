import type { Signer } from "@earshot/protocol/hotspot";

/** Where the hotspot's private key lives: a file, later a TPM or a secure element. */
export interface KeyProvider {
  /** For messages: what it is and where. */
  readonly description: string;
  /**
   * The signer, whose key is made first if there is none.
   *
   * @throws {KeyError} that says what is wrong with the key and what to do
   */
  open(): Signer;
  /**
   * The signer, or `undefined` when there is no key yet: makes none.
   *
   * @throws {KeyError}
   */
  openExisting(): Signer | undefined;
}

/** The key cannot be used; the message says what to do. Never holds key material. */
export class KeyError extends Error {
  override readonly name = "KeyError";
}
