import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { ConnectionGate, type SocketAddress } from "@earshot/drivers";
import type { Clock } from "@earshot/protocol/hotspot";
import { namesThisMachine } from "./allowed-hosts.ts";
import { createPage, type PageSource } from "./app.ts";

export interface PageOptions {
  /** Port 0 lets the system choose. */
  listen: SocketAddress;
  /** Names beside the machine's own by which it may be asked for. */
  names: readonly string[];
}

export interface RunningPage {
  /** `http://127.0.0.1:4480/` */
  url: string;
  stop(): Promise<void>;
}

type Handler = (request: Request) => Response | Promise<Response>;

/** Each connection makes one request and is answered at once; so many may be open, and for so long. */
const MAX_CONNECTIONS = 64;
const CONNECTION_LIMIT_MS = 10_000;

/**
 * Serves the status page over HTTP, one request a connection. Idle connections keep nobody out: see `ConnectionGate`.
 *
 * @throws {Error} when the address cannot be bound
 */
export async function servePage(
  source: PageSource,
  { listen, names }: PageOptions,
  clock: Clock,
): Promise<RunningPage> {
  const machine = { hostname, addresses, configured: [listen.host, ...names] };
  const page = createPage(source, (host) => namesThisMachine(host, machine));
  return serve((request) => page.fetch(request), listen, clock);
}

const addresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap((own = []) => own.map(({ address }) => address));

async function serve(handler: Handler, { host, port }: SocketAddress, clock: Clock): Promise<RunningPage> {
  const gate = new ConnectionGate({ clock, maxWaiting: MAX_CONNECTIONS, limitMs: CONNECTION_LIMIT_MS });
  const http = createHttpServer((incoming, outgoing) => {
    answer(handler, incoming, outgoing).catch(() => outgoing.destroy());
  });
  const front = createServer((socket: Socket) => {
    gate.enter(socket);
    http.emit("connection", socket);
  });
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  front.once("error", reject);
  front.listen(port, host, resolve);
  await listening;
  const { port: bound } = front.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}/`,
    stop: async () => {
      const closed = new Promise<void>((done) => front.close(() => done()));
      gate.endAll();
      await closed;
    },
  };
}

async function answer(handler: Handler, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { method = "GET", url = "/", headers } = incoming;
  const named = Object.entries(headers).filter(([, value]) => typeof value === "string") as [
    string,
    string,
  ][];
  // The handler checks the Host header; the name here only completes the URL.
  const response = await handler(new Request(new URL(url, "http://page"), { method, headers: named }));
  const body = Buffer.from(await response.arrayBuffer());
  outgoing.writeHead(response.status, { ...Object.fromEntries(response.headers), Connection: "close" });
  outgoing.end(method === "HEAD" ? undefined : body);
}
