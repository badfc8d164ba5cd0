import { createSocket } from "node:dgram";
import { encodeGwmp, encodePushData, type GwmpDatagram, type RadioFrame } from "@earshot/drivers";
import { testDevices } from "@earshot/drivers/testing";
import { PtyDevice } from "../test/pty-device.ts";

const EUI = "00800000a0001234";
const CHANNELS_HZ = [868_100_000, 868_300_000, 868_500_000, 867_100_000, 867_300_000, 867_500_000];
/** 86,400 frames a day. */
export const USUAL_FRAMES_PER_S = 1;
/** Where devices stand close: about as much as all channels can carry without colliding all the time. */
export const CITY_FRAMES_PER_S = 10;
const PULL_MS = 10_000;
const STAT_MS = 30_000;

export interface BenchRadio extends AsyncDisposable {
  type: string;
  /** Lines of [lora]. */
  config: string;
  /** Called once the agent runs, with what it logged as its radio's name. */
  start(name: string): Promise<void>;
}

function frameOf(i: number): RadioFrame {
  const bytes = new Uint8Array(24).map((_, at) => (at === 0 ? 0x40 : (i * 31 + at) & 0xff));
  return {
    ...{ kind: "frame", modulation: "lora", atMs: 0, bytes, rssiDbm: -70 - (i % 50), snrDb: 7.5 - (i % 9) },
    ...{ freqHz: CHANNELS_HZ[i % CHANNELS_HZ.length] ?? 868_100_000, spreadingFactor: 7 + (i % 6) },
    ...{
      bandwidthHz: 125_000,
      codingRate: "4/5",
      tmstUs: (i * 100_000) % 2 ** 32,
      channel: i % 6,
      radio: i % 2,
    },
  };
}

const STAT =
  '{"stat":{"time":"2026-06-01 12:00:00 GMT","rxnb":310,"rxok":300,"rxfw":300,"ackr":100.0,"dwnb":0,"txnb":0}}';

/** A packet forwarder: each frame in a datagram of its own, PULL_DATA each 10 s, its statistics each 30 s. */
export function udpForwarder(framesPerS: number): BenchRadio {
  const socket = createSocket("udp4");
  const timers: ReturnType<typeof setInterval>[] = [];
  let token = 0;
  const head = () => ({ version: 2, token: token++ & 0xffff, gatewayEui: EUI }) as const;
  const send = (datagram: GwmpDatagram, port: number) => socket.send(encodeGwmp(datagram), port, "127.0.0.1");
  return {
    type: "semtech-udp",
    config: 'type = "semtech-udp"\nlisten = "127.0.0.1:0"',
    async start(name) {
      const port = Number(/:(\d+)/.exec(name)?.[1]);
      let i = 0;
      const push = (json: Uint8Array) => send({ type: "PUSH_DATA", ...head(), json }, port);
      const pull = () => send({ type: "PULL_DATA", ...head() }, port);
      const hear = () => push(encodePushData({ receptions: [{ frame: frameOf(i++) }] }));
      const tell = () => push(new TextEncoder().encode(STAT));
      pull();
      tell();
      timers.push(setInterval(hear, 1000 / framesPerS));
      timers.push(setInterval(pull, PULL_MS), setInterval(tell, STAT_MS));
    },
    async [Symbol.asyncDispose]() {
      for (const timer of timers) clearInterval(timer);
      socket.close();
    },
  };
}

/** A Basics Station: asks where to connect, says its version, then a message for each frame. */
export function basicsStation(framesPerS: number): BenchRadio {
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    type: "basics-station",
    config: 'type = "basics-station"\nlisten = "127.0.0.1:0"',
    async start(name) {
      const port = Number(/:(\d+)/.exec(name)?.[1]);
      const asking = await dialled(`ws://127.0.0.1:${port}/router-info`);
      const answer = nextText(asking);
      asking.send('{"router":"::1"}');
      const { uri } = JSON.parse(await answer);
      asking.close();
      socket = await dialled(`ws://127.0.0.1:${port}${new URL(uri).pathname}`);
      const configured = nextText(socket);
      socket.send(VERSION);
      await configured;
      let i = 0;
      timer = setInterval(() => socket?.send(uplink(i++)), 1000 / framesPerS);
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      socket?.close();
    },
  };
}

const VERSION =
  '{"msgtype":"version","station":"2.0.6(linux/std)","firmware":null,"package":null,"model":"linux","protocol":2,"features":"gps"}';

function uplink(i: number): string {
  const payload = i.toString(16).padStart(16, "0").toUpperCase();
  const freqHz = CHANNELS_HZ[i % CHANNELS_HZ.length];
  const upinfo = `{"rctx":0,"xtime":${37_999_122_125_375_659n + BigInt(i) * 100_000n},"gpstime":0,"fts":-1,"rssi":-${50 + (i % 60)},"snr":9,"rxtime":1795253552.2}`;
  return `{"msgtype":"updf","MHdr":64,"DevAddr":${i % 1000},"FCtrl":0,"FCnt":${i % 65536},"FOpts":"","FPort":1,"FRMPayload":"${payload}","MIC":${i},"DR":${i % 6},"Freq":${freqHz},"upinfo":${upinfo}}`;
}

function dialled(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url);
  return new Promise((resolve, reject) => {
    socket.addEventListener("open", () => resolve(socket), { once: true });
    socket.addEventListener("error", () => reject(new Error(`Cannot connect to ${url}`)), { once: true });
  });
}

const nextText = (socket: WebSocket): Promise<string> =>
  new Promise((resolve) => {
    socket.addEventListener("message", ({ data }) => resolve(String(data)), { once: true });
  });

/** A RAK3172 on a serial port, which is asked and tuned by the agent. */
export async function serialModem(framesPerS: number): Promise<BenchRadio> {
  const { RAK3172: made } = testDevices();
  const device = await PtyDevice.plugged(made?.answer);
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    type: "rak3172",
    config: `type = "rak3172"\ndevice = "${device.path}"\nfreq_mhz = 868.1\nspreading_factor = 9`,
    async start() {
      let i = 0;
      const say = () =>
        device.say(
          `+EVT:RXP2P:-${50 + (i % 60)}:9:${(i++).toString(16).padStart(40, "A").toUpperCase()}\r\n`,
        );
      timer = setInterval(say, 1000 / framesPerS);
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await device.unplug();
    },
  };
}
