const POLYNOMIAL = 0xa001;

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1;
  }
  return remainder;
});

/** CRC-16 of Modbus RTU (Modbus over Serial Line V1.02, 6.2.2); sent low byte first. */
export function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] as number);
  return crc;
}

/** The bytes with their checksum behind them. */
export function withCrc16(bytes: ArrayLike<number>): Uint8Array {
  const frame = new Uint8Array(bytes.length + 2);
  frame.set(bytes);
  new DataView(frame.buffer).setUint16(bytes.length, crc16(frame.subarray(0, -2)), true);
  return frame;
}

/** Whether the last two bytes are the checksum of those before. */
export function hasGoodCrc16(frame: Uint8Array): boolean {
  const crc = crc16(frame.subarray(0, -2));
  return frame.at(-2) === (crc & 0xff) && frame.at(-1) === crc >>> 8;
}
