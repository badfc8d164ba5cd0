import type { Socket } from "node:net";
import type { Clock, Log } from "@earshot/protocol";
import { TokenBucket } from "@earshot/protocol/runtime";
import type {
  IDisconnectPacket,
  IPublishPacket,
  ISubscribePacket,
  IUnsubscribePacket,
  Packet,
} from "mqtt-packet";
import { encode, pubacks } from "../mqtt/codec.ts";
import { InOrder } from "../mqtt/in-order.ts";
import type { Uplink } from "../uplink.ts";
import {
  type CloseReason,
  DISCONNECT_CODES,
  type DisconnectReason,
  MqttError,
  SUBACK_CODES,
} from "./close-reasons.ts";
import {
  type ConnectDeps,
  type ConnectOutcome,
  connackOf,
  type Login,
  readConnect,
  refusedConnack,
  type Sender,
} from "./connect.ts";
import { decodePacket } from "./decode.ts";
import { CONTROL_PACKETS, LOGIN_LIMIT_MS, MAX_SESSION_EXPIRY_S, RECEIVE_MAXIMUM } from "./endpoint-limits.ts";
import type { Delivery, Outlet, Session } from "./session.ts";
import { type Sessions, subscribe } from "./sessions.ts";
import { Wire } from "./wire.ts";

/** What all clients of a broker share. */
export interface ClientDeps extends ConnectDeps {
  sessions: Sessions;
  clock: Pick<Clock, "elapsedMs">;
  log: Log;
  onLogin(hotspotId: string): void;
  onLoginRefused(refused: Extract<ConnectOutcome, { ok: false }>): void;
}

interface ClientEvents {
  /** Logged in: it is not one of those that wait any more. */
  onLogin(): void;
  /** No further packet is taken or sent; once. `hotspotId`: if it was logged in. */
  onEnd(reason: CloseReason, hotspotId: string | undefined): void;
  /** The socket is closed; once, after `onEnd`. */
  onClosed(): void;
}

/** Keep-alive is waited for half as long again (MQTT 5.0 §3.1.2.10). */
const KEEP_ALIVE_GRACE = 1.5;

/** One connection: MQTT 5 or 3.1.1 as far as a hotspot needs it. */
export class Client implements Outlet {
  readonly #events: ClientEvents;
  readonly #wire: Wire;
  readonly #clock: Pick<Clock, "elapsedMs">;
  readonly #sender: Sender;
  readonly #incoming: InOrder;
  #incomingBytes = 0;
  readonly #control: TokenBucket;
  /** Set when it may begin. */
  #deps: ClientDeps | undefined;
  #begunElapsedMs = 0;
  #login: Login | undefined;
  #session: Session | undefined;
  /** Its CONNACK has gone out. */
  #isConnackSent = false;
  #isAtEnd = false;

