import type { Duplex } from "node:stream";
import { type Clock, detectNonMqtt } from "@earshot/protocol";
import { errorText, pause } from "@earshot/protocol/runtime";
import type { IConnackPacket, Packet } from "mqtt-packet";
import { decode, encode, type ProtocolVersion, pubacks } from "../mqtt/codec.ts";
import { FrameReader } from "../mqtt/frame-reader.ts";
import { InOrder } from "../mqtt/in-order.ts";
import { BrokerError, connackProblem, disconnectProblem, nonMqttProblem } from "./broker-errors.ts";
import { Outgoing } from "./outgoing.ts";
import { isPublish, readPublish } from "./publish.ts";

interface BrokerSessionOptions {
  clientId: string;
  username?: string;
  password?: string;
  /** Subscribed to with QoS 1. */
  filter: string;
  version: ProtocolVersion;
  clock: Pick<Clock, "sleep">;
  /**
   * Takes a message. It is acknowledged when this resolves; when it rejects the session ends, so that the broker sends
   * it again.
   */
  take(topic: string, payload: Uint8Array): Promise<unknown>;
}

/** A week: longer than any outage that a hotspot's outbox outlives. */
const SESSION_EXPIRY_S = 604_800;
const KEEP_ALIVE_S = 30;
/** Messages that the broker sends before one is acknowledged: as many as one transaction stores. */
const RECEIVE_MAXIMUM = 1000;
/** Not counted by the broker: QoS 0, and all in MQTT 3.1.1. At this many waiting the socket is not read. */
const MAX_WAITING = 1024;
/** Announced; nothing that the gateway takes is larger. */
const MAX_PACKET_BYTES = 8192;
/** Kept of a larger one, which only MQTT 3.1.1 sends: any topic, and more of the payload than a packet may have. */
const KEPT_BYTES = 68 * 1024;
/** Unsent bytes with which the broker counts as not reading. */
const MAX_BACKLOG_BYTES = 2 * 1024 * 1024;
/** How long a goodbye may take. */
const CLOSE_LIMIT_MS = 1000;
const NO_LIMIT = 0xffffffff;

const closed = (message: string, cause?: unknown): BrokerError =>
  new BrokerError("closed", message, { cause });

/** A connection to a broker from CONNECT on, with a session that the broker keeps (MQTT 5.0 §4.1). */
export class BrokerSession {
  /** Why it ended. */
  readonly ended: Promise<BrokerError>;
  /** It has lasted for a while. */
  isSteady = false;
  readonly #socket: Duplex;
  readonly #options: BrokerSessionOptions;
  readonly #frames = new FrameReader(KEPT_BYTES, "cut");
  readonly #incoming: InOrder;
  readonly #opened = Promise.withResolvers<void>();
  readonly #end = Promise.withResolvers<BrokerError>();
  readonly #stop = new AbortController();
  #outgoing: Outgoing | undefined;
  #isPaused = false;
  #hasHeard = false;
  #hasAnswered = false;
  #isClosing = false;

