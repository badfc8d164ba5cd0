/** In 32 random bytes the same one stands eight times in a row less than once in 10^15 keys. */
const LONGEST_RUN = 8;
/** 32 random bytes have 30 different ones on average, and fewer than 16 less than once in 10^12 keys. */
const FEWEST_DIFFERENT = 16;

/**
 * Why 32 bytes cannot be a random private key, as a sentence's end ("it holds …"), or `undefined` when they may be one.
 * A memory card that lost a write gives zeros or ones, people write text or copy an example's key: whoever guesses
 * such a key is this hotspot. Says nothing that gives the key away.
 */
export function seedWeakness(seed: Uint8Array): string | undefined {
  if (longestRun(seed) >= LONGEST_RUN)
    return "one byte many times in a row, as a damaged memory card leaves it";
  if (seed.every((byte) => byte >= 0x20 && byte < 0x7f)) return "text";
  const steps = new Set([...seed].slice(1).map((byte, i) => (byte - (seed[i] ?? 0)) & 0xff));
  if (steps.size === 1) return "bytes that can be counted";
  if (new Set(seed).size < FEWEST_DIFFERENT) return "hardly any different bytes";
  return undefined;
}

function longestRun(bytes: Uint8Array): number {
  let longest = 0;
  let run = 0;
  for (const [i, byte] of bytes.entries()) {
    run = byte === bytes[i - 1] ? run + 1 : 1;
    longest = Math.max(longest, run);
  }
  return longest;
}
