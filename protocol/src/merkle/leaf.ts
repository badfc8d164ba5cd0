/** What one hotspot may claim in total, up to and including an epoch. */
export interface Leaf {
  chainId: bigint;
  /** The distributor contract, 20 bytes. */
  contract: Uint8Array;
  /** The hotspot's public key, 32 bytes. */
  hotspot: Uint8Array;
  /** The account that is paid, 20 bytes. */
  payee: Uint8Array;
  /** The sum of all amounts ever awarded, in the token's smallest unit. */
  cumulative: bigint;
}

export const LEAF_ENCODING: readonly string[] = ["uint256", "address", "bytes32", "address", "uint256"];

/** Five words of 32 bytes: each value of `LEAF_ENCODING`, numbers and addresses padded with zeros on the left. */
export const ENCODED_LEAF_LENGTH = 5 * 32;

const MAX_UINT256 = (1n << 256n) - 1n;

/**
 * Writes abi.encode(chainId, contract, hotspot, payee, cumulative).
 * @param into `ENCODED_LEAF_LENGTH` bytes, zeros at first; may be used again for the next leaf.
 * @throws {RangeError} if a number does not fit uint256 or bytes have the wrong length.
 */
export function encodeLeaf(leaf: Leaf, into: DataView<ArrayBuffer>): void {
  writeUint256(into, 0, "chainId", leaf.chainId);
  writeRight(into, 64, "contract", leaf.contract, 20);
  writeRight(into, 96, "hotspot", leaf.hotspot, 32);
  writeRight(into, 128, "payee", leaf.payee, 20);
  writeUint256(into, 128, "cumulative", leaf.cumulative);
}

function writeUint256(into: DataView, offset: number, name: string, value: bigint): void {
  if (value < 0n || value > MAX_UINT256) throw new RangeError(`${name} is ${value}, must fit uint256`);
  for (let at = 24, rest = value; at >= 0; at -= 8, rest >>= 64n) into.setBigUint64(offset + at, rest);
}

function writeRight(into: DataView, end: number, name: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) throw new RangeError(`${name} has ${bytes.length} bytes, must have ${length}`);
  const start = end - length;
  for (let i = 0; i < length; i++) into.setUint8(start + i, bytes[i] as number);
}
