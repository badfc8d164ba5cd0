import { createPrivateKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import { LinkLostError, type SocketAddress } from "../../driver.ts";
import { errorMessage } from "../../link/error-message.ts";
import type {
  ConnectionEvents,
  ListenerEvents,
  StationConnection,
  StationListener,
  StationRequest,
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
  tls?: StationTls;
}

/** The longest message a station sends is an uplink of 255 bytes, about 1 kB. */
export const MAX_MESSAGE_BYTES = 16_384;
/** What may wait to be sent to a station that does not read. */
const MAX_UNSENT_BYTES = 65_536;
const MAX_SOCKETS = 256;
const HEADERS_TIMEOUT_MS = 10_000;

/** @throws {LinkLostError} when it cannot listen there, or certificate or key cannot be read. */
export async function listenWebSocket(options: ListenWebSocketOptions): Promise<StationListener> {
  const where = `websocket ${options.host}:${options.port}`;
  try {
    const server = createHttpServer(options.tls);
    server.maxConnections = MAX_SOCKETS;
    server.listen(options.port, options.host);
    await once(server, "listening");
    return new WebSocketListener(server, options.tls !== undefined);
  } catch (error) {
    throw new LinkLostError(`Cannot listen on ${where}: ${errorMessage(error)}`, { cause: error });
  }
}

function createHttpServer(tls: StationTls | undefined): Server {
  const limits = { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: HEADERS_TIMEOUT_MS };
  if (tls === undefined) return createServer(limits);
  checkTls(tls);
  const { certificate: cert, key, clientCa: ca } = tls;
  const client = ca === undefined ? {} : { ca, requestCert: true, rejectUnauthorized: true };
  return createSecureServer({ ...limits, cert, key, ...client });
}

/** Deno's server takes anything and then fails each handshake. */
function checkTls({ certificate, key, clientCa }: StationTls): void {
  const named = <T>(name: string, read: () => T): T => {
    try {
      return read();
    } catch (error) {
      throw new Error(`the TLS ${name} is no PEM of its kind (${errorMessage(error)})`, { cause: error });
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
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();
  readonly #upgrader = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    clientTracking: false,
  });
  #closing: Promise<void> | undefined;

  constructor(server: Server, isSecure: boolean) {
    const { address, port } = server.address() as AddressInfo;
    this.local = { host: address, port };
    this.isSecure = isSecure;
    this.#server = server;
  }

  start(events: ListenerEvents): void {
    this.#server.on("connection", (socket: Duplex) => this.#track(socket));
    this.#server.on("secureConnection", (socket: Duplex) => this.#track(socket));
    this.#server.on("request", (_request, response) => {
      response.writeHead(426, { Connection: "close" }).end();
    });
    this.#server.on("upgrade", (request: IncomingMessage, socket: Duplex, head) => {
      this.#upgrade(request, socket, head, events);
    });
    this.#server.on("error", (error) => events.lost(error));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const closed = Promise.withResolvers<void>();
    this.#server.close(() => closed.resolve());
    this.#server.closeAllConnections();
    for (const socket of this.#sockets) socket.destroy();
    await closed.promise;
  }

  #track(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => this.#sockets.delete(socket));
  }

  #upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer, events: ListenerEvents): void {
    this.#track(socket);
    const request = readRequest(incoming);
    const status = events.admit(request);
    if (status !== 101) {
      const line = `HTTP/1.1 ${status} ${STATUS_CODES[status]}`;
      socket.end(`${line}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    this.#upgrader.handleUpgrade(incoming, socket, head, (webSocket) => {
      events.opened(new WebSocketConnection(webSocket, request));
    });
  }
}

function readRequest({ url = "", headers, socket }: IncomingMessage): StationRequest {
  const { host, authorization } = headers;
  return {
    path: url.split("?", 1)[0] ?? "",
    remote: { host: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 },
    ...(host === undefined ? {} : { host }),
    ...(authorization === undefined ? {} : { authorization }),
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
    this.#webSocket.on("error", (error) => events.broken(errorMessage(error)));
    this.#webSocket.on("close", () => events.closed());
  }

  send(text: string): boolean {
    if (this.#webSocket.readyState !== this.#webSocket.OPEN) return false;
    if (this.#webSocket.bufferedAmount > MAX_UNSENT_BYTES) {
      this.terminate();
      return false;
    }
    // What fails later ends the connection, which `closed` tells.
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
