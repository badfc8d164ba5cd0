/** "expand 32-byte k" (RFC 8439 §2.3), little endian. */
const SIGMA = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574] as const;
const KEY_BYTES = 32;
const WORDS_PER_BLOCK = 16;
const DOUBLE_ROUNDS = 6;

/** The words that each quarter round mixes: columns, then diagonals (RFC 8439 §2.3). */
const QUARTERS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;

/**
 * The first `count` 32-bit words of ChaCha with 12 rounds, counter from 0 (64 bits, as Bernstein's original has it)
 * and nonce 0: what rand_chacha's generator gives from a seed.
 * @throws {RangeError} if the key has not 32 bytes
 */
export function chacha12Words(key: Uint8Array, count: number): Uint32Array {
  if (key.length !== KEY_BYTES)
    throw new RangeError(`ChaCha key has ${key.length} bytes; ${KEY_BYTES} are needed`);
  const words = new Uint32Array(Math.ceil(count / WORDS_PER_BLOCK) * WORDS_PER_BLOCK);
  const state = initialState(key);
  for (let block = 0; block * WORDS_PER_BLOCK < count; block++) {
    state[12] = block;
    words.set(mixed(state), block * WORDS_PER_BLOCK);
  }
  return words.subarray(0, count);
}

function initialState(key: Uint8Array): Uint32Array {
  const view = new DataView(key.buffer, key.byteOffset, KEY_BYTES);
  const state = new Uint32Array(WORDS_PER_BLOCK);
  state.set(SIGMA);
  for (let i = 0; i < 8; i++) state[4 + i] = view.getUint32(4 * i, true);
  return state;
}

function mixed(state: Uint32Array): Uint32Array {
  const mix = state.slice();
  for (let round = 0; round < DOUBLE_ROUNDS; round++) {
    for (const [a, b, c, d] of QUARTERS) quarterRound(mix, a, b, c, d);
  }
  return mix.map((word, i) => word + (state[i] as number));
}

function quarterRound(w: Uint32Array, a: number, b: number, c: number, d: number): void {
  addAndRotate(w, a, b, d, 16);
  addAndRotate(w, c, d, b, 12);
  addAndRotate(w, a, b, d, 8);
  addAndRotate(w, c, d, b, 7);
}

/** w[to] += w[by]; w[into] = (w[into] ^ w[to]) <<< bits */
function addAndRotate(w: Uint32Array, to: number, by: number, into: number, bits: number): void {
  w[to] = (w[to] as number) + (w[by] as number);
  const mixed = (w[into] as number) ^ (w[to] as number);
  w[into] = (mixed << bits) | (mixed >>> (32 - bits));
}
