import { BAD_FRAME, type FrameFormat, INCOMPLETE, NO_FRAME } from "../link/frame-scanner.ts";
import { hasGoodCrc16, withCrc16 } from "./crc16.ts";
import { answerPduBytes, encodeReadPdu, type ReadRequest } from "./modbus-pdu.ts";

/** A request under way. */
export interface SentRequest {
  unit: number;
  request: ReadRequest;
  /** Counts up with each request; what distinguishes answers over TCP. */
  transaction: number;
  bytes: Uint8Array;
}

/** How requests and answers travel: RTU or TCP. */
export interface ModbusFraming {
  /** Whether a late answer to an earlier request can be distinguished from the one waited for. */
  readonly hasTransactions: boolean;
  encode(unit: number, request: ReadRequest, transaction: number): Uint8Array;
  /** What is recognised while `sent` waits for its answer. */
  format(sent: SentRequest): FrameFormat;
  /** The answer in a recognised frame; `undefined` when the frame answers something else, or is our own echo. */
  answer(frame: Uint8Array, sent: SentRequest): Uint8Array | undefined;
}

const RTU_MAX_BYTES = 256;

/**
 * Modbus RTU: unit | PDU | CRC-16, low byte first. Nothing in a frame marks where it begins, so only what can be the
 * answer waited for is recognised: unit, function, length and checksum; all else (noise, answers of other units, half
 * answers) is passed over byte by byte. Adapters that hear themselves repeat the request: that is a frame of its own.
 */
export const RTU: ModbusFraming = {
  hasTransactions: false,
  encode: (unit, request) => withCrc16([unit, ...encodeReadPdu(request)]),
  format: (sent) => ({ maxBytes: RTU_MAX_BYTES, measure: (bytes) => measureRtu(bytes, sent) }),
  answer: (frame, sent) => (isStartOf(frame, sent.bytes) ? undefined : frame.subarray(1, -2)),
};

function measureRtu(bytes: Uint8Array, { unit, request, bytes: sent }: SentRequest): number {
  if (isStartOf(bytes, sent)) return bytes.length < sent.length ? INCOMPLETE : sent.length;
  if (bytes[0] !== unit) return NO_FRAME;
  const pduBytes = answerPduBytes(bytes.subarray(1), request);
  if (pduBytes === undefined) return NO_FRAME;
  const frameBytes = 1 + pduBytes + 2;
  if (bytes.length < frameBytes) return INCOMPLETE;
  return hasGoodCrc16(bytes.subarray(0, frameBytes)) ? frameBytes : BAD_FRAME;
}

/** Whether one begins with the other, as far as both go. */
const isStartOf = (bytes: Uint8Array, sent: Uint8Array): boolean =>
  sent.every((byte, i) => i >= bytes.length || byte === bytes[i]);

const MBAP_BYTES = 7;
const TCP_MAX_BYTES = 260;

/**
 * Modbus TCP: transaction, protocol 0 and length of what follows, 2 bytes each | unit | PDU (Modbus Messaging on TCP/IP
 * V1.0b, 3.1.3). A whole frame with another transaction or unit is passed over.
 */
export const TCP: ModbusFraming = {
  hasTransactions: true,
  encode(unit, request, transaction) {
    const pdu = encodeReadPdu(request);
    const header = [transaction >>> 8, transaction & 0xff, 0, 0, 0, pdu.length + 1, unit];
    return Uint8Array.of(...header, ...pdu);
  },
  format: () => ({ maxBytes: TCP_MAX_BYTES, measure: measureTcp }),
  answer(frame, { unit, request, transaction }) {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
    if (view.getUint16(0) !== transaction || frame[6] !== unit) return undefined;
    const pdu = frame.subarray(MBAP_BYTES);
    return answerPduBytes(pdu, request) === pdu.length ? pdu : undefined;
  },
};

function measureTcp(bytes: Uint8Array): number {
  const [, , protocolHigh = 0, protocolLow = 0, lengthHigh = 0, length] = bytes;
  if (protocolHigh !== 0 || protocolLow !== 0 || lengthHigh !== 0) return NO_FRAME;
  if (length === undefined) return INCOMPLETE;
  if (length < 3 || length > TCP_MAX_BYTES - 6) return NO_FRAME;
  return bytes.length < 6 + length ? INCOMPLETE : 6 + length;
}
