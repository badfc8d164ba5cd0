import type { SocketAddress } from "@earshot/drivers";

export interface RunningPage {
  address: SocketAddress;
  stop(): Promise<void>;
}

type Handler = (request: Request) => Response | Promise<Response>;

/** What this file needs of the two runtimes, and no more; each has the one or the other as a global. */
interface Runtimes {
  Bun?: {
    serve(options: { hostname: string; port: number; fetch: Handler }): {
      port: number;
      stop(closeActiveConnections: boolean): Promise<void>;
    };
  };
  Deno?: {
    serve(
      options: { hostname: string; port: number; onListen: () => void },
      handler: Handler,
    ): { addr: { port: number }; shutdown(): Promise<void> };
  };
}

/**
 * Serves HTTP with Bun's or Deno's own server. Port 0 lets the system choose.
 *
 * @throws {Error} when the address cannot be bound
 */
export function serve(handler: Handler, { host, port }: SocketAddress): RunningPage {
  const { Bun, Deno } = globalThis as unknown as Runtimes;
  if (Bun !== undefined) {
    const server = Bun.serve({ hostname: host, port, fetch: handler });
    return { address: { host, port: server.port }, stop: () => server.stop(true) };
  }
  if (Deno === undefined) throw new Error("The status page needs Bun or Deno");
  const server = Deno.serve({ hostname: host, port, onListen: () => {} }, handler);
  return { address: { host, port: server.addr.port }, stop: () => server.shutdown() };
}
