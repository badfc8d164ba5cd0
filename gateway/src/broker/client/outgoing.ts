import { encode, type ProtocolVersion } from "../mqtt/codec.ts";

/** What the broker said that it takes (MQTT 5.0 §3.2.2.3). */
export interface OutgoingLimits {
  version: ProtocolVersion;
  /** Messages that it takes before it acknowledges one. */
  receiveMaximum: number;
  maximumPacketSize: number;
}

interface Message {
  topic: string;
  bytes: Uint8Array;
  retain: boolean;
  sent: PromiseWithResolvers<void>;
}

const MAX_IN_FLIGHT = 64;
const MAX_QUEUED_BYTES = 16 * 1024 * 1024;
/** What a queued message takes beside its bytes, roughly. */
const OVERHEAD_BYTES = 256;
const MAX_MESSAGE_ID = 0xffff;

const sizeOf = ({ bytes }: Message): number => bytes.length + OVERHEAD_BYTES;

/** Messages to the broker with QoS 1: a bounded number is in flight, a bounded number of bytes waits, the rest fails. */
export class Outgoing {
  readonly #limits: OutgoingLimits;
  readonly #write: (bytes: Buffer) => void;
  readonly #inFlight = new Map<number, Message>();
  #queue: Message[] = [];
  #queuedBytes = 0;
  #lastId = 0;
  #end: Error | undefined;
  /** Grows with each acknowledgement. */
  #acknowledged = 0;
  #seen = -1;

  constructor(limits: OutgoingLimits, write: (bytes: Buffer) => void) {
    this.#limits = limits;
    this.#write = write;
  }

  /**
   * Resolves when the broker has taken it.
   * @param retain retained messages go before what waits: later they are of no use
   * @throws {Error} if it is refused, if too much waits, or if the connection ends first
   */
  async publish(topic: string, bytes: Uint8Array, retain: boolean): Promise<void> {
    if (this.#end !== undefined) throw this.#end;
    const message: Message = { topic, bytes, retain, sent: Promise.withResolvers() };
    if (this.#queuedBytes + sizeOf(message) > MAX_QUEUED_BYTES) {
      throw new Error(`${this.#queue.length} messages wait for the broker already`);
    }
    if (retain) this.#queue.unshift(message);
    else this.#queue.push(message);
    this.#queuedBytes += sizeOf(message);
    this.#send();
    return message.sent.promise;
  }

  /** @param reasonCode of MQTT 5; 0x80 and above refuse the message */
  acknowledge(messageId: number, reasonCode: number): void {
    const message = this.#inFlight.get(messageId);
    if (message === undefined) return;
    this.#inFlight.delete(messageId);
    this.#acknowledged++;
    if (reasonCode < 0x80) message.sent.resolve();
    else message.sent.reject(new Error(`The broker refused a message: reason 0x${reasonCode.toString(16)}`));
    this.#send();
  }

  /** Whether messages are in flight of which none was acknowledged since the last call. */
  isStuck(): boolean {
    const isStuck = this.#inFlight.size > 0 && this.#seen === this.#acknowledged;
    this.#seen = this.#inFlight.size === 0 ? -1 : this.#acknowledged;
    return isStuck;
  }

  /** All that was not acknowledged fails, and all that comes. */
  close(error: Error): void {
    this.#end = error;
    for (const { sent } of [...this.#inFlight.values(), ...this.#queue]) sent.reject(error);
    this.#inFlight.clear();
    this.#queue = [];
  }

  #send(): void {
    const { receiveMaximum, maximumPacketSize, version } = this.#limits;
    while (this.#inFlight.size < Math.min(receiveMaximum, MAX_IN_FLIGHT)) {
      const message = this.#queue.shift();
      if (message === undefined) return;
      this.#queuedBytes -= sizeOf(message);
      const messageId = this.#nextId();
      const { topic, bytes, retain } = message;
      const payload = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const frame = encode(
        { cmd: "publish", topic, payload, messageId, qos: 1, retain, dup: false },
        version,
      );
      if (frame.length > maximumPacketSize) {
        message.sent.reject(new Error(`The broker takes packets of at most ${maximumPacketSize} bytes`));
        continue;
      }
      this.#inFlight.set(messageId, message);
      this.#write(frame);
    }
  }

  #nextId(): number {
    do this.#lastId = (this.#lastId % MAX_MESSAGE_ID) + 1;
    while (this.#inFlight.has(this.#lastId));
    return this.#lastId;
  }
}
