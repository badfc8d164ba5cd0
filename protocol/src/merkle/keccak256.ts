import { keccakF1600 } from "./keccak-f-wasm.ts";

/**
 * Keccak-256 as Ethereum uses it (padding 0x01 … 0x80, not SHA-3's 0x06) over whole 32-bit words, without an object
 * per hash. Words are taken as they lie in memory, so that a Uint32Array over bytes is hashed as those bytes.
 */
export interface Keccak256 {
  /** Takes `count` words of the message, from word `from` on. */
  absorb(words: Uint32Array, from: number, count: number): void;
  /** Ends the message: writes its hash, eight words, at word `at`; the next message may begin. */
  digest(into: Uint32Array, at: number): void;
}

export const HASH_WORDS = 8;
const RATE_BYTES = 136;
const RATE_WORDS = RATE_BYTES / 4;
const STATE_WORDS = 50;

export function createKeccak256(): Keccak256 {
  const { state, permute } = keccakF1600();
  const words = new Uint32Array(state, 0, STATE_WORDS);
  const bytes = new Uint8Array(state, 0, RATE_BYTES);
  let position = 0;
  return {
    absorb(message, from, count) {
      for (let i = from; i < from + count; i++) {
        words[position] = (words[position] as number) ^ (message[i] as number);
        position += 1;
        if (position === RATE_WORDS) {
          permute();
          position = 0;
        }
      }
    },
    digest(into, at) {
      bytes[4 * position]! ^= 0x01;
      bytes[RATE_BYTES - 1]! ^= 0x80;
      permute();
      for (let i = 0; i < HASH_WORDS; i++) into[at + i] = words[i] as number;
      words.fill(0);
      position = 0;
    },
  };
}
