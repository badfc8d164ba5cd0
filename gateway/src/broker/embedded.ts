import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { Log } from "@earshot/protocol";
import { Aedes, type Client, type PublishPacket } from "aedes";
import type { Uplink } from "../contract.ts";
import type { Downlink } from "../downlink.ts";
import { FrameGuard } from "./frame-guard.ts";
import { limitOutgoing } from "./outgoing-limit.ts";

export interface EmbeddedBrokerOptions {
  host: string;
  /** 0 takes a free port. */
  port: number;
  /** PEM; without it the listener speaks plain TCP. */
  tls?: { cert: string; key: string };
  /** Connections beyond this are closed at once. */
  maxConnections: number;
  log: Log;
}

export interface EmbeddedBroker extends Downlink {
  readonly port: number;
  /** Lets hotspots in. Until then connections wait, so that none is refused for a start in progress. */
  serve(uplink: Uplink): void;
  close(): Promise<void>;
}

/** A packet is at most 1 KiB; the rest is topic, will, login token and client id. */
const MAX_FRAME_BYTES = 8192;
/** Unacknowledged messages kept for one hotspot; what comes on top it can read in the API. */
const MAX_QUEUED_MESSAGES = 256;
/** How long a connection may take to log in. */
const LOGIN_LIMIT_MS = 10_000;
/** TCP keep-alive, for clients that ask for no MQTT keep-alive. */
const KEEP_ALIVE_MS = 60_000;
const RETURN_BAD_LOGIN = 4;

/**
 * The broker inside the gateway: Aedes, MQTT 3.1.1. Whoever connects proves to be the hotspot that it says
 * (login token), may publish only below its own id, and gets a PUBACK only when the packet is stored.
 */
export async function openEmbeddedBroker(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  const broker = await Aedes.createBroker({ connectTimeout: LOGIN_LIMIT_MS });
  const uplink = Promise.withResolvers<Uplink>();
  const sockets = new Set<Socket>();
  limitOutgoing(broker, MAX_QUEUED_MESSAGES);
  authorize(broker, uplink.promise, options.log);
  follow(broker, uplink.promise);
  const server = await listen(broker, sockets, options).catch((error: unknown) => {
    broker.close();
    throw error;
  });
  return {
    port: (server.address() as { port: number }).port,
    serve: uplink.resolve,
    publish: (topic, bytes, { retain = false } = {}) => publish(broker, topic, bytes, retain),
    close: () => close(broker, server, sockets),
  };
}

/** Aedes takes handlers as properties. Only `client.id` is trusted, which is the hotspot that logged in. */
function authorize(broker: Aedes, ready: Promise<Uplink>, log: Log): void {
  broker.authenticate = (client, username, password, done) => {
    void ready.then((uplink) => {
      const login = uplink.login(username ?? "", password?.toString() ?? "");
      const code = login.ok ? (client.id === username ? undefined : "client_id") : login.code;
      if (code === undefined) return done(null, true);
      log("info", "Login refused", { hotspot: username, code });
      done(Object.assign(new Error(`Login refused: ${code}`), { returnCode: RETURN_BAD_LOGIN }), false);
    });
  };
  broker.authorizePublish = (client, packet, done) => {
    if (client === null) return done(null);
    void ready.then((uplink) => accept(uplink, client.id, packet)).then(() => done(null), done);
  };
  broker.authorizeSubscribe = (client, subscription, done) => {
    void ready.then((uplink) => {
      const allowed = uplink.maySubscribe(client.id, subscription.topic);
      // `null` answers the filter with 0x80, failure (MQTT 3.1.1 §3.9.3), and leaves the session open.
      done(null, allowed ? subscription : null);
    });
  };
}

/** Rejecting closes the session without a PUBACK: for cheaters, and for a store that failed (they send again). */
async function accept(uplink: Uplink, hotspotId: string, packet: PublishPacket): Promise<void> {
  if (!uplink.mayPublish(hotspotId, packet.topic)) throw new Error(`May not publish to ${packet.topic}`);
  // QoS 2 would keep a second copy here until the client releases it; packets are told apart by their id anyway.
  if (packet.qos === 2) throw new Error("May not publish with QoS 2");
  // Nobody subscribes to what hotspots send, so nothing is retained of it.
  packet.retain = false;
  await uplink.ingest(packet.topic, new Uint8Array(Buffer.from(packet.payload)), hotspotId);
}

function follow(broker: Aedes, ready: Promise<Uplink>): void {
  const tell = (client: Client, online: boolean) =>
    void ready.then((uplink) => uplink.presence(client.id, online));
  broker.on("clientReady", (client) => tell(client, true));
  broker.on("clientDisconnect", (client) => tell(client, false));
  // Aedes closes a session after an error by itself; without a listener the error would end the program.
  broker.on("clientError", () => {});
  broker.on("connectionError", () => {});
}

/**
 * What is retained (entropy) is worth nothing later, so it goes out with QoS 0: with QoS 1 it would pile up for every
 * hotspot that is away. A new subscription gets the newest value in any case.
 */
function publish(broker: Aedes, topic: string, bytes: Uint8Array, retain: boolean): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const qos = retain ? 0 : 1;
  const packet = { cmd: "publish", topic, payload: Buffer.from(bytes), qos, retain, dup: false } as const;
  broker.publish(packet, (error) => (error ? reject(error) : resolve()));
  return promise;
}

async function listen(broker: Aedes, sockets: Set<Socket>, options: EmbeddedBrokerOptions): Promise<Server> {
  const onConnection = (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    guard(socket);
    broker.handle(socket);
  };
  const server =
    options.tls === undefined ? createServer(onConnection) : createTlsServer(options.tls, onConnection);
  server.maxConnections = options.maxConnections;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(options.port, options.host, resolve);
  await promise;
  return server;
}

/** Aedes pulls with `read()`: what the guard refuses never reaches it. */
function guard(socket: Socket): void {
  const frames = new FrameGuard(MAX_FRAME_BYTES);
  const read = socket.read.bind(socket);
  socket.read = (size?: number) => {
    const chunk: Uint8Array | null = read(size);
    if (chunk === null || frames.accepts(chunk)) return chunk;
    socket.destroy();
    return null;
  };
}

async function close(broker: Aedes, server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  await new Promise<void>((done) => broker.close(done));
  // Those that never logged in are unknown to Aedes.
  for (const socket of sockets) socket.destroy();
  await promise;
}
