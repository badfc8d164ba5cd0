import type { IncomingMessage, OpenPublisher, Publisher } from "@earshot/agent";
import { ReadingQueue } from "@earshot/drivers";
import type { Downlink, Uplink } from "@earshot/gateway";

/** Messages that one session queues while its agent is busy. */
const SESSION_CAPACITY = 4096;

/**
 * A broker without sockets for fleets in virtual time: the gateway's own login and access rules, QoS 1 towards the
 * gateway (publishing resolves once the packet is stored), retained messages. Sessions never break here, so nothing is
 * queued for hotspots that are offline.
 */
export class MemoryBroker implements Downlink {
  readonly #sessions = new Map<string, MemorySession>();
  readonly #retained = new Map<string, Uint8Array>();
  #uplink: Uplink | undefined;

  /** Accepts hotspots from now on. */
  serve(uplink: Uplink): void {
    this.#uplink = uplink;
  }

  readonly openPublisher: OpenPublisher = async ({ username, password, subscriptions }) => {
    const uplink = this.#uplink;
    if (uplink === undefined) throw new Error("Cannot connect: the gateway has not started");
    const login = uplink.login(username, password);
    if (!login.ok) throw new Error(`Login refused: ${login.code}`);
    const refused = subscriptions.find((filter) => !uplink.maySubscribe(username, filter));
    if (refused !== undefined) throw new Error(`Subscription refused: ${refused}`);
    const session = new MemorySession(username, uplink, subscriptions, () => this.#end(session));
    await this.#sessions.get(username)?.close();
    this.#sessions.set(username, session);
    for (const [topic, bytes] of this.#retained) session.receive({ topic, bytes });
    uplink.presence(username, true);
    return session;
  };

  async publish(topic: string, bytes: Uint8Array, { retain = false } = {}): Promise<void> {
    if (retain) this.#retained.set(topic, bytes);
    for (const session of this.#sessions.values()) session.receive({ topic, bytes });
  }

  #end(session: MemorySession): void {
    if (this.#sessions.get(session.hotspotId) === session) this.#sessions.delete(session.hotspotId);
    this.#uplink?.presence(session.hotspotId, false);
  }
}

class MemorySession implements Publisher {
  readonly receiveMaximum = 65_535;
  readonly hotspotId: string;
  readonly #uplink: Uplink;
  readonly #subscriptions: readonly string[];
  readonly #onEnd: () => void;
  readonly #incoming = new ReadingQueue<IncomingMessage>({ capacity: SESSION_CAPACITY });

  constructor(hotspotId: string, uplink: Uplink, subscriptions: readonly string[], onEnd: () => void) {
    this.hotspotId = hotspotId;
    this.#uplink = uplink;
    this.#subscriptions = subscriptions;
    this.#onEnd = onEnd;
  }

  receive(message: IncomingMessage): void {
    if (this.#subscriptions.some((filter) => matches(filter, message.topic))) this.#incoming.push(message);
  }

  async publish(topic: string, bytes: Uint8Array): Promise<void> {
    if (this.#incoming.ended) throw new Error("The session has ended");
    if (!this.#uplink.mayPublish(this.hotspotId, topic)) throw new Error(`May not publish to ${topic}`);
    await this.#uplink.ingest(topic, bytes, this.hotspotId);
  }

  async close(): Promise<void> {
    if (this.#incoming.ended) return;
    this.#incoming.end();
    this.#onEnd();
  }

  [Symbol.asyncIterator](): AsyncIterator<IncomingMessage> {
    return this.#incoming[Symbol.asyncIterator]();
  }
}

/** MQTT topic filters (3.1.1 §4.7) with the single-level wildcard. */
function matches(filter: string, topic: string): boolean {
  const [wanted, levels] = [filter.split("/"), topic.split("/")];
  return wanted.length === levels.length && wanted.every((level, i) => level === "+" || level === levels[i]);
}
