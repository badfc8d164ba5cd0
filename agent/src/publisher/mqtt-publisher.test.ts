import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, hasTool, startMosquitto, startOldBroker } from "../testing/mqtt-brokers.ts";
import { mqttPublisher } from "./mqtt-publisher.ts";
import type { Publisher, SessionOptions } from "./publisher.ts";

const never = new AbortController().signal;
const OPEN = () => ["allow_anonymous true"];
const bytes = (text: string) => new TextEncoder().encode(text);
const options = (username: string, subscriptions: string[] = []): SessionOptions => ({
  username,
  password: "token",
  will: { topic: `will/${username}`, bytes: bytes("gone") },
  subscriptions,
});

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
    const open = mqttPublisher({ url: `mqtt://127.0.0.1:${broker.port}` });
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
    const open = mqttPublisher({ url: `mqtt://127.0.0.1:${broker.port}` });
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
    const open = mqttPublisher({ url: `mqtt://127.0.0.1:${broker.port}` });
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
    const publisher = await mqttPublisher({ url })(options("a"), never);
    const ended = failureOf(next(publisher));
    await broker.stop("SIGKILL");
    expect(await ended).toContain(`${url}: the connection was lost`);
    await expect(publisher.publish("x", bytes("y"))).rejects.toThrow();
    await publisher.close();
    await expect(mqttPublisher({ url })(options("a"), never)).rejects.toThrow(/nothing listens there/);
  });

  test("a refused login says what to check", async () => {
    const broker = await startMosquitto(() => ["allow_anonymous false"]);
    const open = mqttPublisher({ url: `mqtt://127.0.0.1:${broker.port}` });
    await expect(open(options("a"), never)).rejects.toThrow(/login was refused: check \[network\] name/);
    await broker.stop();
  });

  test("the newer session of the same hotspot ends the older one", async () => {
    const broker = await startMosquitto(OPEN);
    const open = mqttPublisher({ url: `mqtt://127.0.0.1:${broker.port}` });
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
    const pem = (name: string) => readFileSync(join(broker.folder, name), "utf8");
    const url = `mqtts://localhost:${broker.port}`;
    const client = { cert: pem("hotspot.crt"), key: pem("hotspot.key") };
    const publisher = await mqttPublisher({ url, ca: pem("ca.crt"), ...client })(options("a"), never);
    await publisher.publish("x", bytes("y"));
    await publisher.close();
    await expect(mqttPublisher({ url, ...client })(options("a"), never)).rejects.toThrow(
      /set \[broker\] ca_file/,
    );
    await expect(mqttPublisher({ url, ca: pem("ca.crt") })(options("a"), never)).rejects.toThrow(
      /cert_file and key_file/,
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
  openssl("req", "-x509", ...newKey, "-subj", "/CN=test ca", "-keyout", "ca.key", "-out", "ca.crt");
  for (const name of ["localhost", "hotspot"]) {
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
    const open = mqttPublisher({ url: `mqtt://127.0.0.1:${broker.port}` });
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
    const publisher = await mqttPublisher({ url })(options("a", ["to/a"]), never);
    expect(await failureOf(next(publisher))).toContain(why);
    expect(sent.bytes).toBeLessThan(20_000_000);
    await publisher.close();
    broker.stop();
  });

  test("a flood of messages is taken one by one: none is lost, though few may wait", async () => {
    const message = (i: number) => Uint8Array.of(0x30, 5, 0, 1, 0x74, i >> 8, i & 255);
    const broker = await startOldBroker((socket) => {
      socket.write(Buffer.concat(Array.from({ length: 5000 }, (_, i) => message(i))));
    });
    const publisher = await mqttPublisher({ url: `mqtt://127.0.0.1:${broker.port}` })(
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

test("nobody there", async () => {
  const url = `mqtt://127.0.0.1:${await freePort()}`;
  await expect(mqttPublisher({ url })(options("a"), never)).rejects.toThrow(
    `${url}: nothing listens there: check [broker] url and that the broker runs`,
  );
});

test("an aborted opening gives up at once", async () => {
  await expect(
    mqttPublisher({ url: "mqtt://127.0.0.1:1" })(options("a"), AbortSignal.abort()),
  ).rejects.toThrow();
});
