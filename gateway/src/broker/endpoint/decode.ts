import type { IConnectPacket, Packet } from "mqtt-packet";
import { decode, encode, type ProtocolVersion } from "../mqtt/codec.ts";
import { MqttError } from "./close-reasons.ts";

/** What a client may send with each packet (MQTT 5.0 §2.2.2.2). The library knows names, not where they belong. */
const PROPERTIES: Readonly<Record<string, readonly string[]>> = {
  connect: [
    ...["sessionExpiryInterval", "receiveMaximum", "maximumPacketSize", "topicAliasMaximum"],
    ...["requestResponseInformation", "requestProblemInformation"],
    ...["authenticationMethod", "authenticationData"],
  ],
  will: [
    ...["willDelayInterval", "payloadFormatIndicator", "messageExpiryInterval", "contentType"],
    ...["responseTopic", "correlationData"],
  ],
  publish: [
    ...["payloadFormatIndicator", "messageExpiryInterval", "topicAlias", "contentType"],
    ...["responseTopic", "correlationData"],
  ],
  subscribe: ["subscriptionIdentifier"],
  puback: ["reasonString"],
  disconnect: ["sessionExpiryInterval", "reasonString"],
};

/** The protocol level of a CONNECT, before anything else of it is looked at; `undefined` if it is none of MQTT. */
export function protocolLevelOf(frame: Buffer): number | undefined {
  const at = bodyStart(frame);
  return ["\0\x04MQTT", "\0\x06MQIsdp"]
    .filter((name) => frame.toString("latin1", at, at + name.length) === name)
    .map((name) => frame[at + name.length])[0];
}

/** @throws {MqttError} `malformed` or `protocol_error` */
export function decodeConnect(frame: Buffer, version: ProtocolVersion): IConnectPacket {
  const packet = decode(frame, version);
  if (packet?.cmd !== "connect") throw new MqttError("malformed");
  const { will } = packet;
  checkProperties("connect", packet.properties);
  checkProperties("will", will?.properties);
  checkTexts([packet.clientId, packet.username, will?.topic]);
  if (packet.password !== undefined && packet.username === undefined && version === 4) {
    throw new MqttError("malformed");
  }
  if ((will?.qos as number | undefined) === 3 || will?.topic === "") throw new MqttError("malformed");
  checkLength(packet, version, frame);
  return packet;
}

/**
 * One packet of a client after its CONNECT.
 * @param frame one whole packet
 * @throws {MqttError} `malformed` or `protocol_error`
 */
export function decodePacket(frame: Buffer, version: ProtocolVersion): Packet {
  const packet = decode(frame, version);
  if (packet === undefined) throw new MqttError("malformed");
  checkPacket(packet, version, frame);
  const properties = "properties" in packet ? packet.properties : undefined;
  checkProperties(packet.cmd, properties);
  if (packet.cmd.endsWith("subscribe") || (packet.cmd === "publish" && properties !== undefined)) {
    checkLength(packet, version, frame);
  }
  return packet;
}

/** The library reads past the end of lists and properties; encoding the packet again shows that by its length. */
function checkLength(packet: Packet, version: ProtocolVersion, frame: Buffer): void {
  // Refused with a code of its own; the library does not write it.
  if (packet.cmd === "connect" && packet.clientId === "" && packet.clean === false) return;
  let again: Buffer;
  try {
    again = encode(packet, version);
  } catch {
    throw new MqttError("malformed");
  }
  if (again.length - bodyStart(again) !== frame.length - bodyStart(frame)) throw new MqttError("malformed");
}

function bodyStart(frame: Buffer): number {
  let at = 1;
  while (((frame[at] ?? 0) & 0x80) !== 0) at++;
  return at + 1;
}

/** Each at most once, beside user properties, and only where it belongs (MQTT 5.0 §2.2.2.2). */
function checkProperties(owner: string, properties: object | undefined): void {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (name === "userProperties") continue;
    if (!PROPERTIES[owner]?.includes(name)) throw new MqttError("protocol_error");
    if (Array.isArray(value)) throw new MqttError("protocol_error");
  }
}

/** Ill-formed UTF-8, which the library replaces by U+FFFD, and U+0000 (MQTT 5.0 §1.5.4). */
function checkTexts(texts: readonly (string | undefined)[]): void {
  for (const text of texts) {
    if (text !== undefined && /[\0\uFFFD]/.test(text)) throw new MqttError("malformed");
  }
}

function checkPacket(packet: Packet, version: ProtocolVersion, frame: Buffer): void {
  switch (packet.cmd) {
    case "publish":
      checkTexts([packet.topic]);
      if (packet.qos === 0 ? packet.dup : !hasId(packet)) throw new MqttError("malformed");
      return;
    case "subscribe":
      checkTexts(packet.subscriptions.map(({ topic }) => topic));
      if (packet.subscriptions.length === 0 || !hasId(packet)) throw new MqttError("protocol_error");
      return;
    case "unsubscribe":
      checkTexts(packet.unsubscriptions);
      if (packet.unsubscriptions.length === 0 || !hasId(packet)) throw new MqttError("protocol_error");
      return;
    case "puback":
      if (!hasId(packet)) throw new MqttError("malformed");
      return;
    case "pingreq":
      if (frame.length !== 2) throw new MqttError("malformed");
      return;
    case "disconnect":
      if (version === 4 && frame.length !== 2) throw new MqttError("malformed");
      return;
    default:
      // A second CONNECT, what only servers send, parts of QoS 2, AUTH without a method.
      throw new MqttError("protocol_error");
  }
}

/** 1 to 65535 (MQTT 5.0 §2.2.1); the library says -1 where the packet ends before it. */
const hasId = ({ messageId = 0 }: Packet): boolean => messageId > 0;
