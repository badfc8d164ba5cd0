import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { Log } from "@earshot/protocol";
import { Aedes, type Client } from "aedes";
import type { Downlink } from "../downlink.ts";
import type { Uplink } from "../gateway.ts";
import { FrameGuard } from "./frame-guard.ts";

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
/** Messages kept for a hotspot that is away; what comes on top it can read in the API. */
const MAX_QUEUED_MESSAGES = 100;
const RETURN_BAD_LOGIN = 4;

/**
 * The broker inside the gateway: Aedes, MQTT 3.1.1. Whoever connects proves to be the hotspot that it says
 * (login token), may publish only below its own id, and gets a PUBACK only when the packet is stored.
 */
export async function openEmbeddedBroker(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  const broker = await Aedes.createBroker();
  const uplink = Promise.withResolvers<Uplink>();
  const queued = new Map<string, number>();
  authorize(broker, uplink.promise, options.log);
  follow(broker, uplink.promise, queued);
  const server = await listen(broker, options);
  return {
    port: (server.address() as { port: number }).port,
    serve: uplink.resolve,
    publish: (topic, bytes, { retain = false } = {}) =>
      hasRoom(broker, queued, topic) ? publish(broker, topic, bytes, retain) : Promise.resolve(),
    close: () => close(broker, server),
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
async function accept(
  uplink: Uplink,
  hotspotId: string,
  packet: { topic: string; payload: Buffer | string },
) {
  if (!uplink.mayPublish(hotspotId, packet.topic)) throw new Error(`May not publish to ${packet.topic}`);
  await uplink.ingest(packet.topic, new Uint8Array(Buffer.from(packet.payload)), hotspotId);
}

function follow(broker: Aedes, ready: Promise<Uplink>, queued: Map<string, number>): void {
  const tell = (client: Client, online: boolean) => {
    queued.delete(client.id);
    void ready.then((uplink) => uplink.presence(client.id, online));
  };
  broker.on("clientReady", (client) => tell(client, true));
  broker.on("clientDisconnect", (client) => tell(client, false));
  // Aedes closes a session after an error by itself; without a listener the error would end the program.
  broker.on("clientError", () => {});
  broker.on("connectionError", () => {});
}

/** Bounds what waits in memory for hotspots that are away. */
function hasRoom(broker: Aedes, queued: Map<string, number>, topic: string): boolean {
  const [, , , hotspot, direction] = topic.split("/");
  if (hotspot === undefined || direction !== "down" || isConnected(broker, hotspot)) return true;
  const waiting = queued.get(hotspot) ?? 0;
  queued.set(hotspot, waiting + 1);
  return waiting < MAX_QUEUED_MESSAGES;
}

const isConnected = (broker: Aedes, id: string): boolean =>
  Object.hasOwn((broker as unknown as { clients: Record<string, Client> }).clients, id);

function publish(broker: Aedes, topic: string, bytes: Uint8Array, retain: boolean): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const packet = { cmd: "publish", topic, payload: Buffer.from(bytes), qos: 1, retain, dup: false } as const;
  broker.publish(packet, (error) => (error ? reject(error) : resolve()));
  return promise;
}

async function listen(broker: Aedes, options: EmbeddedBrokerOptions): Promise<Server> {
  const onConnection = (socket: Socket) => {
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

async function close(broker: Aedes, server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  await new Promise<void>((done) => broker.close(done));
  await promise;
}
