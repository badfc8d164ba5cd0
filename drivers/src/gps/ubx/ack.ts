import type { Payload } from "./payload.ts";

/** ACK-ACK and ACK-NAK: a configuration message was accepted, or not. */
export interface UbxAck {
  kind: "ack";
  accepted: boolean;
  /** The message that is answered. */
  messageClass: number;
  id: number;
}

/** ACK-ACK, class 05 id 01, 2 bytes: clsID, msgID (M8, F9: UBX-ACK-ACK). */
export function decodeAckAck(p: Payload): UbxAck | undefined {
  return decodeAck(p, true);
}

/** ACK-NAK, class 05 id 00, the same. */
export function decodeAckNak(p: Payload): UbxAck | undefined {
  return decodeAck(p, false);
}

function decodeAck(p: Payload, accepted: boolean): UbxAck | undefined {
  return p.length === 2 ? { kind: "ack", accepted, messageClass: p.u1(0), id: p.u1(1) } : undefined;
}
