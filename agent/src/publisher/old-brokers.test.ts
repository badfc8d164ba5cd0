import { describe, expect, test } from "bun:test";
import { createServer, type Socket } from "node:net";
import { logTo } from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import { freePort, startOldBroker } from "../testing/mqtt-brokers.ts";
import { type MqttPublisherOptions, mqttPublisher } from "./mqtt-publisher.ts";
import type { Publisher } from "./publisher.ts";

const HOUR_MS = 3_600_000;
const never = new AbortController().signal;
const session = {
  username: "a",
  password: "token",
  will: { topic: "will", bytes: Uint8Array.of(1) },
  subscriptions: ["to/a"],
};

/** One agent's publisher, its virtual time and what it logged. */
function publisherTo(
  port: number,
  options: Partial<MqttPublisherOptions> = {},
  subscriptions = session.subscriptions,
) {
  const clock = new ManualClock();
  const lines: string[] = [];
  const log = logTo((_level, message, fields) => lines.push(`${message} ${JSON.stringify(fields)}`));
  const open = mqttPublisher({ url: `mqtt://127.0.0.1:${port}`, ...options }, { clock, log });
  return { clock, lines, open: () => open({ ...session, subscriptions }, never) };
}

async function once(open: () => Promise<Publisher>): Promise<void> {
  const opened = await open();
  await opened.publish("x", Uint8Array.of(2));
  await opened.close();
}

const failureOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no failure",
    ({ message }: Error) => message,
  );

describe("a broker that knows no MQTT 5", () => {
  const doors: Record<string, [(socket: Socket) => void, why: string]> = {
    "refuses it as 3.1.1 does": [(socket) => socket.end(Uint8Array.of(0x20, 2, 0, 1)), "Connection refused"],
    "refuses it as 5.0 does": [
      (socket) => socket.end(Uint8Array.of(0x20, 3, 0, 0x84, 0)),
      "Connection refused",
    ],
    "closes (RabbitMQ before 3.13)": [(socket) => socket.end(), "closed without a CONNACK"],
    resets: [(socket) => socket.resetAndDestroy(), "closed without a CONNACK"],
    "answers a CONNACK that is none": [
      (socket) => socket.write(Uint8Array.of(0x20, 5, 0, 0, 9, 9, 9)),
      "roperty",
    ],
    "answers half a CONNACK and closes": [(socket) => socket.end(Uint8Array.of(0x20, 3)), ""],
  };
  for (const [what, [onVersion5, why]] of Object.entries(doors)) {
    test(`and ${what} is spoken to in 3.1.1, with a line in the log`, async () => {
      const broker = await startOldBroker(undefined, onVersion5);
      const { open, lines, clock } = publisherTo(broker.port);
      await once(open);
      await once(open);
      expect(broker.levels).toEqual([5, 4, 4]);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain("The broker speaks no MQTT 5; going on with 3.1.1");
      expect(lines[0]).toContain(why);
      expect(clock.pending).toBe(0);
      broker.stop();
    });
  }

  test("and stays silent is waited for no longer than 10 s", async () => {
    const asked = Promise.withResolvers<void>();
    const broker = await startOldBroker(undefined, () => asked.resolve());
    const { open, clock, lines } = publisherTo(broker.port);
    const opened = once(open);
    await asked.promise;
    await clock.advance(9999);
    expect(broker.levels).toEqual([5]);
    await clock.advance(1);
    await opened;
    expect(broker.levels).toEqual([5, 4]);
    expect(lines[0]).toContain("no CONNACK within 10 s");
    expect(clock.pending).toBe(0);
    broker.stop();
  });

  test("that was renewed is spoken to in 5 from then on", async () => {
    let isOld = true;
    const broker = await startOldBroker(undefined, (socket) => {
      if (isOld) socket.end();
      else socket.write(Uint8Array.of(0x20, 3, 0, 0, 0));
    });
    const { open, clock } = publisherTo(broker.port, {}, []);
    const session = async () => (await open()).close();
    await session();
    isOld = false;
    await clock.advance(6 * HOUR_MS);
    await session();
    await session();
    expect(broker.levels).toEqual([5, 4, 5, 5]);
    broker.stop();
  });

  test("is asked for it again after hours, without more lines; what it answers then counts", async () => {
    let isOld = true;
    const broker = await startOldBroker(undefined, (socket) => {
      if (isOld) socket.end();
      else socket.end(Uint8Array.of(0x20, 3, 0, 0x87, 0));
    });
    const { open, clock, lines } = publisherTo(broker.port);
    await once(open);
    await clock.advance(5 * HOUR_MS);
    await once(open);
    await clock.advance(HOUR_MS);
    await once(open);
    expect(broker.levels).toEqual([5, 4, 4, 5, 4]);
    expect(lines).toHaveLength(1);
    isOld = false;
    await clock.advance(6 * HOUR_MS);
    expect(await failureOf(open())).toContain("the login was refused");
    expect(broker.levels).toEqual([5, 4, 4, 5, 4, 5]);
    broker.stop();
  });

  test("but may only be spoken to in MQTT 5 is left: the key is obeyed", async () => {
    const broker = await startOldBroker(undefined, (socket) => socket.end());
    const { open } = publisherTo(broker.port, { version: 5 });
    expect(await failureOf(open())).toContain("the broker closes before it answers");
    expect(broker.levels).toEqual([5]);
    const fixed = publisherTo(broker.port, { version: 4 });
    await once(fixed.open);
    expect(broker.levels).toEqual([5, 4]);
    expect(fixed.lines).toEqual([]);
    broker.stop();
  });
});

