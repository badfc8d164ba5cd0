import { createServer, type Server, type Socket } from "node:net";
import type { SocketAddress } from "@earshot/drivers";
import type { Clock } from "@earshot/protocol";
import { gpsdBanner, gpsdWatchAnswer, writeGpsd } from "./gpsd-writer.ts";
import type { Sky } from "./sky.ts";

interface GpsdServer {
  readonly local: SocketAddress;
  /** Disconnects all clients. */
  close(): Promise<void>;
}

const SECOND_MS = 1000;
/** A client that sends more without a line end is disconnected. */
const MAX_COMMAND_CHARS = 4096;

/** A gpsd with one receiver: banner, then after `?WATCH={"enable":true…}` a SKY and a TPV each second. */
export async function listenGpsd(options: { clock: Clock; sky: Sky } & SocketAddress): Promise<GpsdServer> {
  const { clock, sky, host, port } = options;
  const clients = new Map<Socket, AbortController>();
  const server = createServer((socket) => {
    const gone = new AbortController();
    clients.set(socket, gone);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      clients.delete(socket);
      gone.abort();
    });
    serve(socket, clock, sky, gone.signal);
  });
  await listening(server, host, port);
  const address = server.address();
  return {
    local: { host, port: typeof address === "object" && address !== null ? address.port : port },
    async close() {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      for (const socket of clients.keys()) socket.destroy();
      await promise;
    },
  };
}

function listening(server: Server, host: string, port: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(port, host, () => {
    server.off("error", reject);
    resolve();
  });
  return promise;
}

function serve(socket: Socket, clock: Clock, sky: Sky, gone: AbortSignal): void {
  let isWatched = false;
  let pending = "";
  socket.setEncoding("utf8");
  socket.write(gpsdBanner());
  socket.on("data", (text) => {
    const lines = (pending + text).split(/[\n;]/);
    pending = lines.pop() ?? "";
    if (pending.length > MAX_COMMAND_CHARS) socket.destroy();
    const watches = lines.some((line) => /^\?WATCH=.*"enable":\s*true/.test(line.trim()));
    if (!watches || isWatched) return;
    isWatched = true;
    socket.write(gpsdWatchAnswer());
    void sendEachSecond(socket, clock, sky, gone);
  });
}

async function sendEachSecond(socket: Socket, clock: Clock, sky: Sky, gone: AbortSignal): Promise<void> {
  try {
    while (!gone.aborted) {
      socket.write(writeGpsd(sky.at(clock.now())));
      await clock.sleep(SECOND_MS - (clock.now() % SECOND_MS), gone);
    }
  } catch (error) {
    if (!gone.aborted) throw error;
  }
}
