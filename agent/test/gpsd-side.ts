import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { GpsConfig } from "../src/config/config.ts";

const VERSION = { class: "VERSION", release: "3.22", rev: "3.22", proto_major: 3, proto_minor: 14 };
const DEVICE = "/dev/ttyACM0";

/** A gpsd made of software: tells what it is told to, to whoever is connected. */
export class GpsdSide implements AsyncDisposable {
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

  /** @param devices of the answer to WATCH; left out: another program, which says what `greeting` holds */
  static async listening(greeting: readonly object[] = [VERSION]): Promise<GpsdSide> {
    const server = createServer();
    const gpsd = new GpsdSide(server, greeting);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return gpsd;
  }

  get config(): GpsConfig & { type: "gpsd" } {
    return { type: "gpsd", host: "127.0.0.1", port: (this.#server.address() as AddressInfo).port };
  }

  say(...objects: object[]): void {
    for (const socket of this.#sockets) socket.write(linesOf(objects));
  }

  /** A fix of this time. */
  fix(atMs: number, more: object = {}): void {
    const place = { lat: 47.3667, lon: 8.55, altMSL: 420, eph: 3 };
    const time = new Date(atMs).toISOString();
    this.say(
      { class: "SKY", device: DEVICE, nSat: 9, uSat: 9, satellites: [] },
      { class: "TPV", device: DEVICE, mode: 3, time, ...place, ...more },
    );
  }

  /** What the receiver's message told, and what the host's clock was then. */
  messageCame(realMs: number, clockMs: number): void {
    const whole = (ms: number) => Math.floor(ms / 1000);
    const rest = (ms: number) => (ms - whole(ms) * 1000) * 1e6;
    const real = { real_sec: whole(realMs), real_nsec: rest(realMs) };
    this.say({
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
