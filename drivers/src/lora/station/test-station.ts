import { once } from "node:events";
import { type ClientOptions, WebSocket } from "ws";

/** A queue whose reader waits for the next item. */
export class Mailbox<T> {
  readonly #items: T[] = [];
  readonly #waiting: ((item: T) => void)[] = [];

  get length(): number {
    return this.#items.length;
  }

  push(item: T): void {
    const waiter = this.#waiting.shift();
    if (waiter === undefined) this.#items.push(item);
    else waiter(item);
  }

  next(): Promise<T> {
    const item = this.#items.shift();
    return item === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(item);
  }
}

/** The station's end of a WebSocket, real or not. */
export interface StationWire {
  readonly received: Mailbox<string>;
  /** Resolves when the connection is gone. */
  readonly ended: Promise<void>;
  up(text: string): Promise<void>;
  upBinary(bytes: Uint8Array): Promise<void>;
  /** Resolves once the server has dealt with all that was sent. */
  settled(): Promise<void>;
  hangUp(): Promise<void>;
}

export type DialStation = (path: string) => Promise<StationWire>;

export const VERSION =
  '{"msgtype":"version","station":"2.0.6(linux/testsim)","firmware":null,"package":null,"model":"linux","protocol":2,"features":"rmtsh gps"}';

/** Bits of a session that a real station drew. */
const SESSION_XTIME = 37_999_122_125_375_659n;

/** A scripted Basics Station. */
export class TestStation {
  readonly wire: StationWire;
  #frames = 0n;

  constructor(wire: StationWire) {
    this.wire = wire;
  }

  /** Asks where to connect, connects there and is configured, as Station does. */
  static async connect(dial: DialStation, router = "::1", version = VERSION): Promise<TestStation> {
    const discovery = await dial("/router-info");
    await discovery.up(JSON.stringify({ router }));
    const { uri, error } = JSON.parse(await discovery.received.next());
    await discovery.hangUp();
    if (error !== undefined) throw new Error(error);
    const station = new TestStation(await dial(new URL(uri).pathname));
    await station.wire.up(version);
    const config = await station.next();
    if (config.msgtype !== "router_config") throw new Error(`${config.msgtype} instead of router_config`);
    return station;
  }

  /** The next message down. */
  async next(): Promise<Record<string, unknown>> {
    return JSON.parse(await this.wire.received.next());
  }

  /** Sends a proprietary frame as heard; each call another payload. */
  async hear(fields: Readonly<Record<string, unknown>> = {}): Promise<void> {
    await this.wire.up(this.uplinkText(fields));
  }

  uplinkText(fields: Readonly<Record<string, unknown>> = {}): string {
    this.#frames += 1n;
    const payload = `E0${this.#frames.toString(16).padStart(8, "0")}`;
    const message = { msgtype: "propdf", FRMPayload: payload, DR: 3, Freq: 868_500_000, ...fields };
    const xtime = SESSION_XTIME + this.#frames * 100_000n;
    const upinfo = `{"rctx":0,"xtime":${xtime},"gpstime":0,"fts":-1,"rssi":-50,"snr":9,"rxtime":1795253552.2}`;
    return `${JSON.stringify(message).slice(0, -1)},"upinfo":${upinfo}}`;
  }

  /** Says that the frame of a `dnmsg` is on air. */
  async sent(dnmsg: Readonly<Record<string, unknown>>, xtime = SESSION_XTIME): Promise<void> {
    const { diid, RX2DR, RX2Freq, DevEui } = dnmsg;
    const fields = JSON.stringify({ msgtype: "dntxed", seqno: diid, diid, DR: RX2DR, Freq: RX2Freq, DevEui });
    await this.wire.up(`${fields.slice(0, -1)},"rctx":0,"xtime":${xtime},"txtime":1795253552.2,"gpstime":0}`);
  }
}

/** A real WebSocket to a real server. Rejects with the HTTP status when it is refused. */
export async function dialWebSocket(url: string, options: ClientOptions = {}): Promise<StationWire> {
  const webSocket = new WebSocket(url, { perMessageDeflate: false, ...options });
  const received = new Mailbox<string>();
  webSocket.on("message", (data) => received.push(String(data)));
  const ended = Promise.withResolvers<void>();
  webSocket.on("close", () => ended.resolve());
  await once(webSocket, "open");
  webSocket.on("error", () => {});
  return {
    received,
    ended: ended.promise,
    async up(text) {
      webSocket.send(text);
    },
    async upBinary(bytes) {
      webSocket.send(bytes);
    },
    async settled() {
      const answered = Promise.race([once(webSocket, "pong"), ended.promise]);
      if (webSocket.readyState === WebSocket.OPEN) webSocket.ping();
      await answered;
    },
    async hangUp() {
      webSocket.close();
      await ended.promise;
    },
  };
}