  /** Reads nothing before `begin`. */
  constructor(socket: Socket, sender: Sender, clock: Pick<Clock, "elapsedMs">, events: ClientEvents) {
    this.#events = events;
    this.#sender = sender;
    this.#clock = clock;
    this.#control = new TokenBucket(CONTROL_PACKETS, clock.elapsedMs());
    this.#incoming = new InOrder((ids) => this.#acknowledge(ids));
    this.#wire = new Wire(socket, clock, {
      onFrame: (frame) => this.#onFrame(frame),
      onReady: () => this.#session?.send(),
      onFailure: (reason, error) => this.#onFailure(reason, error),
      onClosed: () => {
        this.end("left");
        events.onClosed();
      },
    });
  }

  /** Bytes that were read and are not stored yet. */
  get heldBytes(): number {
    return this.#wire.heldBytes + this.#incomingBytes;
  }

  get receiveMaximum(): number {
    return this.#login?.receiveMaximum ?? 0;
  }

  get isReady(): boolean {
    return this.#isConnackSent && this.#wire.isReady;
  }

  begin(deps: ClientDeps): void {
    this.#deps = deps;
    this.#begunElapsedMs = this.#clock.elapsedMs();
    this.#wire.release();
  }

  takeOver(): void {
    this.end("taken_over");
  }

  deliver({ topic, bytes, qos, retain, dup, messageId }: Delivery): boolean {
    const { version, maximumPacketSize } = this.#login as Login;
    const payload = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const frame = encode({ cmd: "publish", topic, payload, qos, retain, dup, messageId }, version);
    if (frame.length > maximumPacketSize) return false;
    this.#wire.write(frame);
    return true;
  }

  /** Call periodically: checks time limits. */
  tick(elapsedMs: number): void {
    this.#wire.tick(elapsedMs);
    if (this.#isAtEnd || this.#deps === undefined) return;
    if (this.#login === undefined) {
      if (elapsedMs - this.#begunElapsedMs >= LOGIN_LIMIT_MS) this.drop("login_timeout");
      return;
    }
    const limitMs = this.#login.keepAliveS * 1000 * KEEP_ALIVE_GRACE;
    if (limitMs === 0 || this.#wire.isPaused) return;
    if (elapsedMs - this.#wire.heardElapsedMs > limitMs) this.end("keep_alive_timeout");
  }

  end(reason: CloseReason): void {
    if (this.#isAtEnd) return;
    this.#isAtEnd = true;
    if (this.#login?.version === 5 && reason in DISCONNECT_CODES) {
      this.#send({ cmd: "disconnect", reasonCode: DISCONNECT_CODES[reason as DisconnectReason] });
    }
    this.#wire.end();
    if (this.#session !== undefined) this.#deps?.sessions.leave(this.#session, this.#clock.elapsedMs());
    this.#events.onEnd(reason, this.#login?.hotspotId);
    // A gateway that stops does not make its hotspots offline.
    if (reason !== "shutting_down") this.#publishWill();
  }

  /** Closed for another connection. */
  destroy(): void {
    this.drop("no_room");
  }

  /** Ends it at once, whatever has not been sent. */
  drop(reason: CloseReason): void {
    this.end(reason);
    this.#wire.destroy();
  }

  #publishWill(): void {
    const { will, hotspotId } = this.#login ?? {};
    if (will === undefined || hotspotId === undefined) return;
    this.#deps?.uplink.ingest(will.topic, will.bytes, hotspotId).catch((error: Error) => {
      this.#deps?.log.error("Cannot take in a last will", { hotspot: hotspotId, err: error });
    });
  }

  #onFailure(reason: DisconnectReason, error: unknown): void {
    if (error !== undefined)
      this.#deps?.log.error("Connection failed", { hotspot: this.#login?.hotspotId, err: error });
    if (reason === "slow_reader") this.drop(reason);
    else this.end(reason);
  }

  #onFrame(frame: Buffer): void {
    if (this.#deps === undefined) throw new TypeError("A client reads before it has begun");
    if (this.#login === undefined || this.#session === undefined) this.#connect(frame, this.#deps);
    else this.#handle(decodePacket(frame, this.#login.version), this.#login, this.#session, this.#deps);
  }

  #connect(frame: Buffer, deps: ClientDeps): void {
    const outcome = readConnect(frame, this.#sender, deps);
    if (!outcome.ok) {
      deps.onLoginRefused(outcome);
      this.#wire.write(refusedConnack(outcome.refusal, outcome.version));
      this.end("login_refused");
      return;
    }
    const { login } = outcome;
    // First, so that its will and its leaving come before this arrival.
    deps.sessions.get(login.hotspotId)?.outlet?.takeOver();
    const { session, isPresent } = deps.sessions.open(login.hotspotId, login.isClean, login.sessionExpiryS);
    this.#login = login;
    this.#session = session;
    this.#wire.write(connackOf(login, isPresent));
    session.attach(this);
    this.#events.onLogin();
    deps.onLogin(login.hotspotId);
    // A turn after the CONNACK has gone out: some clients listen only when they have seen that.
    setImmediate(() => setImmediate(() => this.#onConnackSent()));
  }

  #onConnackSent(): void {
    this.#isConnackSent = true;
    if (!this.#isAtEnd) this.#session?.send();
  }

  #handle(packet: Packet, login: Login, session: Session, deps: ClientDeps): void {
    if (packet.cmd === "publish") this.#publish(packet, login, deps.uplink);
    else if (packet.cmd === "disconnect") this.#disconnect(packet, login, session);
    else if (packet.cmd !== "puback" || !session.acknowledge(packet.messageId ?? 0)) {
      if (!this.#control.take(this.#clock.elapsedMs())) throw new MqttError("rate_too_high");
      if (packet.cmd === "pingreq") this.#send({ cmd: "pingresp" });
      else if (packet.cmd === "subscribe") this.#subscribe(packet, login, session, deps);
      else if (packet.cmd === "unsubscribe") this.#unsubscribe(packet, session, deps.sessions);
    }
  }

  /** The PUBACK goes out when the packet is stored. Refused is acknowledged too: the verdict says why. */
  #publish(packet: IPublishPacket, { hotspotId }: Login, uplink: Uplink): void {
    const { topic, qos, messageId, properties } = packet;
    // It would keep a second copy here until the client releases it; packets are told apart by their id anyway.
    if (qos === 2) throw new MqttError("qos_not_supported");
    if (properties?.topicAlias !== undefined) throw new MqttError("topic_alias");
    if (!uplink.mayPublish(hotspotId, topic)) throw new MqttError("not_authorized");
    // A copy: the packet is a view of all that came with it.
    const bytes = new Uint8Array(packet.payload as Buffer);
    const done = this.#incoming.add(qos === 1 ? (messageId as number) : 0);
    this.#incomingBytes += bytes.length;
    if (this.#incoming.waiting >= RECEIVE_MAXIMUM) this.#wire.hold();
    uplink.ingest(topic, bytes, hotspotId).then(
      () => {
        this.#incomingBytes -= bytes.length;
        done();
      },
      // Without a PUBACK, so that the packet comes again.
      () => this.end("store_failed"),
    );
  }

  #acknowledge(ids: readonly number[]): void {
    if (this.#isAtEnd) return;
    if (ids.length > 0) this.#wire.write(pubacks(ids));
    this.#wire.release();
  }

  #subscribe(packet: ISubscribePacket, { version }: Login, session: Session, deps: ClientDeps): void {
    const { codes, retainedMessages } = subscribe(packet, session, deps);
    const granted = codes.map((code) => (code < 0x80 || version === 5 ? code : SUBACK_CODES.failure311));
    this.#send({ cmd: "suback", messageId: packet.messageId as number, granted });
    for (const message of retainedMessages) {
      this.deliver({ ...message, qos: 0, retain: true, messageId: 0, dup: false });
    }
  }

  #unsubscribe(
    { messageId, unsubscriptions }: IUnsubscribePacket,
    session: Session,
    sessions: Sessions,
  ): void {
    const granted = unsubscriptions.map((filter) => (sessions.unsubscribe(session, filter) ? 0 : 0x11));
    this.#send({ cmd: "unsuback", messageId: messageId as number, granted });
  }

  #disconnect({ reasonCode = 0, properties }: IDisconnectPacket, login: Login, session: Session): void {
    const expiryS = properties?.sessionExpiryInterval;
    // MQTT 5.0 §3.14.2.2.2: a session that was to end with the connection cannot be kept after all.
    if (expiryS !== undefined && expiryS > 0 && session.expiryS === 0) throw new MqttError("protocol_error");
    if (expiryS !== undefined) session.expiryS = Math.min(expiryS, MAX_SESSION_EXPIRY_S);
    if (reasonCode === 0) login.will = undefined;
    this.end("left");
  }

  #send(packet: Packet): void {
    if (this.#login !== undefined) this.#wire.write(encode(packet, this.#login.version));
  }
}
