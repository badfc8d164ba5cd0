import type { SocketAddress } from "../../driver.ts";
import type {
  ConnectionEvents,
  ListenerEvents,
  StationConnection,
  StationListener,
  StationRequest,
} from "./station-connection.ts";
import { Mailbox, type StationWire } from "./test-station.ts";

/** A listener without a network: what is sent is dealt with before `send` returns. */
export class MemoryListener implements StationListener {
  readonly local: SocketAddress = { host: "10.0.0.1", port: 3001 };
  readonly isSecure = false;
  closeCalls = 0;
  readonly #open = new Set<MemoryConnection>();
  #events: ListenerEvents | undefined;

  start(events: ListenerEvents): void {
    this.#events = events;
  }

  /** Of the client that connects next. */
  nextPort = 40_000;

  /** Connections open now. */
  get connections(): number {
    return this.#open.size;
  }

  /** A client's WebSocket, or the HTTP status that refused it. */
  async connect(request: Omit<StationRequest, "remote">): Promise<MemoryConnection> {
    const full = { ...request, remote: { host: "10.0.0.2", port: this.nextPort++ } };
    const status = this.#events?.admit(full) ?? 503;
    if (status !== 101) throw new Error(`Refused with ${status}`);
    const connection = new MemoryConnection(full, () => this.#open.delete(connection));
    this.#open.add(connection);
    this.#events?.opened(connection);
    return connection;
  }

  lose(): void {
    this.#events?.lost(new Error("no more memory"));
  }

  async close(): Promise<void> {
    this.closeCalls += 1;
    for (const connection of [...this.#open]) connection.terminate();
  }
}

/** Both ends of one connection. */
export class MemoryConnection implements StationConnection, StationWire {
  readonly request: StationRequest;
  readonly received = new Mailbox<string>();
  /** A station behind a dead line: it neither hears nor answers. */
  isDead = false;
  pings = 0;
  readonly #ended = Promise.withResolvers<void>();
  readonly #onEnd: () => void;
  #events: ConnectionEvents | undefined;
  #isOpen = true;

  constructor(request: StationRequest, onEnd: () => void) {
    this.request = request;
    this.#onEnd = onEnd;
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  listen(events: ConnectionEvents): void {
    this.#events = events;
  }

  send(text: string): boolean {
    if (this.#isOpen && !this.isDead) this.received.push(text);
    return this.#isOpen;
  }

  ping(): void {
    this.pings += 1;
    if (!this.isDead) this.#events?.alive();
  }

  terminate(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#onEnd();
    this.#ended.resolve();
    this.#events?.closed();
  }

  async up(text: string): Promise<void> {
    this.#events?.text(text);
  }

  async upBinary(bytes: Uint8Array): Promise<void> {
    this.#events?.binary(bytes.length);
  }

  /** All is dealt with at once here. */
  async settled(): Promise<void> {}

  async hangUp(): Promise<void> {
    this.terminate();
  }
}
