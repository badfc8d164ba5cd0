import type { Socket } from "node:net";
import type { Clock, Log } from "@earshot/protocol";
import { pause } from "@earshot/protocol/runtime";
import { shownUsername } from "../access/access.ts";
import { LoginRates } from "../access/login-rates.ts";
import type { Downlink } from "../downlink/downlink.ts";
import { count, type GatewayMetrics, newMetrics } from "../monitoring/metrics.ts";
import type { ClientDeps } from "./endpoint/client.ts";
import { Clients } from "./endpoint/clients.ts";
import { type CertificateFiles, Listener } from "./endpoint/listener.ts";
import { Sessions } from "./endpoint/sessions.ts";
import type { Uplink } from "./uplink.ts";

export interface EmbeddedBrokerOptions {
  host: string;
  /** 0 takes a free port. */
  port: number;
  /** Without it the listener speaks plain TCP. */
  tls?: CertificateFiles;
  /** At this limit the oldest connection that has not logged in is closed for a new one; without one the new one is. */
  maxConnections: number;
  /** The same for one IPv4 address or IPv6 /64; as many as `maxConnections` when absent. */
  maxConnectionsPerAddress?: number;
  clock: Clock;
  log: Log;
  /** Where connections and their ends are counted. */
  metrics?: GatewayMetrics;
}

export interface EmbeddedBroker extends Downlink {
  readonly port: number;
  /** Lets hotspots in. Until then connections wait, so that none is refused for a start in progress. */
  serve(uplink: Uplink): void;
  close(): Promise<void>;
}

/** TCP keep-alive, for clients that ask for no MQTT keep-alive. */
const KEEP_ALIVE_MS = 60_000;
/** How often time limits are checked. */
const TICK_MS = 1000;

/**
 * The broker inside the gateway: an MQTT endpoint (5.0 and 3.1.1) that implements only what hotspots use. A client
 * authenticates as a hotspot with a login token, may publish only below its own id, gets a PUBACK only when the packet is
 * stored, and receives the entropy and its own messages. What hotspots publish goes to the gateway alone: there is no
 * routing between clients.
 */
export async function openEmbeddedBroker(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  const { clock, log, metrics = newMetrics(), maxConnections } = options;
  const maxPerAddress = options.maxConnectionsPerAddress ?? maxConnections;
  const sessions = new Sessions();
  let deps: ClientDeps | undefined;
  const clients = new Clients({
    clock,
    maxConnections,
    maxPerAddress,
    onEnd(reason, hotspotId) {
      count(metrics.connectionsEnded, reason);
      if (hotspotId === undefined) return;
      if (reason !== "left") log.info("Session ended by the broker", { hotspot: hotspotId, reason });
      deps?.uplink.presence(hotspotId, false);
    },
  });
  let failure: string | undefined;
  const listener = new Listener(options.tls, clock, log);
  await listener.renew();
  const { server } = listener;
  await listen(listener, options, (socket) => {
    failure = undefined;
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    const client = clients.admit(socket);
    if (deps !== undefined) client?.begin(deps);
  });
  const stop = new AbortController();
  const ticking = everySecond(clock, stop.signal, () => {
    clients.tick(clock.elapsedMs());
    sessions.expire(clock.elapsedMs());
    void listener.renew();
    metrics.connections = clients.size;
    metrics.sessions = sessions.size;
  });
  // No descriptor left, for one: it goes on listening.
  server.on("error", (error) => {
    failure = error.message;
    log.error("MQTT listener failed", { err: error });
  });
  return {
    port: (server.address() as { port: number }).port,
    serve(uplink) {
      deps = clientDeps(uplink, { clock, log, sessions, metrics, maxPerAddress });
      for (const client of clients) client.begin(deps);
    },
    /**
     * What is retained (entropy) is worth nothing later, so it goes out with QoS 0: with QoS 1 it would pile up for
     * every hotspot that is away. A new subscription gets the newest value in any case.
     */
    async publish(topic, bytes, { retain = false } = {}) {
      metrics.messagesDropped += sessions.route({ topic, bytes, retain, qos: retain ? 0 : 1 });
    },
    problem() {
      if (!server.listening) return "The MQTT listener is closed";
      if (listener.problem() !== undefined) return `The MQTT listener: ${listener.problem()}`;
      if (failure !== undefined) return `The MQTT listener takes no connections: ${failure}`;
      if (clients.size < maxConnections) return undefined;
      return `${clients.size} hotspots are connected, the most that broker.max_connections allows: others are refused`;
    },
    async close() {
      stop.abort();
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      for (const client of clients) client.drop("shutting_down");
      await Promise.all([promise, ticking]);
    },
  };
}

function clientDeps(
  uplink: Uplink,
  shared: Pick<ClientDeps, "sessions" | "log" | "clock"> & { metrics: GatewayMetrics; maxPerAddress: number },
): ClientDeps {
  const { metrics, log, sessions, clock, maxPerAddress } = shared;
  const rates = new LoginRates(maxPerAddress);
  return {
    uplink,
    sessions,
    clock,
    log,
    mayLogIn: (hotspotId, sender) => rates.take(hotspotId, sender, clock.elapsedMs()),
    onLogin: (hotspotId) => uplink.presence(hotspotId, true),
    onLoginRefused({ refusal, code, username }) {
      // The gateway has counted those whose token it refused.
      if (code === undefined) count(metrics.loginsRefused, refusal);
      log.info("Login refused", { hotspot: shownUsername(username), reason: code ?? refusal });
    },
  };
}

async function listen(
  { server }: Listener,
  { host, port }: EmbeddedBrokerOptions,
  onConnection: (socket: Socket) => void,
): Promise<void> {
  // Over TLS too "connection" comes before the handshake, so that silent connections count; the data is decrypted.
  server.on("connection", onConnection);
  // The socket also closes.
  server.on("tlsClientError", (_error, socket: Socket) => socket.destroy());
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, host, resolve);
  await promise;
  server.off("error", reject);
}

async function everySecond(clock: Clock, signal: AbortSignal, work: () => void): Promise<void> {
  while (!signal.aborted) {
    work();
    await pause(clock, TICK_MS, signal);
  }
}
