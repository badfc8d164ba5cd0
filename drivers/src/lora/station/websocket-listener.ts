import { createPrivateKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, STATUS_CODES } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createSecureServer, type Server as SecureServer } from "node:tls";
import { type Clock, type Log, silentLog } from "@earshot/protocol/hotspot";
import { errorText } from "@earshot/protocol/runtime";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import { LinkLostError, type SocketAddress } from "../../driver.ts";
import { ConnectionGate } from "../../link/connection-gate.ts";
import type {
  ConnectionEvents,
  ListenerEvents,
  StationConnection,
  StationListener,
  StationRequest,
  StationTrouble,
} from "./station-connection.ts";

export interface StationTls {
  /** PEM. */
  certificate: string;
  /** PEM. */
  key: string;
  /** PEM of the authority of client certificates: with it, only stations with one of its certificates may connect. */
  clientCa?: string;
}

export interface ListenWebSocketOptions extends SocketAddress {
  clock: Clock;
  log?: Log;
  /** Asked at the start, and every 5 s whether there are others: new connections get those. Throws what is wrong. */
  tls?: () => StationTls | Promise<StationTls>;
}

/** The longest message a station sends is an uplink of 255 bytes, about 1 kB. */
const MAX_MESSAGE_BYTES = 16_384;
/** What may wait to be sent to a station that does not read. */
const MAX_UNSENT_BYTES = 65_536;
/** Connections that have not asked for a WebSocket yet, and for how long each may be so. */
const MAX_WAITING = 64;
const WAIT_LIMIT_MS = 10_000;
const RENEW_MS = 5_000;
/** The first byte of a TLS record that begins a handshake (RFC 8446 §5.1). */
const TLS_HANDSHAKE = 22;

/** @throws {LinkLostError} when it cannot listen there, or certificate or key cannot be read. */
export async function listenWebSocket(options: ListenWebSocketOptions): Promise<StationListener> {
  const where = `websocket ${options.host}:${options.port}`;
  try {
    const tls = await options.tls?.();
    const server = createFront(tls);
    server.listen(options.port, options.host);
    await once(server, "listening");
    return new WebSocketListener(server, tls, options);
  } catch (error) {
    throw new LinkLostError(`Cannot listen on ${where}: ${errorText(error)}`, { cause: error });
  }
}

/** Takes connections in below HTTP: an HTTP server reports a connection only once it has sent a request. */
function createFront(tls: StationTls | undefined): Server {
  if (tls === undefined) return createServer();
  checkTls(tls);
  return createSecureServer(secureContext(tls));
}

function secureContext({ certificate: cert, key, clientCa: ca }: StationTls) {
  return ca === undefined ? { cert, key } : { cert, key, ca, requestCert: true, rejectUnauthorized: true };
}

/** Deno's server accepts anything and then fails each handshake. */
function checkTls({ certificate, key, clientCa }: StationTls): void {
  const named = <T>(name: string, read: () => T): T => {
    try {
      return read();
    } catch (error) {
      throw new Error(`the TLS ${name} is no PEM of its kind (${errorText(error)})`, { cause: error });
    }
  };
  const own = named("certificate", () => new X509Certificate(certificate));
  const privateKey = named("key", () => createPrivateKey(key));
  if (!own.checkPrivateKey(privateKey)) throw new Error("the TLS key does not belong to the certificate");
  if (clientCa !== undefined) named("client authority", () => new X509Certificate(clientCa));
}

