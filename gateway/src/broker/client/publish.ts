import type { ProtocolVersion } from "../mqtt/codec.ts";

const PUBLISH = 3;

interface Publish {
  topic: string;
  payload: Uint8Array;
  qos: number;
  /** 0 with QoS 0. */
  messageId: number;
}

export const isPublish = (frame: Buffer): boolean => (frame[0] ?? 0) >> 4 === PUBLISH;

/**
 * Not by the library: properties are whatever the publisher wrote into them, and nothing that a publisher can write may
 * end the connection to the broker, which would only send it again. Of a frame that was cut the payload is cut too.
 * MQTT 5.0 §3.3: topic, packet id (QoS 1 and 2), properties (not in 3.1.1), payload.
 * @returns undefined if topic or packet id are not there, which is the broker's fault
 */
export function readPublish(frame: Buffer, version: ProtocolVersion): Publish | undefined {
  const qos = ((frame[0] ?? 0) >> 1) & 3;
  const topicAt = afterNumber(frame, 1) + 2;
  if (topicAt > frame.length) return undefined;
  const topicEnd = topicAt + frame.readUInt16BE(topicAt - 2);
  const idEnd = topicEnd + (qos === 0 ? 0 : 2);
  if (idEnd > frame.length) return undefined;
  const messageId = qos === 0 ? 0 : frame.readUInt16BE(topicEnd);
  if (qos !== 0 && messageId === 0) return undefined;
  const payloadAt = version === 5 ? afterNumber(frame, idEnd) + numberAt(frame, idEnd) : idEnd;
  // Copied: a view would hold on to the whole chunk that was read from the socket.
  const payload = new Uint8Array(frame.subarray(payloadAt));
  return { topic: frame.toString("utf8", topicAt, topicEnd), payload, qos, messageId };
}

/** Where a variable byte integer ends (MQTT 5.0 §1.5.5). */
function afterNumber(frame: Buffer, at: number): number {
  let end = at;
  while (((frame[end] ?? 0) & 0x80) !== 0) end++;
  return end + 1;
}

function numberAt(frame: Buffer, at: number): number {
  let value = 0;
  for (let i = 0, byte = 0x80; byte >= 0x80 && i < 4; i++) {
    byte = frame[at + i] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * i);
  }
  return value;
}
