/** CRC-24Q: polynomial x²⁴+x²³+x¹⁸+x¹⁷+x¹⁴+x¹¹+x¹⁰+x⁷+x⁶+x⁵+x⁴+x³+x+1, from 0, not reflected (RTCM 10403, Qualcomm). */
const POLYNOMIAL = 0x1864cfb;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 16;
  for (let bit = 0; bit < 8; bit += 1) {
    crc <<= 1;
    if ((crc & 0x1000000) !== 0) crc ^= POLYNOMIAL;
  }
  return crc;
});

/** CRC-24Q of `bytes`. Over a frame and its own checksum it is 0. */
export function crc24q(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = ((crc << 8) & 0xffffff) ^ (TABLE[(crc >>> 16) ^ byte] ?? 0);
  return crc;
}
