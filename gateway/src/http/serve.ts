import { createServer, type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { getRequestListener } from "@hono/node-server";
import { addressGroup, ClientAddresses } from "../access/client-address.ts";
import { type ConnectionLimits, Connections } from "../access/connections.ts";

/** What comes with each request beside itself. */
export interface RequestEnvironment {
  /** The client's, as `addressGroup` has it. */
  clientGroup: string;
  /** Address of the other end of the connection: a reverse proxy's, where there is one. */
  peer: string;
}

export interface HttpOptions {
  host: string;
  port: number;
  limits: ConnectionLimits;
  /** Whose X-Forwarded-For is trusted. */
  trustedProxies: readonly string[];
  timeouts?: HttpTimeouts;
  fetch(request: Request, environment: RequestEnvironment): Response | Promise<Response>;
}

export interface HttpServer {
  readonly url: string;
  readonly port: number;
  /** Connections closed or refused to keep within the limits. */
  readonly dropped: number;
  /** Ends every connection. */
  close(): Promise<void>;
}

interface HttpTimeouts {
  /** How long a connection may be silent. An event stream says something more often (`HEARTBEAT_MS`), so it stays. */
  idleMs: number;
  /** From the begin of the connection, or of a further request, until the request's head is there. */
  headMs: number;
  /** The same until its body is there. */
  requestMs: number;
}

const TIMEOUTS: HttpTimeouts = { idleMs: 30_000, headMs: 10_000, requestMs: 20_000 };
/** How often the latter two are looked at, at the most. */
const LOOK_MS = 1000;
const MAX_HEAD_BYTES = 16_384;
const PIECE_BYTES = 65_536;

/**
 * Listens and hands requests on. Bun's own server does not say when a connection opens, so it cannot limit them, and
 * its idle limit does not end a sender that is slow: hence the one of `node:http`.
 * @throws {Error} with `code` if the port cannot be had
 */
export async function serveHttp(options: HttpOptions): Promise<HttpServer> {
  const { idleMs, headMs, requestMs } = options.timeouts ?? TIMEOUTS;
  const connections = new Connections<Socket>(options.limits);
  const addresses = new ClientAddresses(options.trustedProxies);
  const server = createServer(
    {
      headersTimeout: headMs,
      requestTimeout: requestMs,
      keepAliveTimeout: idleMs,
      connectionsCheckingInterval: Math.min(LOOK_MS, headMs),
      maxHeaderSize: MAX_HEAD_BYTES,
    },
    getRequestListener(
      async (request, { incoming }) => {
        const response = await options.fetch(request, environmentOf(incoming));
        return paced(response, () => incoming.socket.setTimeout(idleMs));
      },
      { overrideGlobalObjects: false },
    ),
  );
  server.timeout = idleMs;
  server.on("connection", (socket: Socket) => {
    const peer = socket.remoteAddress ?? "";
    if (!connections.add(socket, addresses.isProxy(peer) ? undefined : addressGroup(peer))) return;
    socket.once("close", () => connections.remove(socket));
  });
  server.on("request", ({ socket }, response) => {
    connections.began(socket);
    response.once("close", () => connections.ended(socket));
  });
  server.on("clientError", refuse);
  await listen(server, options);
  const { port, address, family } = server.address() as AddressInfo;
  return {
    port,
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}/`,
    get dropped() {
      return connections.dropped;
    },
    close: () => close(server),
  };

  function environmentOf({
    socket,
    headers,
  }: Pick<IncomingMessage, "socket" | "headers">): RequestEnvironment {
    const forwarded = headers["x-forwarded-for"];
    const client = addresses.of(socket.remoteAddress ?? "", [forwarded].flat().join(","));
    return { clientGroup: addressGroup(client), peer: socket.remoteAddress ?? "" };
  }
}

/**
 * A long answer in pieces, so that who reads it slowly has `idleMs` for each of them and not for all: Bun counts a
 * connection's silence from what was received last.
 * @param before called before each piece
 */
export function paced(response: Response, before: () => void): Response {
  const { body, headers } = response;
  if (body === null || Number(headers.get("content-length") ?? Number.POSITIVE_INFINITY) <= PIECE_BYTES) {
    return response;
  }
  const reader = body.getReader();
  let rest = new Uint8Array();
  const pieces = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        before();
        if (rest.length === 0) {
          const { done, value } = await reader.read();
          if (done) return controller.close();
          rest = value;
        }
        controller.enqueue(rest.subarray(0, PIECE_BYTES));
        rest = rest.subarray(PIECE_BYTES);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return new Response(pieces, response);
}

const listen = (server: Server, { host, port }: HttpOptions) =>
  new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

const CLIENT_ERRORS: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** Answers bytes that are no request with one line, and closes the connection. */
function refuse(error: Error & { code?: string }, socket: Duplex): void {
  const status = CLIENT_ERRORS[error.code ?? ""] ?? 400;
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    );
  }
  socket.destroy();
}
