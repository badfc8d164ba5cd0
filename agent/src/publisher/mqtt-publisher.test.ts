import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { systemClock, type TlsPaths } from "@earshot/protocol/runtime";
import { freePort, hasTool, startMosquitto, startOldBroker } from "../testing/mqtt-brokers.ts";
import { MAX_INBOUND_PACKET_BYTES } from "./inbound-guard.ts";
import { type MqttPublisherOptions, mqttPublisher } from "./mqtt-publisher.ts";
import type { Publisher, SessionOptions } from "./publisher.ts";

const publisherTo = (options: MqttPublisherOptions, clock = systemClock) => mqttPublisher(options, { clock });
const never = new AbortController().signal;
const OPEN = () => ["allow_anonymous true"];
const bytes = (text: string) => new TextEncoder().encode(text);
const options = (username: string, subscriptions: string[] = []): SessionOptions => ({
  username,
  password: "token",
  will: { topic: `will/${username}`, bytes: bytes("gone") },
  subscriptions,
});

const OTHER_ID = "z6MkvG98XAeBk76CXgtJ2B8hauKA7UV5BLuXE9Uha9Zhza7f";

/** Not `expect().rejects`: that blocks until the promise settles, and here the test must make it settle. */
const failureOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "no failure",
    (error: Error) => error.message,
  );

async function next(publisher: Publisher): Promise<{ topic: string; text: string } | undefined> {
  const { value, done } = await publisher[Symbol.asyncIterator]().next();
  return done ? undefined : { topic: value.topic, text: new TextDecoder().decode(value.bytes) };
}

describe.skipIf(!hasTool("mosquitto"))("with mosquitto", () => {
  test("a message goes from one session to another", async () => {
    const broker = await startMosquitto(OPEN);
    const open = publisherTo({ url: `mqtt://127.0.0.1:${broker.port}` });
    const connected = broker.logged(/New client connected .* as b .*p5/);
    const b = await open(options("b", ["to/b", "other/+"]), never);
    await connected;
    const a = await open(options("a"), never);
    const received = next(b);
    await a.publish("to/b", bytes("hello"));
    expect(await received).toEqual({ topic: "to/b", text: "hello" });
    await a.close();
    await b.close();
    await expect(a.publish("to/b", bytes("late"))).rejects.toThrow();
    await broker.stop();
  });

  test("what came while away is delivered in the next session", async () => {
    const broker = await startMosquitto(OPEN);
    const open = publisherTo({ url: `mqtt://127.0.0.1:${broker.port}` });
    const away = await open(options("away", ["to/away"]), never);
    const gone = broker.logged(/Client away (closed its connection|disconnected)/);
    await away.close();
    await gone;
    const sender = await open(options("sender"), never);
    await sender.publish("to/away", bytes("kept"));
    const back = await open(options("away", ["to/away"]), never);
    expect(await next(back)).toEqual({ topic: "to/away", text: "kept" });
    await Promise.all([back.close(), sender.close()]);
    await broker.stop();
  });

  test("closing lets the broker publish the will", async () => {
    const broker = await startMosquitto(OPEN);
    const open = publisherTo({ url: `mqtt://127.0.0.1:${broker.port}` });
    const watcher = await open(options("watcher", ["will/+"]), never);
    const hotspot = await open(options("hotspot"), never);
    const received = next(watcher);
    await hotspot.close();
    expect(await received).toEqual({ topic: "will/hotspot", text: "gone" });
    await watcher.close();
    await broker.stop();
  });

  test("a killed broker fails the iteration and what is being published", async () => {
    const broker = await startMosquitto(OPEN);
    const url = `mqtt://127.0.0.1:${broker.port}`;
    const publisher = await publisherTo({ url })(options("a"), never);
    const ended = failureOf(next(publisher));
    await broker.stop("SIGKILL");
    expect(await ended).toContain(`${url}: the connection was lost`);
    await expect(publisher.publish("x", bytes("y"))).rejects.toThrow();
    await publisher.close();
    await expect(publisherTo({ url })(options("a"), never)).rejects.toThrow(/nothing listens there/);
  });

  test("a refused login is explained with what to check", async () => {
    const broker = await startMosquitto(() => ["allow_anonymous false"]);
    const open = publisherTo({ url: `mqtt://127.0.0.1:${broker.port}` });
    await expect(open(options("a"), never)).rejects.toThrow(/login was refused: check \[network\] name/);
    await broker.stop();
  });

  test("the newer session of the same hotspot ends the older one", async () => {
    const broker = await startMosquitto(OPEN);
    const open = publisherTo({ url: `mqtt://127.0.0.1:${broker.port}` });
    const older = await open(options("a"), never);
    const ended = failureOf(next(older));
    const newer = await open(options("a"), never);
    expect(await ended).toContain("mqtt://127.0.0.1");
    await newer.publish("x", bytes("y"));
    await Promise.all([older.close(), newer.close()]);
    await broker.stop();
  });
});

