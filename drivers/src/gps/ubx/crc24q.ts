const POLYNOMIAL = 0x864cfb;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 16;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc << 1) ^ (crc & 0x800000 ? POLYNOMIAL : 0);
  return crc & 0xffffff;
});

/** CRC-24Q, which ends every RTCM 3 frame (RTCM 10403.3, transport layer): 24 bits, first one zero, nothing inverted. */
export function crc24q(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = ((crc << 8) & 0xffffff) ^ (TABLE[(crc >> 16) ^ byte] ?? 0);
  return crc;
}
