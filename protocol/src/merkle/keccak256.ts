/**
 * Keccak-256 as Ethereum uses it (padding 0x01 … 0x80, not SHA-3's 0x06) over whole 32-bit words, without an object
 * per hash. Words are read as they lie in memory, so that a Uint32Array over bytes is hashed as those bytes.
 */
export interface Keccak256 {
  /** Adds `count` words to the message, from word `from` on. */
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

/**
 * The permutation Keccak-f[1600] (FIPS 202, section 3) as a WebAssembly module, assembled here from the standard's
 * own steps. WebAssembly because it has 64-bit rotations: pairs of 32-bit numbers in JavaScript take two to five
 * times as long, and a tree of a million leaves permutes four million times.
 *
 *     locals   A: lanes before the step, A[x + 5y]   B: after ρ and π   C: parity of each column   D: θ's effect
 *     memory   bytes 0 … 199 the 25 lanes, little-endian   bytes 200 … 391 the 24 round constants of ι
 */

const ROUNDS = 24;
const LANES = 25;
const LANE_BYTES = 8;

const A = (lane: number) => lane;
const B = (lane: number) => LANES + lane;
const C = (x: number) => 2 * LANES + (x % 5);
const D = (x: number) => 2 * LANES + 5 + (x % 5);
const LOCALS = 2 * LANES + 10;

/** WebAssembly Core Specification 2.0, section 5.4: the few instructions that the permutation takes. */
const I64 = 0x7e;
const END = 0x0b;
const XOR = 0x85;
const AND = 0x83;
const ROTATE_LEFT = 0x89;
const get = (local: number) => [0x20, local];
const set = (local: number) => [0x21, local];
/** A number of −64 … 63, which takes one byte. */
const constant = (value: number) => [0x42, value & 0x7f];
/** Both take the address that was pushed before them, always 0 here, and add the lane's. */
const load = (lane: number) => [0x29, 3, ...length(lane * LANE_BYTES)];
const store = (lane: number) => [0x37, 3, ...length(lane * LANE_BYTES)];
const ADDRESS_0 = [0x41, 0];

/** LEB128 of an unsigned number. */
const length = (value: number): number[] =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...length(value >>> 7)];

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const allLanes = range(LANES);

/** The distance of ρ for each lane (FIPS 202, algorithm 2). */
function rotations(): number[] {
  const distances = new Array<number>(LANES).fill(0);
  for (let t = 0, x = 1, y = 0; t < ROUNDS; t++) {
    distances[x + 5 * y] = (((t + 1) * (t + 2)) / 2) % 64;
    [x, y] = [y, (2 * x + 3 * y) % 5];
  }
  return distances;
}

/** The round constants of ι from their shift register (FIPS 202, algorithms 5 and 6). */
function roundConstants(): bigint[] {
  let register = 1;
  return range(ROUNDS).map(() => {
    let constant = 0n;
    for (let j = 0; j <= 6; j++) {
      if (register & 1) constant |= 1n << BigInt(2 ** j - 1);
      register = (register << 1) ^ (register & 0x80 ? 0x171 : 0);
    }
    return constant;
  });
}

/** C[x] = A[x,0] ⊕ … ⊕ A[x,4];  D[x] = C[x − 1] ⊕ (C[x + 1] <<< 1). */
const theta = (): number[] => [
  ...range(5).flatMap((x) => [
    ...get(A(x)),
    ...[5, 10, 15, 20].flatMap((row) => [...get(A(x + row)), XOR]),
    ...set(C(x)),
  ]),
  ...range(5).flatMap((x) => [
    ...get(C(x + 4)),
    ...get(C(x + 1)),
    ...constant(1),
    ROTATE_LEFT,
    XOR,
    ...set(D(x)),
  ]),
];

/** The end of θ, then B[y, 2x + 3y] = A[x, y] <<< distance. */
function rhoAndPi(): number[] {
  const distances = rotations();
  return allLanes.flatMap((lane) => {
    const [x, y] = [lane % 5, Math.floor(lane / 5)];
    const target = y + 5 * ((2 * x + 3 * y) % 5);
    const moved = [...get(A(lane)), ...get(D(x)), XOR, ...constant(distances[lane] as number), ROTATE_LEFT];
    return [...moved, ...set(B(target))];
  });
}

/** A[x, y] = B[x, y] ⊕ (¬B[x + 1, y] ∧ B[x + 2, y]). */
const chi = (): number[] =>
  allLanes.flatMap((lane) => {
    const inRow = (offset: number) => lane - (lane % 5) + ((lane + offset) % 5);
    const next = [...get(B(inRow(1))), ...constant(-1), XOR];
    return [...get(B(lane)), ...next, ...get(B(inRow(2))), AND, XOR, ...set(A(lane))];
  });

/** A[0, 0] = A[0, 0] ⊕ the round's constant. */
const iota = (round: number): number[] => [
  ...get(A(0)),
  ...ADDRESS_0,
  ...load(LANES + round),
  XOR,
  ...set(A(0)),
];

function assemble(): Uint8Array<ArrayBuffer> {
  const round = [...theta(), ...rhoAndPi(), ...chi()];
  const body = [
    ...[1, LOCALS, I64],
    ...allLanes.flatMap((lane) => [...ADDRESS_0, ...load(lane), ...set(A(lane))]),
    ...range(ROUNDS).flatMap((index) => [...round, ...iota(index)]),
    ...allLanes.flatMap((lane) => [...ADDRESS_0, ...get(A(lane)), ...store(lane)]),
    END,
  ];
  const section = (id: number, content: number[]) => [id, ...length(content.length), ...content];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // magic number and version
    ...section(1, [1, 0x60, 0, 0]), // types: one function, nothing in, nothing out
    ...section(3, [1, 0]), // functions: one, of that type
    ...section(5, [1, 0, 1]), // memories: one of 64 KiB
    ...section(7, [2, ...[1, 0x66, 0, 0], ...[1, 0x6d, 2, 0]]), // exports: function 0 as f, memory 0 as m
    ...section(10, [1, ...length(body.length), ...body]), // code
  ]);
}

interface Permutation {
  /** The 25 lanes, 200 bytes, least significant byte of a lane first. */
  readonly state: ArrayBuffer;
  /** Permutes `state` in place. */
  permute(): void;
}

/** A new state of zeros with the permutation over it. The first 200 bytes of `state` count. */
export function keccakF1600(): Permutation {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assemble()));
  const state = (exports.m as WebAssembly.Memory).buffer as ArrayBuffer;
  const constants = new DataView(state, LANES * LANE_BYTES);
  for (const [round, value] of roundConstants().entries())
    constants.setBigUint64(round * LANE_BYTES, value, true);
  return { state, permute: exports.f as () => void };
}