describe.skipIf(!hasTool("mosquitto") || !hasTool("openssl"))("over TLS", () => {
  test("the broker is checked, and asks for our certificate", async () => {
    const broker = await startMosquitto((folder) => {
      makeCertificates(folder);
      return [
        "allow_anonymous true",
        `cafile ${join(folder, "ca.crt")}`,
        `certfile ${join(folder, "localhost.crt")}`,
        `keyfile ${join(folder, "localhost.key")}`,
        "require_certificate true",
      ];
    });
    const at = (name: string) => join(broker.folder, name);
    const url = `mqtts://localhost:${broker.port}`;
    const client = { cert: at("hotspot.crt"), key: at("hotspot.key") };
    const ca = at("ca.crt");
    const publisher = await publisherTo({ url, files: { ca, ...client } })(options("a"), never);
    await publisher.publish("x", bytes("y"));
    await publisher.close();
    const problemWith = (files: TlsPaths, scheme = "mqtts", nowMs?: number) => {
      const clock = nowMs === undefined ? systemClock : { ...systemClock, now: () => nowMs };
      const url = `${scheme}://localhost:${broker.port}`;
      return failureOf(publisherTo({ url, files }, clock)(options("a"), never));
    };
    expect(await problemWith(client)).toContain("set [broker] ca_file");
    expect(await problemWith({ ca })).toContain("set [broker] cert_file and key_file");
    const stranger = { cert: at("stranger.crt"), key: at("stranger.key") };
    expect(await problemWith({ ca, ...stranger })).toContain(
      "does not accept the certificate in [broker] cert_file",
    );
    expect(await problemWith({ ca, ...client }, "mqtt")).toContain("check the port, mqtt:// or mqtts://");
    // In 1970: this machine's clock is to blame, whatever the broker says.
    expect(await problemWith({ ca, ...stranger }, "mqtts", 0)).toMatch(
      /^\[broker\] ca_file .*ca\.crt is not valid before .* clock says 1970-01-01: set the clock, by NTP or GPS; mqtts:/,
    );
    const other = { cert: at(`${OTHER_ID}.crt`), key: at(`${OTHER_ID}.key`) };
    expect(await problemWith({ ca, ...other })).toBe(
      `[broker] cert_file is another hotspot's, ${OTHER_ID}; this one is a: give it its own certificate and key`,
    );
    await broker.stop();
  });
});

