import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { downTopic, entropyTopic } from "@earshot/protocol";
import mqtt, { type MqttClient } from "mqtt";
import { downOf, NETWORK, startTestBroker, statusOf, type TestBroker } from "./raw-mqtt.ts";

/* The clients that people have: what they need of a broker, beside what the specification says. */

const isRequired = process.env.EARSHOT_REQUIRE_TOOLS === "1";
const runs = (program: string, ...args: string[]) => spawnSync(program, args).status === 0;
const hasMosquittoClients = isRequired || runs("sh", "-c", "command -v mosquitto_pub mosquitto_sub");
/** Debian's, where another Python comes first. */
const python = ["/usr/bin/python3", "python3"].find((program) =>
  runs(program, "-c", "import paho.mqtt.client"),
);
const hasPaho = isRequired || python !== undefined;

const verdict = downTopic(NETWORK, "a", "verdict");
const entropy = entropyTopic(NETWORK);
const utf8 = new TextEncoder();

let run: TestBroker;
const children = new Set<ChildProcess>();

beforeEach(async () => {
  run = await startTestBroker();
  // Greets each subscriber, so that a test knows when a client has subscribed.
  await run.broker.publish(entropy, utf8.encode("entropy"), { retain: true });
});

afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
  await run[Symbol.asyncDispose]();
});

interface Program {
  child: ChildProcess;
  line(): Promise<string>;
  ended: Promise<{ code: number | null; rest: string[] }>;
}

function start(program: string, ...args: string[]): Program {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  children.add(child);
  const lines: string[] = [];
  let wake = () => {};
  let partial = "";
  child.stdout?.on("data", (chunk) => {
    const parts = (partial + String(chunk)).split("\n");
    partial = parts.pop() ?? "";
    lines.push(...parts);
    wake();
  });
  return {
    child,
    async line() {
      while (lines.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return lines.shift() as string;
    },
    ended: once(child, "close").then(([code]) => ({ code: code as number | null, rest: lines })),
  };
}

describe.skipIf(!hasMosquittoClients)("mosquitto_pub and mosquitto_sub", () => {
  const options = (version: string) => [
    ...["-h", "127.0.0.1", "-p", String(run.broker.port), "-V", version],
    ...["-i", "a", "-u", "a", "-P", "token", "-q", "1"],
  ];
  const subscribe = (version: string, ...more: string[]) =>
    start("mosquitto_sub", ...options(version), "-t", downOf("a"), "-t", entropy, ...more);

  describe.each(["mqttv311", "mqttv5"])("%s", (version) => {
    test("publishes", async () => {
      const { ended } = start("mosquitto_pub", ...options(version), "-t", statusOf("a"), "-m", "hello");
      expect((await ended).code).toBe(0);
      expect(run.uplink.taken).toEqual([{ topic: statusOf("a"), text: "hello", sender: "a" }]);
    });

    test("subscribes, and gets what came while it was away", async () => {
      const kept = version === "mqttv5" ? ["-c", "-x", "3600"] : ["-c"];
      const here = subscribe(version, ...kept, "-C", "2");
      expect(await here.line()).toBe("entropy");
      await run.broker.publish(verdict, utf8.encode("one"));
      expect((await here.ended).rest).toEqual(["one"]);
      await run.broker.publish(verdict, utf8.encode("two"));
      const back = subscribe(version, ...kept, "-C", "2");
      expect([await back.line(), await back.line()].sort()).toEqual(["entropy", "two"]);
      expect((await back.ended).code).toBe(0);
    });

    test("leaves its will when it is killed", async () => {
      const will = ["--will-topic", statusOf("a"), "--will-payload", "gone", "--will-qos", "1"];
      const { child, line } = subscribe(version, ...will);
      await line();
      const ended = run.uplink.nextEnd();
      child.kill("SIGKILL");
      await ended;
      expect(run.uplink.taken.map(({ text }) => text)).toEqual(["gone"]);
    });

    test("is told that its password is wrong", async () => {
      const wrong = options(version).map((option) => (option === "token" ? "wrong" : option));
      const { ended } = start("mosquitto_pub", ...wrong, "-t", statusOf("a"), "-m", "x");
      expect((await ended).code).toBe(version === "mqttv5" ? 0x86 : 4);
    });
  });
});

describe.skipIf(!hasPaho)("Paho", () => {
  test.each([4, 5])("speaks level %d: publishes, subscribes, leaves a will", async (version) => {
    const script = join(import.meta.dir, "paho-client.py");
    const port = String(run.broker.port);
    const paho = start(
      python ?? "python3",
      script,
      port,
      String(version),
      statusOf("a"),
      downOf("a"),
      entropy,
    );
    expect(await paho.line()).toBe("published 200");
    expect(await paho.line()).toBe("received entropy");
    await run.broker.publish(verdict, utf8.encode("hello"));
    expect(await paho.line()).toBe("received hello");
    const ended = run.uplink.nextEnd();
    paho.child.kill("SIGKILL");
    await ended;
    const texts = run.uplink.taken.map(({ text }) => text);
    expect(texts).toEqual([...Array.from({ length: 200 }, (_, i) => String(i)), "gone"]);
  });
});

const nextText = (client: MqttClient) =>
  new Promise<string>((resolve) => client.once("message", (_topic, payload) => resolve(String(payload))));

describe.each([4, 5] as const)("mqtt.js, level %d", (protocolVersion) => {
  const connect = (clean: boolean) =>
    mqtt.connectAsync(`mqtt://127.0.0.1:${run.broker.port}`, {
      ...{ protocolVersion, clean, username: "a", clientId: "a", password: "token", reconnectPeriod: 0 },
      ...(protocolVersion === 5 && { properties: { sessionExpiryInterval: 3600 } }),
    });

  test("publishes much more at once than the receive maximum", async () => {
    const client = await connect(true);
    await Promise.all(
      Array.from({ length: 2000 }, (_, i) => client.publishAsync(statusOf("a"), String(i), { qos: 1 })),
    );
    expect(run.uplink.taken).toHaveLength(2000);
    await client.endAsync();
  });

  test("subscribes, unsubscribes, comes back to its session", async () => {
    const client = await connect(false);
    const greeting = nextText(client);
    await client.subscribeAsync([downOf("a"), entropy], { qos: 1 });
    expect(await greeting).toBe("entropy");
    const message = nextText(client);
    await run.broker.publish(verdict, utf8.encode("one"));
    expect(await message).toBe("one");
    await client.unsubscribeAsync(entropy);
    await client.endAsync();
    await run.broker.publish(verdict, utf8.encode("two"));
    const back = await connect(false);
    expect(await nextText(back)).toBe("two");
    await back.endAsync();
  });
});
