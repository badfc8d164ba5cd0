import { hkdfSync } from "node:crypto";
import type { Signer } from "../crypto/ed25519.ts";
import { sha256 } from "../crypto/sha256.ts";
import { concatBytes, equalBytes, u32, utf8 } from "../encoding/bytes.ts";

/*
 * A hotspot commits to one secret value for each beacon window before anybody knows the entropy of that window:
 *
 *   chain c covers the windows c·L … c·L + L − 1, with L = CHAIN_WINDOWS
 *   label = SHA-256("earshot-chain" ‖ network ‖ 00 ‖ public key ‖ c as u32)[0..16]
 *   v_L   = the chain's secret, which only the hotspot's key can make
 *   v_i   = SHA-256(v_i+1 ‖ label)
 *   v_0   is the head: the commitment. Window c·L + k reveals v_k+1.
 *
 * So each value can be checked against the head, and none can be computed from those revealed before it.
 */

/** Beacon windows of one chain: 32 days of windows of six hours. */
export const CHAIN_WINDOWS = 128;
export const VALUE_BYTES = 32;
const LABEL_BYTES = 16;

/** What a hotspot announces of a chain, signed, in its status packets. */
export interface Commitment {
  /** Number of the chain: `chainOf` of its windows. */
  chain: number;
  /** v_0, 32 bytes. */
  head: Uint8Array;
}

export const chainOf = (window: number): number => Math.floor(window / CHAIN_WINDOWS);

/** How many hashes lead from a window's value to the head. */
const stepsOf = (window: number): number => (window % CHAIN_WINDOWS) + 1;

const namesOf = (network: string, publicKey: Uint8Array, chain: number): Uint8Array =>
  concatBytes(utf8("earshot-chain"), utf8(network), Uint8Array.of(0), publicKey, u32(chain));

const labelOf = (network: string, publicKey: Uint8Array, chain: number): Uint8Array =>
  sha256(namesOf(network, publicKey, chain)).subarray(0, LABEL_BYTES);

/** The value `steps` nearer to the head. Value and label fill one block of SHA-256. */
function hashedDown(value: Uint8Array, label: Uint8Array, steps: number): Uint8Array {
  let lower = value;
  for (let i = 0; i < steps; i++) lower = sha256(lower, label);
  return lower;
}

/**
 * The value of an earlier window, which follows from that of a later one.
 * @throws {RangeError} unless both windows are of one chain, in this order
 */
export function earlierValue(
  network: string,
  publicKey: Uint8Array,
  { window, value }: { window: number; value: Uint8Array },
  earlier: number,
): Uint8Array {
  if (chainOf(earlier) !== chainOf(window) || earlier > window)
    throw new RangeError(`Window ${earlier} is not before ${window} in its chain`);
  return hashedDown(value, labelOf(network, publicKey, chainOf(window)), window - earlier);
}

/**
 * The secret of which all chains of a hotspot in a network are made: HKDF-SHA256 (RFC 5869) of a signature that is never
 * published. It needs nothing stored, and nothing of a key but that it signs: a key in a file, in a secure element and on
 * another machine give the same chains. Whoever could compute it could forge that signature.
 *
 * @throws {TypeError} if the signer does not sign as RFC 8032 says, the same text always alike: its chains would change
 *   with each start
 */
function chainSecret(signer: Signer, network: string): Uint8Array {
  // No packet or message: what is signed of those begins with 0x84 (`Sig_structure`).
  const text = concatBytes(utf8("earshot-chain-secret"), utf8(network));
  const signature = signer.sign(text);
  if (!equalBytes(signature, signer.sign(text)))
    throw new TypeError(
      "The key signs one text in two ways (RFC 8032 has one): its beacons cannot be proven",
    );
  return signature;
}

/** A chain's values by place: the head is first. */
type Chain = readonly Uint8Array[];

/** Chains that are kept: the current one and the next, and the one before while its last beacon is being reported. */
const MAX_CHAINS = 3;

/** The hotspot's own chains, made when they are asked for. */
export class BeaconChains {
  readonly #network: string;
  readonly #publicKey: Uint8Array;
  readonly #secret: Uint8Array;
  readonly #chains = new Map<number, Chain>();

  /** @throws {TypeError} if the signer's signatures of one text differ */
  constructor(signer: Signer, network: string) {
    this.#network = network;
    this.#publicKey = signer.publicKey;
    this.#secret = chainSecret(signer, network);
  }

  commitment(chain: number): Commitment {
    return { chain, head: this.#chain(chain)[0] as Uint8Array };
  }

  /** What the beacon report of this window reveals. Secret until then. */
  valueOf(window: number): Uint8Array {
    return this.#chain(chainOf(window))[stepsOf(window)] as Uint8Array;
  }

  #chain(chain: number): Chain {
    const known = this.#chains.get(chain);
    if (known !== undefined) return known;
    const made = this.#make(chain);
    this.#chains.set(chain, made);
    const oldest = Math.min(...this.#chains.keys());
    if (this.#chains.size > MAX_CHAINS) this.#chains.delete(oldest);
    return made;
  }

  #make(chain: number): Chain {
    const names = namesOf(this.#network, this.#publicKey, chain);
    const label = labelOf(this.#network, this.#publicKey, chain);
    const secret = hkdfSync("sha256", this.#secret, new Uint8Array(), names, VALUE_BYTES);
    let value: Uint8Array = new Uint8Array(secret);
    const values = [value];
    while (values.length <= CHAIN_WINDOWS) {
      value = hashedDown(value, label, 1);
      values.push(value);
    }
    return values.reverse();
  }
}

/** A value that leads to a head, and its distance from it. */
interface Checked {
  head: Uint8Array;
  steps: number;
  value: Uint8Array;
}

/** Hotspots whose latest value is remembered. */
const MAX_CHECKED = 65_536;

/**
 * Checks revealed values against heads: with at most `CHAIN_WINDOWS` hashes, and a few where a value of the same chain was
 * checked before. What is remembered cannot change an answer: where it does not confirm a value, all hashes are made.
 */
export class ChainChecker {
  readonly #network: string;
  /** By public key (hex) and chain; the longest unused first. */
  readonly #checked = new Map<string, Checked>();

  constructor(network: string) {
    this.#network = network;
  }

  /** Whether `value` is that of the window in the chain with this head. */
  isValue(publicKey: Uint8Array, window: number, value: Uint8Array, head: Uint8Array): boolean {
    const chain = chainOf(window);
    const key = `${publicKey.toHex()} ${chain}`;
    const label = labelOf(this.#network, publicKey, chain);
    const steps = stepsOf(window);
    const known = this.#checked.get(key);
    if (known !== undefined && equalBytes(known.head, head) && isBetween(known, { steps, value }, label)) {
      if (steps > known.steps) this.#keep(key, { head, steps, value });
      return true;
    }
    if (!equalBytes(hashedDown(value, label, steps), head)) return false;
    this.#keep(key, { head, steps, value });
    return true;
  }

  #keep(key: string, checked: Checked): void {
    this.#checked.delete(key);
    this.#checked.set(key, checked);
    const [oldest] = this.#checked.keys();
    if (this.#checked.size > MAX_CHECKED && oldest !== undefined) this.#checked.delete(oldest);
  }
}

/** Whether one of two values of a chain leads to the other. */
function isBetween(a: Omit<Checked, "head">, b: Omit<Checked, "head">, label: Uint8Array): boolean {
  const [near, far] = a.steps < b.steps ? [a, b] : [b, a];
  return equalBytes(hashedDown(far.value, label, far.steps - near.steps), near.value);
}
