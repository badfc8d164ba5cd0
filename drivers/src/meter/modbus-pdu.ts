/**
 * What is asked of a Modbus device and what it answers (Modbus Application Protocol V1.1b3, 6.3, 6.4 and 7):
 *
 *     request    function | first address, 2 bytes | count, 2 bytes
 *     answer     function | bytes that follow      | registers, high byte first
 *     exception  function with bit 7 | code
 */
export interface ReadRequest {
  /** 3 holding registers, 4 input registers. */
  function: 3 | 4;
  /** Of the first register, as on the wire: from 0. */
  address: number;
  /** Registers, 1 to 125. */
  count: number;
}

/** Most registers that one request may ask for. */
export const MAX_REGISTERS = 125;

const EXCEPTION_CODES = {
  1: "illegal-function",
  2: "illegal-address",
  3: "illegal-value",
  4: "device-failure",
  5: "acknowledge",
  6: "busy",
  8: "memory-parity",
  10: "gateway-path",
  11: "gateway-target",
} as const;

export type ExceptionName = (typeof EXCEPTION_CODES)[keyof typeof EXCEPTION_CODES] | "unknown-exception";

/** Registers as big-endian bytes, two each; or why there are none. */
export type ReadResult =
  | { ok: true; registers: DataView }
  | { ok: false; code: ExceptionName; exception: number }
  | { ok: false; code: "no-answer" };

export function encodeReadPdu({ function: code, address, count }: ReadRequest): Uint8Array {
  if (!Number.isInteger(count) || count < 1 || count > MAX_REGISTERS) {
    throw new RangeError(`Register count is ${count}; allowed are 1 to ${MAX_REGISTERS}`);
  }
  if (!Number.isInteger(address) || address < 0 || address + count > 0x1_0000) {
    throw new RangeError(`Registers ${address} to ${address + count - 1}; allowed are 0 to 65535`);
  }
  return Uint8Array.of(code, address >>> 8, address & 0xff, count >>> 8, count & 0xff);
}

const EXCEPTION_BIT = 0x80;
const EXCEPTION_PDU_BYTES = 2;

/** How long the answer that begins like this is; `undefined` when it cannot be one to `request`. */
export function answerPduBytes(head: Uint8Array, request: ReadRequest): number | undefined {
  const [code, byteCount] = head;
  if (code === (request.function | EXCEPTION_BIT)) return EXCEPTION_PDU_BYTES;
  if (code !== request.function) return undefined;
  if (byteCount !== undefined && byteCount !== 2 * request.count) return undefined;
  return 2 + 2 * request.count;
}

/** @param pdu of the length that `answerPduBytes` gives */
export function decodeAnswerPdu(pdu: Uint8Array, request: ReadRequest): ReadResult {
  if (pdu[0] === request.function) {
    const data = pdu.slice(2);
    return { ok: true, registers: new DataView(data.buffer) };
  }
  const exception = pdu[1] ?? 0;
  return { ok: false, code: exceptionName(exception), exception };
}

const exceptionName = (exception: number): ExceptionName =>
  (EXCEPTION_CODES as Readonly<Record<number, ExceptionName>>)[exception] ?? "unknown-exception";
