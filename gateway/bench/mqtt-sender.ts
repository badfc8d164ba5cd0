/**
 * Hotspots that publish as fast as they are acknowledged, in a process of its own: a child of `over-mqtt.ts`. Packets
 * are signed and framed before they are asked for, and sockets are raw, so that sending costs little beside taking in.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { makeLoginToken } from "@earshot/protocol";
import { generate, type Packet } from "mqtt-packet";
import { type BenchHotspot, makeHotspots, makeLoad, NETWORK, NOW_MS } from "./load.ts";

export interface SenderSetup {
  port: number;
  hotspots: number;
}

/** One round: `packets` are shared among the hotspots; each is acknowledged before the answer comes. */
export interface SenderRound {
  firstSequence: number;
  packets: number;
}

/** Packets that a hotspot sends before it waits for an acknowledgement. */
const WINDOW = 16;
const PUBACK_BYTES = 4;

interface Line {
  hotspot: BenchHotspot;
  socket: Socket;
}

async function open(hotspot: BenchHotspot, port: number): Promise<Line> {
  const { id: clientId, signer } = hotspot;
  const socket = connect(port, "127.0.0.1");
  const password = Buffer.from(makeLoginToken(signer, NETWORK, NOW_MS));
  const login = { clientId, username: clientId, password, clean: true, keepalive: 0 };
  socket.write(generate({ cmd: "connect", protocolId: "MQTT", protocolVersion: 4, ...login }));
  const [answer] = (await once(socket, "data")) as [Buffer];
  if (answer[3] !== 0) throw new Error(`${clientId} could not log in: ${answer.toHex()}`);
  return { hotspot, socket };
}

/** Sends all frames, at most `WINDOW` without a PUBACK; resolves when each has one. */
async function publish({ socket }: Line, frames: readonly Uint8Array[]): Promise<void> {
  let sent = 0;
  let acknowledgedBytes = 0;
  const send = () => {
    const until = Math.min(frames.length, acknowledgedBytes / PUBACK_BYTES + WINDOW);
    if (until > sent) socket.write(Buffer.concat(frames.slice(sent, until)));
    sent = until;
  };
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onData = (bytes: Buffer) => {
    acknowledgedBytes += bytes.length;
    if (acknowledgedBytes === frames.length * PUBACK_BYTES) resolve();
    else if (acknowledgedBytes % PUBACK_BYTES === 0) send();
  };
  const onClose = () => reject(new Error("The broker closed a connection"));
  socket.on("data", onData).once("close", onClose);
  send();
  await promise;
  socket.off("data", onData).off("close", onClose);
}

function framesOf(lines: readonly Line[], { packets, firstSequence }: SenderRound): Uint8Array[][] {
  const types = ["witness", "beacon", "witness", "reading"] as const;
  const load = makeLoad({ types, hotspots: lines.map(({ hotspot }) => hotspot), packets, firstSequence });
  const frames = lines.map((): Uint8Array[] => []);
  for (const [i, { topic, bytes }] of load.packets.entries()) {
    const messageId = Math.floor(i / lines.length) + 1;
    const packet: Packet = {
      ...{ cmd: "publish", topic, payload: Buffer.from(bytes), messageId },
      ...{ qos: 1, dup: false, retain: false },
    };
    frames[i % lines.length]?.push(generate(packet));
  }
  return frames;
}

let lines: Line[] = [];
let frames: Uint8Array[][] = [];

async function answer(asked: { setup: SenderSetup } | { prepare: SenderRound } | "send"): Promise<void> {
  if (asked === "send") await Promise.all(lines.map((line, i) => publish(line, frames[i] ?? [])));
  else if ("prepare" in asked) frames = framesOf(lines, asked.prepare);
  else {
    const { port, hotspots } = asked.setup;
    lines = await Promise.all(makeHotspots(hotspots).map((hotspot) => open(hotspot, port)));
  }
  process.send?.("done");
}

process.on("message", (asked: Parameters<typeof answer>[0]) => {
  answer(asked).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
process.on("disconnect", () => process.exit(0));
