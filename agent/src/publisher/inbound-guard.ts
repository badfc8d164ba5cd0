import { MAX_MESSAGE_BYTES } from "@earshot/protocol/hotspot";

/** The longest message of the network with its topic, in a PUBLISH; announced to brokers that speak MQTT 5. */
export const MAX_INBOUND_PACKET_BYTES = MAX_MESSAGE_BYTES + 1024;

const PUBLISH = 3;
/** Bits 1 and 2 of a PUBLISH's first byte (MQTT 3.1.1 §3.3.1.2). */
const QOS_SHIFT = 1;
const MAX_GRANTED_QOS = 1;
/** "Remaining Length" has at most so many bytes (§2.2.3). */
const MAX_LENGTH_BYTES = 4;

/**
 * Checks the bytes from a broker before any of them is buffered. Refuses packets that are too long to be the network's,
 * and QoS 2, for which a client must keep every message until the broker releases it.
 */
export class InboundGuard {
  /** Of the packet that is being received: bytes to come. */
  #toSkip = 0;
  /** Its fixed header so far. */
  #header: number[] = [];

  /** Why the session must end, or `undefined` while it may go on. */
  check(chunk: Uint8Array): string | undefined {
    let at = 0;
    while (at < chunk.length) {
      if (this.#toSkip > 0) {
        const skipped = Math.min(this.#toSkip, chunk.length - at);
        this.#toSkip -= skipped;
        at += skipped;
        continue;
      }
      this.#header.push(chunk[at] as number);
      at += 1;
      const refusal = this.#readHeader();
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  #readHeader(): string | undefined {
    const [first = 0, ...lengthBytes] = this.#header;
    const last = lengthBytes.at(-1);
    if (last === undefined) {
      const isQos2 = first >> 4 === PUBLISH && ((first >> QOS_SHIFT) & 3) > MAX_GRANTED_QOS;
      return isQos2 ? "the broker sent a message of QoS 2, for which nobody asked" : undefined;
    }
    if (last >= 128) {
      const isEndless = lengthBytes.length >= MAX_LENGTH_BYTES;
      return isEndless ? "the broker sent what is not MQTT" : undefined;
    }
    const length = lengthBytes.reduce((sum, byte, i) => sum + (byte & 127) * 128 ** i, 0);
    const total = length + this.#header.length;
    if (total > MAX_INBOUND_PACKET_BYTES) {
      return `the broker sent a packet of ${total} bytes; the network's have at most ${MAX_INBOUND_PACKET_BYTES}`;
    }
    this.#header = [];
    this.#toSkip = length;
    return undefined;
  }
}
