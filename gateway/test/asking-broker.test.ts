import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import {
  downFilter,
  downTopic,
  encodePacket,
  entropyTopic,
  hotspotId,
  silentLog,
  upTopic,
} from "@earshot/protocol";
import mqtt, { type IClientOptions } from "mqtt";
import { type ExternalBroker, openExternalBroker } from "../src/broker/external.ts";
import type { Uplink } from "../src/broker/uplink.ts";
import { type HttpServer, serveHttp } from "../src/http/serve.ts";
import type { IngestOutcome } from "../src/ingest/ingest.ts";
import { startTestGateway, type TestGateway } from "../src/testing/test-gateway.ts";
import { FIRST_EPOCH, PARAMETERS, signers, statusPacket } from "../src/testing/test-network.ts";
import { connectHotspot, honestLogin } from "./hotspot-client.ts";

/* A broker of others, amqtt, that asks the gateway over HTTP whom it should let in and what they may do. */

const python = [process.env.EARSHOT_AMQTT_PYTHON ?? "python3", "/usr/bin/python3"].find(
  (program) => spawnSync(program, ["-c", "import amqtt.contrib.http"]).status === 0,
);
const isMissing = python === undefined && process.env.EARSHOT_REQUIRE_TOOLS !== "1";

const { network } = PARAMETERS;
const nowMs = FIRST_EPOCH * 8000;
const [a, b] = [hotspotId(signers.a.publicKey), hotspotId(signers.b.publicKey)];
const ACCOUNT = { clientId: "earshot-gateway-x", username: "gateway", password: "secret" };

let run: TestGateway;
let http: HttpServer;
let child: ChildProcess;
let port: number;
let broker: ExternalBroker;
let outcomes: IngestOutcome[];
let onOutcome: () => void;

const hotspot = (signer: (typeof signers)["a"], changes: IClientOptions = {}) =>
  connectHotspot(port, { signer, network, nowMs }, changes);

/** amqtt answers a refused login by closing. */
async function isLetIn(login: IClientOptions): Promise<boolean> {
  const options = { protocolVersion: 4, reconnectPeriod: 0, ...login } as const;
  const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, options).on("error", () => undefined);
  const isIn = await new Promise<boolean>((resolve) => {
    client.once("connect", () => resolve(true)).once("close", () => resolve(false));
  });
  await client.endAsync(true);
  return isIn;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port: free } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return free;
}

describe.skipIf(isMissing).each([
  ["json", "status"],
  ["form", "json"],
])("amqtt, asking by %s and reading the answer's %s", (paramsMode, responseMode) => {
  beforeEach(async () => {
    run = await startTestGateway(nowMs, { brokerAccount: ACCOUNT });
    const limits = { max: 100, maxPerAddress: 100 };
    const where = { host: "127.0.0.1", port: 0, limits, trustedProxies: [] };
    http = await serveHttp({ ...where, fetch: run.gateway.app.fetch });
    port = await freePort();
    const script = join(import.meta.dir, "amqtt-broker.py");
    const args = [script, String(port), String(http.port), paramsMode, responseMode];
    child = spawn(python ?? "python3", args, { stdio: ["ignore", "pipe", "ignore"] });
    if (child.stdout === null) throw new TypeError("No standard output");
    await once(child.stdout, "data");
    outcomes = [];
    onOutcome = () => undefined;
    const uplink: Uplink = {
      login: () => ({ ok: false, code: "unknown_user" }),
      mayPublish: () => false,
      maySubscribe: () => false,
      presence: () => undefined,
      announce: async () => undefined,
      async ingest(topic, bytes) {
        const outcome = await run.gateway.ingest(topic, bytes);
        outcomes.push(outcome);
        onOutcome();
        return outcome;
      },
    };
    const url = `mqtt://127.0.0.1:${port}`;
    broker = openExternalBroker({ url, ...ACCOUNT, network, clock: run.clock, log: silentLog, version: 4 });
    await broker.serve(uplink);
  });
  afterEach(async () => {
    await broker.close();
    child.kill("SIGKILL");
    await http.close();
    await run[Symbol.asyncDispose]();
  });

  test("the gateway and a hotspot with its token are let in; packets, entropy and verdicts go their way", async () => {
    expect(broker.problem?.()).toBeUndefined();
    await using client = await hotspot(signers.a);
    await client.client.subscribeAsync([entropyTopic(network), downFilter(network, a)], { qos: 1 });
    const stored = new Promise<void>((resolve) => {
      onOutcome = resolve;
    });
    const bytes = Buffer.from(encodePacket(statusPacket(1, nowMs), signers.a, network));
    await client.client.publishAsync(upTopic(network, a, "status"), bytes, { qos: 1 });
    await stored;
    expect(outcomes).toMatchObject([{ ok: true, outcome: "stored" }]);
    const message = client.nextMessage();
    await broker.publish(downTopic(network, b, "verdict"), Uint8Array.of(1));
    await broker.publish(downTopic(network, a, "verdict"), Uint8Array.of(2));
    expect(await message).toEqual({ topic: downTopic(network, a, "verdict"), payload: Uint8Array.of(2) });
    await broker.publish(entropyTopic(network), Uint8Array.of(7), { retain: true });
  });

  test("nobody is let in without a token of its own, nor under another's client id", async () => {
    const strangers: [typeof signers.a, IClientOptions][] = [
      [signers.a, { password: "guess" }],
      [signers.a, { username: b, clientId: b }],
      [signers.a, { clientId: b }],
      [signers.a, { username: "gateway" }],
      [signers.a, { username: "gateway", clientId: ACCOUNT.clientId, password: "guess" }],
    ];
    for (const [signer, changes] of strangers) {
      expect([changes, await isLetIn({ ...honestLogin({ signer, network, nowMs }), ...changes })]).toEqual([
        changes,
        false,
      ]);
    }
    expect(await isLetIn(honestLogin({ signer: signers.a, network, nowMs }))).toBe(true);
    expect(broker.problem?.()).toBeUndefined();
  });

  test("what a hotspot publishes for another, or subscribes to of another, goes nowhere", async () => {
    await using thief = await hotspot(signers.b);
    const granted = await thief.client
      .subscribeAsync([upTopic(network, a, "status"), downFilter(network, a), "#"], { qos: 1 })
      .catch(() => []);
    expect(granted.filter(({ qos }) => qos < 128)).toEqual([]);
    const forged = Buffer.from("forged");
    for (const topic of [upTopic(network, a, "status"), entropyTopic(network)]) {
      await thief.client.publishAsync(topic, forged, { qos: 0 });
    }
    const stored = new Promise<void>((resolve) => {
      onOutcome = resolve;
    });
    const own = Buffer.from(encodePacket(statusPacket(1, nowMs), signers.b, network));
    await thief.client.publishAsync(upTopic(network, b, "status"), own, { qos: 0 });
    await stored;
    expect(outcomes).toMatchObject([{ ok: true, outcome: "stored" }]);
  });
});