/** A certificate authority, a broker called localhost and a client. Elliptic keys: made in a moment. */
function makeCertificates(folder: string): void {
  const openssl = (...args: string[]) => {
    const { status, stderr } = spawnSync("openssl", args, { cwd: folder });
    if (status !== 0) throw new Error(String(stderr));
  };
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  for (const name of ["ca", "stranger"]) {
    openssl(
      "req",
      "-x509",
      ...newKey,
      "-subj",
      `/CN=test ${name}`,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.crt`,
    );
  }
  for (const name of ["localhost", "hotspot", OTHER_ID]) {
    openssl(
      ...["req", "-x509", ...newKey, "-subj", `/CN=${name}`],
      ...["-addext", `subjectAltName=DNS:${name}`, "-addext", "basicConstraints=critical,CA:FALSE"],
      ...["-CA", "ca.crt", "-CAkey", "ca.key", "-keyout", `${name}.key`, "-out", `${name}.crt`],
    );
  }
}

describe("with a broker that speaks 3.1.1 only", () => {
  test("falls back, and remembers it for the next session", async () => {
    const broker = await startOldBroker();
    const open = publisherTo({ url: `mqtt://127.0.0.1:${broker.port}` });
    const first = await open(options("a", ["to/a"]), never);
    await first.publish("x", bytes("y"));
    await first.close();
    const second = await open(options("a", ["to/a"]), never);
    await second.close();
    expect(broker.levels).toEqual([5, 4, 4]);
    broker.stop();
  });
});

describe("a broker that is not honest", () => {
  test.each([
    [
      "a packet of 60 MB",
      Uint8Array.of(0x30, 0x80, 0x8e, 0xce, 0x1c),
      "the broker sent a packet of 60000005 bytes",
    ],
    ["QoS 2", Uint8Array.of(0x34, 6, 0, 1, 0x74, 0, 1, 9), "the broker sent a message of QoS 2"],
  ])("loses its session for %s, before anything is kept of it", async (_what, header, why) => {
    const sent = { bytes: 0 };
    const broker = await startOldBroker((socket) => {
      setImmediate(() => socket.write(header));
      const isLong = header[0] === 0x30;
      const flood = () => {
        while (!socket.destroyed && sent.bytes < 60_000_000) {
          sent.bytes += 65_536;
          if (!socket.write(new Uint8Array(65_536))) return void socket.once("drain", flood);
        }
      };
      if (isLong) setImmediate(flood);
    });
    const url = `mqtt://127.0.0.1:${broker.port}`;
    const publisher = await publisherTo({ url })(options("a", ["to/a"]), never);
    expect(await failureOf(next(publisher))).toContain(why);
    expect(sent.bytes).toBeLessThan(20_000_000);
    await publisher.close();
    broker.stop();
  });

  test("a flood of messages is handled one by one: none is lost, though few may wait", async () => {
    const message = (i: number) => Uint8Array.of(0x30, 5, 0, 1, 0x74, i >> 8, i & 255);
    const broker = await startOldBroker((socket) => {
      socket.write(Buffer.concat(Array.from({ length: 5000 }, (_, i) => message(i))));
    });
    const publisher = await publisherTo({ url: `mqtt://127.0.0.1:${broker.port}` })(
      options("a", ["t"]),
      never,
    );
    let count = 0;
    for await (const { bytes: body } of publisher) {
      expect(body).toEqual(Uint8Array.of(count >> 8, count & 255));
      count += 1;
      if (count === 5000) break;
    }
    expect(count).toBe(5000);
    broker.stop();
  });
});

