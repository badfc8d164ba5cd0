import type { LatestContacts } from "@earshot/protocol";
import type { Bundle } from "./bundle.ts";
import type { InTurns } from "./in-turns.ts";

export interface KeptBundle {
  name: string;
  bundle: Bundle;
  closedAtMs: number;
  /** It was not there before. */
  isNew: boolean;
}

/** Makes the bundle, given when its epoch was closed. */
export type Encode = (closedAtMs: number) => InTurns<Bundle>;

interface Closing {
  epoch: number;
  network: string;
  closedAtMs: number;
  /** Fencing number of who closes. */
  owner: number;
}

/**
 * Where a gateway keeps the bundles of its closed epochs, by name (`bundleName`): each is there whole or not at all.
 * `bundleStoreContract` is what every one must do. What is synchronous must be: a run in virtual time must not depend on
 * when something outside the process answers.
 */
export interface BundleStore {
  /**
   * Keeps the epoch's bundle if there is one with the same content, else writes it: closing an epoch again changes no
   * byte. Removes nothing: who does not own the store any more must not.
   */
  keepOrWrite(closing: Closing, encode: Encode): InTurns<KeptBundle>;
  /** One epoch has one bundle: removes all but the one that is recorded. */
  removeOthers(epoch: number, recorded: string): void;
  /** Nothing happens when it is not there. */
  remove(name: string): void;
  /** Takes a bundle of an epoch that was not over out of the others, and keeps it. */
  setAside(name: string): void;
  /** The contacts before its epoch, by hotspot id; `undefined` when the file is missing or damaged. */
  contacts(name: string): ReadonlyMap<string, LatestContacts> | undefined;
  /** Its manifest's bytes; `undefined` when the file is missing. */
  manifest(name: string): Uint8Array | undefined;
  /** Keeps the proof that its manifest is in the network's log, as the file `PROOF_FILE`; nothing happens without the bundle. */
  keepProof(name: string, proof: string): void;
  /** Whether it has one, or is not there itself. */
  hasProof(name: string): boolean;
  /** One of its files, by name; `undefined` when it is not there, or is no plain file. */
  file(name: string, file: string): Promise<Blob | undefined>;
}