class WebSocketListener implements StationListener {
  readonly local: SocketAddress;
  readonly isSecure: boolean;
  readonly #front: Server;
  readonly #http = createHttpServer();
  readonly #gate: ConnectionGate;
  readonly #ending = new AbortController();
  #certificateProblem: string | undefined;
  readonly #upgrader = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    clientTracking: false,
  });
  #closing: Promise<void> | undefined;

  constructor(front: Server, tls: StationTls | undefined, options: ListenWebSocketOptions) {
    const { clock } = options;
    const { address, port } = front.address() as AddressInfo;
    this.local = { host: address, port };
    this.isSecure = tls !== undefined;
    this.#front = front;
    this.#gate = new ConnectionGate({ clock, maxWaiting: MAX_WAITING, limitMs: WAIT_LIMIT_MS });
    if (tls !== undefined) this.#renew(tls, options).catch(() => {});
  }

  get certificateProblem(): string | undefined {
    return this.#certificateProblem;
  }

  start(events: ListenerEvents): void {
    this.#front.on("connection", (socket: Socket) => this.#gate.enter(socket));
    this.#front.on(this.isSecure ? "secureConnection" : "connection", (socket: Socket) => {
      socket.on("error", () => {});
      this.#http.emit("connection", socket);
    });
    this.#front.on("tlsClientError", (error: NodeJS.ErrnoException, socket: Socket) => {
      const trouble = handshakeTrouble(error);
      if (trouble !== undefined) events.refused(trouble, socket.remoteAddress ?? "");
    });
    this.#http.on("clientError", (error: NodeJS.ErrnoException & { rawPacket?: Uint8Array }, socket) => {
      if (error.rawPacket?.[0] === TLS_HANDSHAKE) events.refused("tls", hostOf(socket));
      socket.destroy();
    });
    this.#http.on("request", ({ url, socket }, response) => {
      if (url?.startsWith("/update-info")) events.refused("cups", socket.remoteAddress ?? "");
      response.writeHead(426, { Connection: "close" }).end();
    });
    this.#http.on("upgrade", (request: IncomingMessage, socket: Duplex, head) => {
      this.#upgrade(request, socket, head, events);
    });
    this.#front.on("error", (error) => events.lost(error));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#ending.abort();
    const closed = Promise.withResolvers<void>();
    this.#front.close(() => closed.resolve());
    this.#gate.endAll();
    await closed.promise;
  }

  /** Certificates are renewed while we run, and may be seen half written: what can be used is, new connections get it. */
  async #renew(
    first: StationTls,
    { clock, tls: read, log = silentLog }: ListenWebSocketOptions,
  ): Promise<never> {
    let used = first;
    for (;;) {
      await clock.sleep(RENEW_MS, this.#ending.signal);
      try {
        const found = (await read?.()) ?? used;
        if (!isSame(found, used)) {
          checkTls(found);
          (this.#front as SecureServer).setSecureContext(secureContext(found));
          used = found;
          log.info("The certificate of the stations' port was renewed");
        }
        this.#certificateProblem = undefined;
      } catch (error) {
        const why = errorText(error);
        if (this.#certificateProblem === undefined)
          log.warn("The certificate of the stations' port cannot be renewed; the one before it is used", {
            why,
          });
        this.#certificateProblem = why;
      }
    }
  }

  #upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer, events: ListenerEvents): void {
    const request = readRequest(incoming);
    const status = events.admit(request);
    if (status !== 101) {
      const line = `HTTP/1.1 ${status} ${STATUS_CODES[status]}`;
      socket.end(`${line}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    this.#gate.pass(incoming.socket);
    this.#upgrader.handleUpgrade(incoming, socket, head, (webSocket) => {
      events.opened(new WebSocketConnection(webSocket, request));
    });
  }
}

const isSame = (one: StationTls, other: StationTls): boolean =>
  one.certificate === other.certificate && one.key === other.key && one.clientCa === other.clientCa;

const hostOf = (socket: Duplex): string => (socket as Partial<Socket>).remoteAddress ?? "";

/** By the names that OpenSSL, BoringSSL and rustls have for it; nothing where the other end just went away. */
function handshakeTrouble({ code = "" }: NodeJS.ErrnoException): StationTrouble | undefined {
  if (code === "ECONNRESET" || code === "EPIPE") return undefined;
  if (/HTTP_REQUEST|WRONG_VERSION_NUMBER/.test(code)) return "plain";
  if (/PEER_DID_NOT_RETURN|SELF_SIGNED|UNABLE_TO|CERT_HAS_EXPIRED|CERT_NOT_YET/.test(code))
    return "client-certificate";
  return "handshake";
}

function readRequest({ url = "", headers, socket }: IncomingMessage): StationRequest {
  const { host, authorization, origin } = headers;
  return {
    path: url.split("?", 1)[0] ?? "",
    remote: { host: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 },
    ...(host === undefined ? {} : { host }),
    ...(authorization === undefined ? {} : { authorization }),
    ...(origin === undefined ? {} : { origin }),
  };
}

class WebSocketConnection implements StationConnection {
  readonly request: StationRequest;
  readonly #webSocket: WebSocket;

  constructor(webSocket: WebSocket, request: StationRequest) {
    this.#webSocket = webSocket;
    this.request = request;
  }

  listen(events: ConnectionEvents): void {
    this.#webSocket.on("message", (data: RawData, isBinary: boolean) => {
      const bytes = data as Buffer;
      if (isBinary) events.binary(bytes.length);
      else events.text(bytes.toString());
    });
    this.#webSocket.on("ping", () => events.alive());
    this.#webSocket.on("pong", () => events.alive());
    this.#webSocket.on("error", (error) => events.broken(errorText(error)));
    this.#webSocket.on("close", () => events.closed());
  }

  send(text: string): boolean {
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) return false;
    if (this.#webSocket.bufferedAmount > MAX_UNSENT_BYTES) {
      this.terminate();
      return false;
    }
    // What fails later ends the connection, which `closed` signals.
    this.#webSocket.send(text, () => {});
    return true;
  }

  ping(): void {
    if (this.#webSocket.readyState === this.#webSocket.OPEN)
      this.#webSocket.ping(undefined, undefined, () => {});
  }

  terminate(): void {
    this.#webSocket.terminate();
  }
}
