import {
  BeaconChains,
  CHAIN_WINDOWS,
  type Commitment,
  type CommitmentNotice,
  chainOf,
  equalBytes,
  type Signer,
} from "@earshot/protocol/hotspot";
import { errorText } from "@earshot/protocol/runtime";

/** Why no beacon of a window would count. */
export interface Uncommitted {
  why: string;
  /** From when on they count, by the network's time; absent where that is not known. */
  fromMs?: number;
}

/** What this hotspot commits to with its status packets, and what the network says that it has of it. */
export class OwnCommitments {
  readonly #chains: BeaconChains | string;
  /** `null`: the network has not said. */
  #accepted: readonly CommitmentNotice[] | null = null;

  constructor(signer: Signer, network: string) {
    this.#chains = chainsOf(signer, network);
  }

  /** Why this key can make no beacons, if it cannot. */
  get problem(): string | undefined {
    return typeof this.#chains === "string" ? this.#chains : undefined;
  }

  /** The current chain and the next, so that a hotspot that was away for weeks can beacon at once. */
  announced(window: number | undefined): Commitment[] | null {
    const chains = this.#chains;
    if (window === undefined || typeof chains === "string") return null;
    return [chainOf(window), chainOf(window) + 1].map((chain) => chains.commitment(chain));
  }

  /** @throws {TypeError} where there is a `problem` */
  valueOf(window: number): Uint8Array {
    if (typeof this.#chains === "string") throw new TypeError(this.#chains);
    return this.#chains.valueOf(window);
  }

  /** From a receipt; null where it does not tell. */
  confirm(accepted: readonly CommitmentNotice[] | null): void {
    this.#accepted = accepted ?? this.#accepted;
  }

  /** `undefined` where a beacon of the window counts, or nothing is known against it. @param windowMs begin of the window */
  uncommitted(window: number, windowMs: number): Uncommitted | undefined {
    if (this.#accepted === null || typeof this.#chains === "string") return undefined;
    const chain = chainOf(window);
    const accepted = this.#accepted.find((one) => one.chain === chain);
    if (accepted === undefined)
      return { why: "the network has not confirmed yet what this hotspot commits to" };
    if (!equalBytes(accepted.head, this.#chains.commitment(chain).head)) {
      const left = (chain + 1) * CHAIN_WINDOWS - window;
      return {
        why: `the network has another commitment of this hotspot, which counts for ${left} windows more: another agent may run with this key`,
      };
    }
    if (accepted.countsFromMs <= windowMs) return undefined;
    return { why: "a new commitment counts from the network's next epoch on", fromMs: accepted.countsFromMs };
  }
}

function chainsOf(signer: Signer, network: string): BeaconChains | string {
  try {
    return new BeaconChains(signer, network);
  } catch (error) {
    return errorText(error);
  }
}
