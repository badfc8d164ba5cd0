import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { downTopic, entropyTopic, hotspotId, keysTopic, silentLog, upTopic } from "@earshot/protocol";
import { systemClock } from "@earshot/protocol/runtime";
import { ManualClock } from "@earshot/protocol/testing";
import mqtt, { type MqttClient } from "mqtt";
import { type ExternalBroker, openExternalBroker } from "../src/broker/external.ts";
import type { Uplink } from "../src/broker/uplink.ts";
import { signers } from "../src/testing/test-network.ts";
import { isMosquittoMissing, Mosquitto } from "./mosquitto.ts";

/* The set-up for Mosquitto that the README prints, as it stands there but for folder and port. */

const NETWORK = "demo";
const [a, b] = [hotspotId(signers.a.publicKey), hotspotId(signers.b.publicKey)];
const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");

function block(begin: string): string {
  const found = [...README.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].find(([, text]) =>
    text?.startsWith(begin),
  );
  if (found?.[1] === undefined) throw new Error(`The README has no block that begins with ${begin}`);
  return found[1];
}

/** What each client has received, and its connection. */
class Client {
  readonly received: string[] = [];
  readonly client: MqttClient;
  ends = 0;

  private constructor(client: MqttClient) {
    this.client = client;
    client.on("message", (topic, payload) => this.received.push(`${topic} ${payload}`));
    client.on("close", () => {
      this.ends += 1;
    });
    client.on("error", () => undefined);
  }

  static async connect(id: string, clientId = id): Promise<Client> {
    const pem = (name: string) => readFileSync(join(folder, name), "utf8");
    const client = await mqtt.connectAsync(`mqtts://localhost:${mosquitto.port}`, {
      ...{ ca: pem("ca.crt"), cert: pem(`${id}.crt`), key: pem(`${id}.key`) },
      ...{ clientId, username: id, password: "token", protocolVersion: 5, reconnectPeriod: 0, clean: true },
    });
    return new Client(client);
  }

  /** Whether the broker granted it. */
  async subscribe(filter: string): Promise<boolean> {
    return this.client.subscribeAsync(filter, { qos: 1 }).then(
      ([granted]) => (granted?.qos ?? 128) < 128,
      () => false,
    );
  }

  async publish(topic: string): Promise<boolean> {
    return this.client.publishAsync(topic, "x", { qos: 1 }).then(
      (answer) => ((answer as { reasonCode?: number } | undefined)?.reasonCode ?? 0) < 128,
      () => false,
    );
  }
}

let folder = "";
let mosquitto: Mosquitto;
let gateway: ExternalBroker;
const taken: string[] = [];
let wake = () => {};

const uplink: Uplink = {
  async ingest(topic, bytes) {
    taken.push(`${topic} ${Buffer.from(bytes)}`);
    wake();
    return { ok: true, outcome: "stored", packetId: "" };
  },
  announce: async () => undefined,
  login: () => ({ ok: false, code: "unknown_user" }),
  mayPublish: () => false,
  maySubscribe: () => false,
  presence: () => undefined,
};

