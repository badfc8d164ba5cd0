import { MAX_QUEUED_MESSAGES } from "./endpoint-limits.ts";

export interface Message {
  topic: string;
  bytes: Uint8Array;
  qos: 0 | 1;
  retain: boolean;
}

/** How a message goes out: its packet id is 0 for QoS 0. */
export interface Delivery extends Message {
  messageId: number;
  dup: boolean;
}

/** The connection of a session. */
export interface Outlet {
  /** QoS 1 messages that the client takes before it acknowledges one. */
  readonly receiveMaximum: number;
  /** Whether so little waits to be sent that more may be added. */
  readonly isReady: boolean;
  /** False if the client does not take packets of this size: it is never sent. */
  deliver(delivery: Delivery): boolean;
  /** The hotspot has logged in anew: ends this connection. */
  takeOver(): void;
}

export interface Subscription {
  qos: 0 | 1;
  /** MQTT 5: keeps the retain flag of what is forwarded (§3.8.3.1). */
  retainAsPublished: boolean;
}

interface Queued {
  message: Message;
  /** 0 before it is sent for the first time. */
  messageId: number;
  /** Sent over the present connection and not acknowledged. */
  isOut: boolean;
}

const MAX_MESSAGE_ID = 0xffff;

/** What the broker keeps for one hotspot, from its first SUBSCRIBE on, also while it is away (MQTT 5.0 §4.1). */
export class Session {
  readonly hotspotId: string;
  readonly subscriptions = new Map<string, Subscription>();
  outlet: Outlet | undefined;
  /** How long it is kept after the connection; 0 ends with it. */
  expiryS = 0;
  /** By `Clock.elapsedMs`; meaningful while it is away. */
  expiresElapsedMs = 0;
  readonly #total: { queuedBytes: number };
  #queue: Queued[] = [];
  #out = 0;
  #lastId = 0;

  /** @param total of all sessions: unacknowledged messages are added to it */
  constructor(hotspotId: string, total: { queuedBytes: number }) {
    this.hotspotId = hotspotId;
    this.#total = total;
  }

  /** False if it was dropped: too many wait. QoS 0 is sent now or never. */
  offer(message: Message): boolean {
    if (message.qos === 0) {
      this.outlet?.deliver({ ...message, messageId: 0, dup: false });
      return true;
    }
    if (this.#queue.length >= MAX_QUEUED_MESSAGES) return false;
    this.#queue.push({ message, messageId: 0, isOut: false });
    this.#total.queuedBytes += message.bytes.length;
    this.send();
    return true;
  }

  /** What was sent over an earlier connection goes out again, first and with its ids (MQTT 5.0 §4.4). */
  attach(outlet: Outlet): void {
    this.outlet = outlet;
    this.#out = 0;
    for (const queued of this.#queue) queued.isOut = false;
  }

  /** Sends as much as the client takes now. */
  send(): void {
    const { outlet } = this;
    if (outlet === undefined) return;
    for (let at = 0; at < this.#queue.length && this.#out < outlet.receiveMaximum && outlet.isReady; ) {
      const queued = this.#queue[at] as Queued;
      if (queued.isOut || this.#sendOne(queued, outlet)) at++;
      else this.#remove(at);
    }
  }

  /** False if no message with this id was sent. */
  acknowledge(messageId: number): boolean {
    const at = this.#queue.findIndex((queued) => queued.isOut && queued.messageId === messageId);
    if (at < 0) return false;
    this.#out--;
    this.#remove(at);
    this.send();
    return true;
  }

  /** Forgets what is not acknowledged. */
  clear(): void {
    while (this.#queue.length > 0) this.#remove(this.#queue.length - 1);
  }

  #sendOne(queued: Queued, outlet: Outlet): boolean {
    const dup = queued.messageId !== 0;
    if (!dup) queued.messageId = this.#nextId();
    if (!outlet.deliver({ ...queued.message, messageId: queued.messageId, dup })) return false;
    queued.isOut = true;
    this.#out++;
    return true;
  }

  #remove(at: number): void {
    for (const { message } of this.#queue.splice(at, 1)) this.#total.queuedBytes -= message.bytes.length;
  }

  /** One that no unacknowledged message has: there are fewer of those than ids. */
  #nextId(): number {
    do this.#lastId = (this.#lastId % MAX_MESSAGE_ID) + 1;
    while (this.#queue.some(({ messageId }) => messageId === this.#lastId));
    return this.#lastId;
  }
}