describe("what is no reason for an older version", () => {
  test("nobody listens", async () => {
    const { open, lines } = publisherTo(await freePort());
    expect(await failureOf(open())).toContain("nothing listens there");
    expect(lines).toEqual([]);
  });

  const answers: Record<string, [Uint8Array | string, advice: string]> = {
    "a captive portal": [
      "HTTP/1.1 302 Found\r\nLocation: http://portal/\r\n\r\n",
      "a web server answers there: log in",
    ],
    "a TLS port": [Uint8Array.of(0x15, 3, 1, 0, 2, 2, 70), "the port speaks TLS: write mqtts://"],
    "a mail server": ["220 mail.example.net ESMTP\r\n", "what answers there is not MQTT: check the port"],
    "a refused login in 5.0": [Uint8Array.of(0x20, 3, 0, 0x87, 0), "the login was refused"],
    "a broker that is busy": [Uint8Array.of(0x20, 3, 0, 0x89, 0), "takes nobody now"],
    "one that banned it": [Uint8Array.of(0x20, 3, 0, 0x8a, 0), "has banned this hotspot"],
  };
  for (const [what, [answer, advice]] of Object.entries(answers)) {
    test(`${what} answers`, async () => {
      let connections = 0;
      const server = createServer((socket) => {
        connections += 1;
        socket.on("error", () => {});
        socket.once("data", () => socket.end(answer));
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as { port: number };
      expect(await failureOf(publisherTo(port).open())).toContain(advice);
      expect(connections).toBe(1);
      server.close();
    });
  }

  test("a port that accepts connections and never answers is tried in both versions, and reported so", async () => {
    const clients: Socket[] = [];
    let heard = Promise.withResolvers<void>();
    const server = createServer((socket) => {
      clients.push(socket);
      socket.on("error", () => {});
      socket.on("data", () => heard.resolve());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { open, clock } = publisherTo((server.address() as { port: number }).port);
    const failure = failureOf(open());
    await heard.promise;
    heard = Promise.withResolvers();
    await clock.advance(10_000);
    await heard.promise;
    await clock.advance(20_000);
    expect(await failure).toContain("the connection is taken, but nothing answers");
    expect(clients).toHaveLength(2);
    for (const client of clients) client.destroy();
    server.close();
  });
});