test.each([5, 4] as const)(
  "a session of version %d outlasts its connections, and is given up after silence",
  async (version) => {
    const sent = Promise.withResolvers<Buffer>();
    const server = createServer((socket) => {
      socket
        .on("error", () => {})
        .once("data", (data) => {
          sent.resolve(data);
          socket.end();
        });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    await failureOf(publisherTo({ url: `mqtt://127.0.0.1:${port}`, version })(options("a"), never));
    const connect = await sent.promise;
    const levelAt = connect.indexOf("MQTT") + 4;
    expect(connect[levelAt]).toBe(version);
    // User name, password, a will of QoS 1 that is not retained; no clean start (MQTT 5.0 §3.1.2.3).
    expect(connect[levelAt + 1]).toBe(0b1100_1100);
    expect(connect.readUInt16BE(levelAt + 2)).toBe(60);
    // Session expiry of a week and the greatest packet, in MQTT 5 only.
    const properties = connect.subarray(levelAt + 4, levelAt + 15).toString("hex");
    const longest = MAX_INBOUND_PACKET_BYTES.toString(16).padStart(8, "0");
    expect(properties.startsWith(`0a1100093a8027${longest}`)).toBe(version === 5);
    server.close();
  },
);

test("nobody there", async () => {
  const url = `mqtt://127.0.0.1:${await freePort()}`;
  await expect(publisherTo({ url })(options("a"), never)).rejects.toThrow(
    `${url}: nothing listens there: check [broker] url and that the broker runs`,
  );
});

test("an aborted opening gives up at once", async () => {
  await expect(
    publisherTo({ url: "mqtt://127.0.0.1:1" })(options("a"), AbortSignal.abort()),
  ).rejects.toThrow();
});

describe("reason codes of an MQTT 5 broker at the end of a session, or for what is published", () => {
  /** Lets in and grants; what it does to a PUBLISH is the test's. */
  async function startBroker(connack: Uint8Array, onPublish: (socket: Socket, id: Uint8Array) => void) {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", (data) => {
        const type = (data[0] ?? 0) >> 4;
        const bodyAt = (data[1] ?? 0) < 128 ? 2 : 3;
        if (type === 1) socket.write(connack);
        else if (type === 8) socket.write(Uint8Array.of(0x90, 4, data[2] ?? 0, data[3] ?? 0, 0, 1));
        else if (type === 3) {
          const idAt = bodyAt + 2 + data.readUInt16BE(bodyAt);
          onPublish(socket, data.subarray(idAt, idAt + 2));
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    return { url: `mqtt://127.0.0.1:${port}`, stop: () => server.close() };
  }
  const ACCEPTED = Uint8Array.of(0x20, 3, 0, 0, 0);

  test.each([
    ["taken over", 0x8e, "another box may use this key"],
    ["banned by its operator", 0x98, "the broker's operator ended the session"],
    ["shut down", 0x8b, "the broker is being shut down"],
    ["over its quota", 0x97, "quota"],
  ])("a session that is %s", async (_what, code, advice) => {
    const broker = await startBroker(ACCEPTED, (socket) => socket.end(Uint8Array.of(0xe0, 1, code)));
    const publisher = await publisherTo({ url: broker.url })(options("a", ["to/a"]), never);
    const [ended, sent] = [failureOf(next(publisher)), failureOf(publisher.publish("x", bytes("y")))];
    expect(await ended).toContain(advice);
    expect(await sent).toContain(advice);
    await publisher.close();
    broker.stop();
  });

  // "Unspecified error" and "Not authorized" of a PUBACK (MQTT 5.0 §3.4.2.1).
  test.each([0x80, 0x87])(
    "a packet that is refused with %d, as when the certificate is another's, names topic and rules",
    async (code) => {
      const broker = await startBroker(ACCEPTED, (socket, id) =>
        socket.write(Buffer.concat([Uint8Array.of(0x40, 3), id, Uint8Array.of(code)])),
      );
      const publisher = await publisherTo({ url: broker.url })(options("a", ["to/a"]), never);
      const why = await failureOf(publisher.publish("up/a", bytes("y")));
      expect(why).toContain("the broker does not let this hotspot publish: its access rules must allow it");
      expect(why).toContain("up/a");
      await publisher.close();
      broker.stop();
    },
  );

  test("its Receive Maximum, where it names one, and what it cannot do", async () => {
    const broker = await startBroker(Uint8Array.of(0x20, 6, 0, 0, 3, 0x21, 0, 20), () => {});
    const publisher = await publisherTo({ url: broker.url })(options("a", ["to/a"]), never);
    expect(publisher.receiveMaximum).toBe(20);
    await publisher.close();
    broker.stop();
    const silent = await startBroker(ACCEPTED, () => {});
    const unlimited = await publisherTo({ url: silent.url })(options("a", ["to/a"]), never);
    expect(unlimited.receiveMaximum).toBe(65_535);
    await unlimited.close();
    silent.stop();
    const weak = await startBroker(Uint8Array.of(0x20, 5, 0, 0, 2, 0x24, 0), () => {});
    expect(await failureOf(publisherTo({ url: weak.url })(options("a"), never))).toContain("takes no QoS 1");
    weak.stop();
  });
});
