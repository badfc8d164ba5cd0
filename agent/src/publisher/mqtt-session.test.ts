import { afterEach, expect, spyOn, test } from "bun:test";
import { EventEmitter, getEventListeners, once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { MqttVersion } from "@earshot/protocol/hotspot";
import { ManualClock } from "@earshot/protocol/testing";
import { MqttClient } from "mqtt";
import { mqttPublisher } from "./mqtt-publisher.ts";

const SESSION = {
  username: "a",
  password: "token",
  will: { topic: "will", bytes: Uint8Array.of(1) },
  subscriptions: ["to/a"],
};
const [CONNECT, SUBSCRIBE] = [1, 8];

const packet = (head: number, body: readonly number[]) => Uint8Array.of(head, body.length, ...body);

let server: Server | undefined;
afterEach(() => server?.close());

interface Behaviour {
  version?: MqttVersion;
  /** Of each SUBACK: from 0x80 on it refuses. */
  grant?: number;
  /** Takes connections and says nothing. */
  isSilent?: boolean;
}

/** A broker that lets everybody in. */
async function startBroker({ version = 5, grant = 1, isSilent = false }: Behaviour = {}) {
  const properties = version === 5 ? [0] : [];
  const sockets: Socket[] = [];
  const subscribed: Buffer[] = [];
  const events = new EventEmitter();
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    if (isSilent) return void events.emit("reached");
    socket.on("data", (data) => {
      const type = (data[0] ?? 0) >> 4;
      if (type === CONNECT) socket.write(packet(0x20, [0, 0, ...properties]));
      else if (type === SUBSCRIBE) {
        subscribed.push(data);
        socket.write(packet(0x90, [data[2] ?? 0, data[3] ?? 0, ...properties, grant]));
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const clock = new ManualClock();
  const open = (signal: AbortSignal, scheme = "mqtt") =>
    mqttPublisher({ url: `${scheme}://127.0.0.1:${port}`, version }, { clock })(SESSION, signal);
  return { clock, events, open, sockets, subscribed };
}

test.each([
  [5, 0x87],
  [4, 0x80],
] as const)(
  "a broker of version %d that refuses to grant says so, and no connection is left",
  async (version, grant) => {
    const { clock, open, sockets } = await startBroker({ version, grant });
    const failure = open(new AbortController().signal).catch(({ message }: Error) => message);
    expect(await failure).toContain("the broker does not let this hotspot subscribe: its access rules");
    expect(await failure).toContain("to/a");
    const [socket] = sockets;
    if (socket?.closed === false) await once(socket, "close");
    await clock.advance(0);
    expect(clock.pending).toBe(0);
  },
);

test("subscriptions are asked for with QoS 1", async () => {
  const { open, subscribed } = await startBroker();
  await (await open(new AbortController().signal)).close();
  // The last byte: options of the last subscription (MQTT 5.0 §3.8.3.1).
  expect(subscribed.map((data) => Number(data.at(-1)) & 3)).toEqual([1]);
});

test("however many sessions begin and end, what ends the program is listened to by none of them", async () => {
  const { open } = await startBroker();
  const { signal } = new AbortController();
  for (let i = 0; i < 5; i++) await (await open(signal)).close();
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});

test("a session that is lost is not begun again by the client, which knows no fresh token", async () => {
  const { open, sockets } = await startBroker();
  const emitted = spyOn(MqttClient.prototype, "emit");
  const session = await open(new AbortController().signal);
  sockets[0]?.destroy();
  await expect(session[Symbol.asyncIterator]().next()).rejects.toThrow("the connection was lost");
  await session.close();
  const events = emitted.mock.calls.map(([event]) => String(event));
  emitted.mockRestore();
  expect(events).toContain("close");
  // What the client says when it will try again.
  expect(events).not.toContain("offline");
});

test("who takes the connection and never speaks TLS is left after 20 s", async () => {
  const { clock, events, open } = await startBroker({ isSilent: true });
  const reached = once(events, "reached");
  const opened = open(new AbortController().signal, "mqtts").then(
    () => "no failure",
    (error: Error) => error.message,
  );
  await reached;
  let isOver = false;
  void opened.then(() => {
    isOver = true;
  });
  await clock.advance(19_999);
  expect(isOver).toBe(false);
  await clock.advance(1);
  expect(await opened).toContain("no connection within 20 s");
  expect(clock.pending).toBe(0);
});
