import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import type { SocketAddress } from "../src/driver.ts";

// Debian puts it where the PATH of a plain user does not reach.
const GPSD = "/usr/sbin/gpsd";

export const hasGpsd = spawnSync(GPSD, ["-V"]).status === 0;

export interface GpsdServer extends AsyncDisposable {
  address: SocketAddress;
}

/** Starts the real gpsd on a serial port; resolves once it takes connections. */
export async function startGpsd(serialPath: string): Promise<GpsdServer> {
  const port = await freePort();
  const args = ["-N", "-n", "-b", "-D", "3", "-S", String(port), serialPath];
  const gpsd = spawn(GPSD, args, { stdio: ["ignore", "ignore", "pipe"] });
  const exited = once(gpsd, "exit");
  const listening = Promise.withResolvers<void>();
  let said = "";
  gpsd.stderr.on("data", (text: Uint8Array) => {
    said = (said + text).slice(-10_000);
    if (said.includes(`listening on port ${port}`)) listening.resolve();
  });
  gpsd.on("exit", () => listening.reject(new Error(`gpsd ended early: ${said}`)));
  await listening.promise;
  return {
    address: { host: "127.0.0.1", port },
    async [Symbol.asyncDispose]() {
      gpsd.kill();
      await exited;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
