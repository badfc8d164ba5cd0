import { ReadingQueue } from "@earshot/drivers";
import type { IncomingMessage, OpenPublisher, Publisher, SessionOptions } from "../publisher/publisher.ts";

export interface PublishedMessage {
  topic: string;
  bytes: Uint8Array;
}

/** A broker for one hotspot, in memory. Acknowledges at once unless told not to. */
export class FakeBroker {
  /** Acknowledged, in order. */
  readonly published: PublishedMessage[] = [];
  /** What each session was opened with. */
  readonly sessions: SessionOptions[] = [];
  /** While false, opening a session fails. */
  isReachable = true;
  /** While false, publishing never settles until the session ends. */
  isAcknowledging = true;
  /** What it takes before it acknowledges one. */
  receiveMaximum = 65_535;
  /** Published and not acknowledged, at one time. */
  mostOnTheWay = 0;
  readonly #retained = new Map<string, Uint8Array>();
  #session: FakeSession | undefined;

  readonly open: OpenPublisher = async (options) => {
    if (!this.isReachable) throw new Error("Cannot reach the broker");
    this.sessions.push(options);
    this.#session = new FakeSession(this);
    for (const [topic, bytes] of this.#retained) this.#session.receive({ topic, bytes });
    return this.#session;
  };

  /** To the hotspot, when it is connected; a retained message also at the start of each session. */
  send(topic: string, bytes: Uint8Array, { retain = false } = {}): void {
    if (retain) this.#retained.set(topic, bytes);
    this.#session?.receive({ topic, bytes });
  }

  /** The session breaks, and no new one can be made until `isReachable` is true again. */
  lose(): void {
    this.isReachable = false;
    this.#session?.lose();
    this.#session = undefined;
  }
}

class FakeSession implements Publisher {
  readonly #broker: FakeBroker;
  readonly #incoming = new ReadingQueue<IncomingMessage>({ capacity: 1024 });
  #onTheWay = 0;
  readonly #ended = Promise.withResolvers<never>();

  constructor(broker: FakeBroker) {
    this.#broker = broker;
    this.#ended.promise.catch(() => {});
  }

  get receiveMaximum(): number {
    return this.#broker.receiveMaximum;
  }

  receive(message: IncomingMessage): void {
    this.#incoming.push(message);
  }

  lose(): void {
    const error = new Error("Lost the session");
    this.#incoming.fail(error);
    this.#ended.reject(error);
  }

  async publish(topic: string, bytes: Uint8Array): Promise<void> {
    if (this.#incoming.ended) throw new Error("The session has ended");
    this.#onTheWay += 1;
    this.#broker.mostOnTheWay = Math.max(this.#broker.mostOnTheWay, this.#onTheWay);
    if (!this.#broker.isAcknowledging) await this.#ended.promise;
    this.#onTheWay -= 1;
    this.#broker.published.push({ topic, bytes });
  }

  async close(): Promise<void> {
    this.#incoming.end();
    this.#ended.reject(new Error("The session was closed"));
  }

  [Symbol.asyncIterator](): AsyncIterator<IncomingMessage> {
    return this.#incoming[Symbol.asyncIterator]();
  }
}
