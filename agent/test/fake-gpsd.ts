import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { GpsConfig } from "../src/config/config.ts";

const VERSION = { class: "VERSION", release: "3.22", rev: "3.22", proto_major: 3, proto_minor: 14 };
const DEVICE = "/dev/ttyACM0";

/** A gpsd that sends what the test gives it to all that are connected. */
export class FakeGpsd implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, greeting: readonly object[]) {
    this.#server = server;
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => this.#sockets.delete(socket));
      socket.write(linesOf(greeting));
    });
  }

  /** @param devices of the answer to WATCH; left out: another program, which sends `greeting` */
  static async listen(greeting: readonly object[] = [VERSION]): Promise<FakeGpsd> {
    const server = createServer();
    const gpsd = new FakeGpsd(server, greeting);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return gpsd;
  }

  get config(): GpsConfig & { type: "gpsd" } {
    return { type: "gpsd", host: "127.0.0.1", port: (this.#server.address() as AddressInfo).port };
  }

  send(...objects: object[]): void {
    for (const socket of this.#sockets) socket.write(linesOf(objects));
  }

  /** A fix of this time. */
  fix(atMs: number, more: object = {}): void {
    const place = { lat: 47.3667, lon: 8.55, altMSL: 420, eph: 3 };
    const time = new Date(atMs).toISOString();
    this.send(
      { class: "SKY", device: DEVICE, nSat: 9, uSat: 9, satellites: [] },
      { class: "TPV", device: DEVICE, mode: 3, time, ...place, ...more },
    );
  }

  /** A TOFF report: the time in the receiver's message, and the host's clock when it came. */
  messageCame(realMs: number, clockMs: number): void {
    const whole = (ms: number) => Math.floor(ms / 1000);
    const rest = (ms: number) => (ms - whole(ms) * 1000) * 1e6;
    const real = { real_sec: whole(realMs), real_nsec: rest(realMs) };
    this.send({
      class: "TOFF",
      device: DEVICE,
      ...real,
      clock_sec: whole(clockMs),
      clock_nsec: rest(clockMs),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}

const linesOf = (objects: readonly object[]): string =>
  objects.map((object) => `${JSON.stringify(object)}\r\n`).join("");

const TPV = { class: "TPV", device: "/dev/ttyS0", mode: 3, lat: 47.3667, lon: 8.55, altMSL: 408.2, eph: 3.1 };
const SKY = {
  class: "SKY",
  device: "/dev/ttyS0",
  uSat: 2,
  satellites: [
    { PRN: 5, gnssid: 0, svid: 5, ss: 41, el: 50, az: 120, used: true },
    { PRN: 12, gnssid: 0, svid: 12, ss: 33.5, el: 20, az: 250, used: true },
  ],
};

/** A gpsd with a fix that never changes: sends a banner, and its report when asked to watch. */
export async function startGpsdWithFix(): Promise<{ port: number; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.write(linesOf([{ class: "VERSION", release: "3.22", proto_major: 3, proto_minor: 14 }]));
    socket.on("data", (data) => {
      if (!String(data).includes("?WATCH")) return;
      socket.write(linesOf([SKY]));
      socket.write(linesOf([TPV]));
      socket.write(linesOf([TPV]));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return {
    port: address.port,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