describe.skipIf(isMosquittoMissing)("the README's Mosquitto", () => {
  beforeAll(async () => {
    mosquitto = await Mosquitto.start((own) => {
      folder = own;
      makeCertificates(own);
      writeFileSync(join(own, "earshot.acl"), block("pattern"));
      return (
        block("listener")
          .replaceAll("/etc/mosquitto/certs", own)
          .replaceAll("/etc/mosquitto", own)
          .split("\n")
          // The test has a port and a folder of its own.
          .filter((line) => !/^(listener|persistence) /.test(line))
      );
    });
    gateway = openExternalBroker({
      url: `mqtts://localhost:${mosquitto.port}`,
      files: {
        ca: join(folder, "ca.crt"),
        cert: join(folder, "gateway.crt"),
        key: join(folder, "gateway.key"),
      },
      ...{
        clientId: "earshot-gateway-x",
        network: NETWORK,
        clock: new ManualClock(systemClock.now()),
        log: silentLog,
      },
    });
    await gateway.serve(uplink);
  });
  afterAll(async () => {
    await gateway.close();
    await mosquitto[Symbol.asyncDispose]();
  });

  test("the gateway is let in; hotspots hear entropy and their own messages, and nothing else", async () => {
    expect(gateway.problem?.()).toBeUndefined();
    await gateway.publish(keysTopic(NETWORK), Buffer.from("keys"), { retain: true });
    await gateway.publish(entropyTopic(NETWORK), Buffer.from("entropy"), { retain: true });
    const hotspot = await Client.connect(a);
    const own = Promise.withResolvers<void>();
    hotspot.client.on("message", (topic) => {
      if (topic === downTopic(NETWORK, a, "verdict")) own.resolve();
    });
    expect(await hotspot.subscribe(keysTopic(NETWORK))).toBe(true);
    expect(await hotspot.subscribe(entropyTopic(NETWORK))).toBe(true);
    expect(await hotspot.subscribe(`earshot/1/${NETWORK}/${a}/down/+`)).toBe(true);
    // Mosquitto grants filters, and checks each message instead.
    await hotspot.subscribe("#");
    await hotspot.subscribe(`earshot/1/${NETWORK}/${b}/down/+`);
    await gateway.publish(downTopic(NETWORK, b, "verdict"), Buffer.from("of another"));
    await gateway.publish(downTopic(NETWORK, a, "verdict"), Buffer.from("own"));
    await own.promise;
    expect(new Set(hotspot.received)).toEqual(
      new Set([
        `${keysTopic(NETWORK)} keys`,
        `${entropyTopic(NETWORK)} entropy`,
        `${downTopic(NETWORK, a, "verdict")} own`,
      ]),
    );
    await hotspot.client.endAsync(true);
  });

  test("a hotspot's packets reach the gateway; it publishes for nobody else and nothing that is the network's", async () => {
    const hotspot = await Client.connect(b);
    const came = new Promise<void>((resolve) => {
      wake = resolve;
    });
    expect(await hotspot.publish(upTopic(NETWORK, b, "status"))).toBe(true);
    await came;
    expect(taken).toEqual([`${upTopic(NETWORK, b, "status")} x`]);
    await hotspot.client.endAsync(true);
    for (const topic of [
      upTopic(NETWORK, a, "status"),
      upTopic("other", b, "status"),
      entropyTopic(NETWORK),
      downTopic(NETWORK, b, "verdict"),
      downTopic(NETWORK, a, "verdict"),
    ]) {
      // One each: after a refusal the library takes nothing any more.
      const other = await Client.connect(b);
      expect([topic, await other.publish(topic)]).toEqual([topic, false]);
      await other.client.endAsync(true);
    }
    expect(taken).toHaveLength(1);
  });

  test("whoever gives another's client id, or the gateway's, ends no session but its own", async () => {
    const victim = await Client.connect(a);
    for (const clientId of [a, "gateway", "earshot-gateway-x"]) {
      const thief = await Client.connect(b, clientId);
      expect(await thief.publish(upTopic(NETWORK, b, "status"))).toBe(true);
      await thief.client.endAsync(true);
    }
    expect(await victim.publish(upTopic(NETWORK, a, "status"))).toBe(true);
    expect([victim.ends, gateway.problem?.()]).toEqual([0, undefined]);
    await victim.client.endAsync(true);
  });
});

/** A CA, a broker called localhost, the gateway and two hotspots. */
function makeCertificates(own: string): void {
  const openssl = (...args: string[]) => {
    const { status, stderr } = spawnSync("openssl", args, { cwd: own });
    if (status !== 0) throw new Error(String(stderr));
  };
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  openssl("req", "-x509", ...newKey, "-subj", "/CN=ca", "-keyout", "ca.key", "-out", "ca.crt");
  const signed = ["-CA", "ca.crt", "-CAkey", "ca.key", "-addext", "basicConstraints=critical,CA:FALSE"];
  for (const [file, name] of [
    ["broker", "localhost"],
    ["gateway", "gateway"],
    [a, a],
    [b, b],
  ] as const) {
    const subject = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=DNS:localhost"];
    openssl(
      "req",
      "-x509",
      ...newKey,
      ...subject,
      ...signed,
      "-keyout",
      `${file}.key`,
      "-out",
      `${file}.crt`,
    );
  }
}