  private constructor(socket: Duplex, options: BrokerSessionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.ended = this.#end.promise;
    this.#incoming = new InOrder((messageIds) => {
      if (messageIds.length > 0) this.#write(pubacks(messageIds));
      this.#read();
    });
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("error", (error) => this.#fail(closed(error.message, error)));
    for (const event of ["end", "close"]) {
      socket.on(event, () => this.#fail(closed("the broker closed the connection")));
    }
  }

  /**
   * Resolves when the broker has taken the subscription.
   * @param socket connected
   * @param signal gives up
   * @throws {BrokerError}
   */
  static async open(
    socket: Duplex,
    options: BrokerSessionOptions,
    signal: AbortSignal,
  ): Promise<BrokerSession> {
    const session = new BrokerSession(socket, options);
    const giveUp = () => session.#fail(closed("no answer in time"));
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    session.#write(encode(connectPacket(options), options.version));
    try {
      await session.#opened.promise;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
    return session;
  }

  /** As `Outgoing.publish`. */
  publish(topic: string, bytes: Uint8Array, retain: boolean): Promise<void> {
    if (this.#outgoing === undefined) throw new TypeError("Published before the session was open");
    return this.#outgoing.publish(topic, bytes, retain);
  }

  /** Says goodbye; the broker keeps the session. It closes the connection when it has read all that was sent. */
  close(): void {
    const { clock, version } = this.#options;
    this.#isClosing = true;
    this.#socket.end(encode({ cmd: "disconnect", reasonCode: 0 }, version));
    this.#socket.resume();
    clock.sleep(CLOSE_LIMIT_MS, this.#stop.signal).then(
      () => this.#fail(closed("the gateway stops")),
      () => undefined,
    );
  }

  #write(bytes: Buffer): void {
    if (this.#stop.signal.aborted || this.#isClosing) return;
    this.#socket.write(bytes);
    if (this.#socket.writableLength > MAX_BACKLOG_BYTES) {
      this.#fail(closed("the broker does not read what is sent to it"));
    }
  }

  #onData(chunk: Buffer): void {
    if (this.#isClosing) return;
    const nonMqtt = this.#hasAnswered ? undefined : detectNonMqtt(chunk);
    this.#hasAnswered = true;
    if (nonMqtt !== undefined) {
      this.#fail(nonMqttProblem(nonMqtt));
      return;
    }
    this.#hasHeard = true;
    this.#frames.push(chunk);
    this.#read();
  }

  /** As much of what has come as may wait; then the socket too. */
  #read(): void {
    try {
      while (!this.#stop.signal.aborted && this.#incoming.waiting < MAX_WAITING) {
        const frame = this.#frames.next();
        if (frame === undefined) {
          this.#pause(false);
          return;
        }
        if (isPublish(frame.bytes)) this.#onPublish(frame.bytes);
        else this.#onPacket(frame.isCut ? undefined : decode(frame.bytes, this.#options.version));
      }
      this.#pause(true);
    } catch (error) {
      this.#fail(error instanceof BrokerError ? error : closed(errorText(error), error));
    }
  }

  #pause(isPaused: boolean): void {
    if (this.#isPaused === isPaused) return;
    this.#isPaused = isPaused;
    if (isPaused) this.#socket.pause();
    else this.#socket.resume();
    // While it is not read nothing can be received.
    this.#hasHeard = true;
  }

  #onPublish(bytes: Buffer): void {
    const message = readPublish(bytes, this.#options.version);
    if (this.#outgoing === undefined || message === undefined || message.qos > 1) {
      throw new Error("The broker sent a PUBLISH that it may not send");
    }
    const done = this.#incoming.add(message.messageId);
    this.#options.take(message.topic, message.payload).then(done, (error: Error) => {
      this.#fail(
        new BrokerError("not_stored", `a packet could not be stored: ${error.message}`, { cause: error }),
      );
    });
  }

  #onPacket(packet: Packet | undefined): void {
    if (packet?.cmd === "connack") this.#onConnack(packet);
    else if (packet?.cmd === "suback") this.#onSuback(packet.granted as number[]);
    else if (packet?.cmd === "puback") {
      this.#outgoing?.acknowledge(packet.messageId ?? 0, packet.reasonCode ?? 0);
    } else if (packet?.cmd === "disconnect") this.#fail(disconnectProblem(packet.reasonCode ?? 0));
    else if (packet?.cmd !== "pingresp") {
      throw new Error(`The broker sent ${packet?.cmd ?? "a malformed packet"}`);
    }
  }

  #onConnack(packet: IConnackPacket): void {
    const problem = connackProblem(packet);
    if (problem !== undefined) throw problem;
    if (this.#outgoing !== undefined) throw new Error("The broker sent a second CONNACK");
    const {
      receiveMaximum = NO_LIMIT,
      maximumPacketSize = NO_LIMIT,
      serverKeepAlive,
    } = packet.properties ?? {};
    const { filter, version } = this.#options;
    const limits = { version, receiveMaximum, maximumPacketSize };
    this.#outgoing = new Outgoing(limits, (bytes) => this.#write(bytes));
    // Retained messages only where the broker has forgotten the subscription (MQTT 5.0 §3.8.3.1).
    const subscription = { topic: filter, qos: 1, ...(version === 5 && { rh: 1 }) } as const;
    this.#write(encode({ cmd: "subscribe", messageId: 1, subscriptions: [subscription] }, version));
    void this.#keepAlive((serverKeepAlive || KEEP_ALIVE_S) * 1000);
  }

  #onSuback([granted = 0x80]: readonly number[]): void {
    const { filter } = this.#options;
    if (granted !== 1) {
      const answer = granted === 0 ? "grants only QoS 0" : `refuses it: reason 0x${granted.toString(16)}`;
      throw new BrokerError("refused", `the subscription to ${filter}: the broker ${answer}`);
    }
    this.#opened.resolve();
  }

  /** Ends the session when the broker has said nothing, or acknowledged nothing, for a whole interval. */
  async #keepAlive(intervalMs: number): Promise<void> {
    const { clock, version } = this.#options;
    const { signal } = this.#stop;
    while (await pause(clock, intervalMs, signal)) {
      this.isSteady = true;
      if (!this.#hasHeard && !this.#isPaused) this.#fail(closed("the broker says nothing any more"));
      if (this.#outgoing?.isStuck()) this.#fail(closed("the broker acknowledges nothing any more"));
      this.#hasHeard = false;
      this.#write(encode({ cmd: "pingreq" }, version));
    }
  }

  #fail(error: BrokerError): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort(error);
    const isSilent = error.code === "closed" && this.#outgoing === undefined;
    const reason = isSilent ? new BrokerError("silent", `${error.message}, before any CONNACK`) : error;
    this.#socket.destroy();
    this.#outgoing?.close(reason);
    this.#opened.reject(reason);
    this.#end.resolve(reason);
  }
}

function connectPacket({ clientId, username, password, version }: BrokerSessionOptions): Packet {
  return {
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: version,
    clientId,
    clean: false,
    keepalive: KEEP_ALIVE_S,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: Buffer.from(password) }),
    ...(version === 5 && {
      properties: {
        sessionExpiryInterval: SESSION_EXPIRY_S,
        receiveMaximum: RECEIVE_MAXIMUM,
        maximumPacketSize: MAX_PACKET_BYTES,
      },
    }),
  };
}
