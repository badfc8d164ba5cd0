import { keccak_256 } from "@noble/hashes/sha3.js";
import { fromHex, utf8 } from "../encoding/bytes.ts";

/** An EVM account or contract: 20 bytes, written `0x` and 40 hex digits whose case is a checksum (ERC-55). */

const ADDRESS_PATTERN = /^0x[0-9a-fA-F]{40}$/;
const ADDRESS_LENGTH = 20;

/**
 * The 20 bytes of an address, or undefined if it is malformed or its checksum is wrong. All lower case is accepted
 * as an address without a checksum; all upper case is not, unless it happens to be the checksummed form.
 */
export function parseEvmAddress(text: string): Uint8Array | undefined {
  if (!ADDRESS_PATTERN.test(text)) return undefined;
  const bytes = fromHex(text);
  if (bytes === undefined) return undefined;
  return text === text.toLowerCase() || text === formatEvmAddress(bytes) ? bytes : undefined;
}

/**
 * The checksummed form (ERC-55): a letter is a capital where the digit at its place in the Keccak-256 of the lower-case
 * address (without `0x`) is 8 or more.
 * @throws {RangeError} if the address is not 20 bytes long.
 */
export function formatEvmAddress(bytes: Uint8Array): string {
  if (bytes.length !== ADDRESS_LENGTH) {
    throw new RangeError(`EVM address has ${bytes.length} bytes, must have ${ADDRESS_LENGTH}`);
  }
  const hex = bytes.toHex();
  const checksum = keccak_256(utf8(hex)).toHex();
  const digits = [...hex].map((digit, i) => ((checksum[i] as string) >= "8" ? digit.toUpperCase() : digit));
  return `0x${digits.join("")}`;
}
