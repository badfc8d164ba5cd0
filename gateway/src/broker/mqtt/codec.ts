import { generate, type Packet, type Parser, parser, writeToStream } from "mqtt-packet";

export type ProtocolVersion = 4 | 5;

/** Else the library makes a buffer of each of the 65,536 packet ids beforehand. */
writeToStream.cacheNumbers = false;

const PUBACK = 0x40;

export const encode = (packet: Packet, version: ProtocolVersion): Buffer =>
  generate(packet, { protocolVersion: version });

/** PUBACKs without a reason, which mean success in both versions (MQTT 5.0 §3.4.2.1), in one piece. */
export function pubacks(messageIds: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(messageIds.length * 4);
  for (const [i, messageId] of messageIds.entries()) {
    bytes.writeUInt16BE((PUBACK << 8) | 2, i * 4);
    bytes.writeUInt16BE(messageId, i * 4 + 2);
  }
  return bytes;
}

const readers: Partial<Record<ProtocolVersion, Reader>> = {};

/**
 * One whole packet; `undefined` if the library finds it malformed. It does not find all that is: it reads past the end of
 * lists and properties, replaces what is not UTF-8, and takes any property anywhere.
 */
export function decode(frame: Buffer, version: ProtocolVersion): Packet | undefined {
  const reader = readers[version] ?? new Reader(version);
  delete readers[version];
  const packet = reader.read(frame);
  // After an error it may have stopped halfway; a CONNECT, with will and password, would stay with it.
  if (packet !== undefined && packet.cmd !== "connect") readers[version] = reader;
  return packet;
}

/** The library's parser, which speaks by events, as a function. */
class Reader {
  readonly #parser: Parser;
  #packet: Packet | undefined;

  constructor(version: ProtocolVersion) {
    this.#parser = parser({ protocolVersion: version });
    this.#parser.on("packet", (packet) => {
      this.#packet = packet;
    });
    this.#parser.on("error", () => undefined);
  }

  read(frame: Buffer): Packet | undefined {
    this.#packet = undefined;
    try {
      const left = this.#parser.parse(frame);
      return left === 0 ? this.#packet : undefined;
    } catch {
      // It reads past the end of some packets that are too short.
      return undefined;
    }
  }
}
