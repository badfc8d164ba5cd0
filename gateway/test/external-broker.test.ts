import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Duplex, duplexPair } from "node:stream";
import { encodePacket, entropyTopic, hotspotId, logTo, silentLog, upTopic } from "@earshot/protocol";
import {
  type BrokerSocketOptions,
  connectSocket,
  systemClock,
  type TlsPaths,
} from "@earshot/protocol/runtime";
import { ManualClock } from "@earshot/protocol/testing";
import {
  type ExternalBroker,
  type ExternalBrokerOptions,
  openExternalBroker,
} from "../src/broker/external.ts";
import type { Uplink } from "../src/broker/uplink.ts";
import type { IngestOutcome } from "../src/ingest/ingest.ts";
import { FIRST_EPOCH, PARAMETERS, signers, statusPacket } from "../src/testing/test-network.ts";
import { connectHotspot } from "./hotspot-client.ts";
import { isMosquittoMissing, Mosquitto } from "./mosquitto.ts";

const { network } = PARAMETERS;
const signer = signers.a;
const id = hotspotId(signer.publicKey);
const topic = upTopic(network, id, "status");
const nowMs = FIRST_EPOCH * 8000;
const packet = (sequence: number) =>
  Buffer.from(encodePacket(statusPacket(sequence, nowMs), signer, network));
const account = { signer, network, nowMs };
const anonymous = { username: undefined, password: undefined } as const;

/** An uplink whose store is a list; `take` may hold or fail. */
class ListUplink implements Uplink {
  readonly stored: Uint8Array[] = [];
  readonly announced: number[] = [];
  take: () => Promise<void> = async () => undefined;
  readonly #waiting: (() => void)[] = [];

  async ingest(_topic: string, bytes: Uint8Array): Promise<IngestOutcome> {
    await this.take();
    this.stored.push(bytes);
    for (const wake of this.#waiting.splice(0)) wake();
    return { ok: true, outcome: "stored", packetId: "" };
  }

  async until(count: number): Promise<void> {
    while (this.stored.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async announce(): Promise<void> {
    this.announced.push(this.stored.length);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async untilAnnounced(count: number): Promise<void> {
    while (this.announced.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  login = () => ({ ok: true, hotspotId: id }) as const;
  mayPublish = () => true;
  maySubscribe = () => true;
  presence = () => undefined;
}

/** Lets the PUBACKs of what is stored go out. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Attempts after the first are made when a test lets time pass. */
class Watch {
  readonly clock = new ManualClock();
  readonly #waiting: (() => void)[] = [];
  readonly lines: string[] = [];

  log = logTo((_level, message) => {
    this.lines.push(message);
    for (const wake of this.#waiting.splice(0)) wake();
  });

  /** Resolves when this many connections were lost or did not come about, and the next attempt is due. */
  async untilFailed(count: number): Promise<void> {
    const failures = () => this.lines.filter((line) => line.startsWith("Broker not connected"));
    while (failures().length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

describe.skipIf(isMosquittoMissing)("with Mosquitto", () => {
  let mosquitto: Mosquitto;
  let uplink: ListUplink;
  let watch: Watch;
  let broker: ExternalBroker;
  const open = (changes: Partial<ExternalBrokerOptions> = {}) =>
    openExternalBroker({
      url: `mqtt://127.0.0.1:${mosquitto.port}`,
      clientId: "gateway",
      network,
      clock: watch.clock,
      log: watch.log,
      ...changes,
    });

  beforeEach(async () => {
    mosquitto = await Mosquitto.start();
    uplink = new ListUplink();
    watch = new Watch();
    broker = open();
    await broker.serve(uplink);
  });
  afterEach(async () => {
    await broker.close();
    await mosquitto[Symbol.asyncDispose]();
  });

  test("packets come in, entropy goes out and stays for who comes later", async () => {
    await using hotspot = await connectHotspot(mosquitto.port, account, anonymous);
    await hotspot.client.publishAsync(topic, packet(1), { qos: 1 });
    await uplink.until(1);
    expect(uplink.stored).toEqual([new Uint8Array(packet(1))]);
    await broker.publish(entropyTopic(network), Uint8Array.of(7), { retain: true });
    const message = hotspot.nextMessage();
    await hotspot.client.subscribeAsync(entropyTopic(network), { qos: 1 });
    expect(await message).toEqual({ topic: entropyTopic(network), payload: Uint8Array.of(7) });
  });

  test("what was not stored is not acknowledged: a gateway killed meanwhile gets it again", async () => {
    const called = Promise.withResolvers<void>();
    uplink.take = () => {
      called.resolve();
      return new Promise(() => undefined);
    };
    await using hotspot = await connectHotspot(mosquitto.port, account, anonymous);
    await hotspot.client.publishAsync(topic, packet(1), { qos: 1 });
    await called.promise;
    await broker.close();
    const next = new ListUplink();
    broker = open();
    await broker.serve(next);
    await next.until(1);
    expect(next.stored).toEqual([new Uint8Array(packet(1))]);
  });

  for (const version of ["5.0", "3.1.1"] as const) {
    test(`what was stored is acknowledged, over MQTT ${version}: of thousands none comes again`, async () => {
      await broker.close();
      const socketTo = version === "5.0" ? undefined : refusingVersion5();
      const changes = socketTo === undefined ? {} : { openSocket: socketTo };
      broker = open(changes);
      await broker.serve(uplink);
      await using hotspot = await connectHotspot(mosquitto.port, account, anonymous);
      const count = 3000;
      const sent = Array.from({ length: count }, (_, i) => Buffer.from(`${i}`));
      // Mosquitto drops what waits beyond its own limit of 1000.
      for (let from = 0; from < count; from += 500) {
        const some = sent.slice(from, from + 500);
        await Promise.all(some.map((bytes) => hotspot.client.publishAsync(topic, bytes, { qos: 1 })));
        await uplink.until(from + 500);
      }
      expect(uplink.stored.map((bytes) => Buffer.from(bytes).toString())).toEqual(
        sent.map((bytes) => bytes.toString()),
      );
      await settle();
      await broker.close();
      const next = new ListUplink();
      broker = open(changes);
      await broker.serve(next);
      await hotspot.client.publishAsync(topic, packet(1), { qos: 1 });
      await next.until(1);
      expect(next.stored).toEqual([new Uint8Array(packet(1))]);
      expect(watch.lines.filter((line) => line.includes("speaks no MQTT 5"))).toHaveLength(
        version === "5.0" ? 0 : 1,
      );
    });
  }

  test("when the store fails, the broker sends the packet again", async () => {
    let failures = 0;
    uplink.take = async () => {
      if (failures++ === 0) throw new Error("disk full");
    };
    await using hotspot = await connectHotspot(mosquitto.port, account, anonymous);
    await hotspot.client.publishAsync(topic, packet(1), { qos: 1 });
    await watch.untilFailed(1);
    await watch.clock.advance(1000);
    await uplink.until(1);
    expect(uplink.stored).toEqual([new Uint8Array(packet(1))]);
  });

  test("it comes back to a broker that was killed, subscribes and announces again", async () => {
    await mosquitto.stop("SIGKILL");
    await watch.untilFailed(1);
    expect(broker.problem?.()).toContain("not connected");
    await mosquitto.run();
    await watch.clock.advance(1000);
    await uplink.untilAnnounced(2);
    expect(broker.problem?.()).toBeUndefined();
    await using hotspot = await connectHotspot(mosquitto.port, account, anonymous);
    await hotspot.client.publishAsync(topic, packet(1), { qos: 1 });
    await uplink.until(1);
    expect(uplink.stored).toHaveLength(1);
  });

  test("what waited to be stored when the broker went comes again, in its order", async () => {
    const count = 300;
    const all = Promise.withResolvers<void>();
    const never = new Promise<void>(() => undefined);
    let called = 0;
    uplink.take = () => {
      if (++called === count) all.resolve();
      return never;
    };
    const hotspot = await connectHotspot(mosquitto.port, account, anonymous);
    const sent = Array.from({ length: count }, (_, i) => Buffer.from(`${i}`));
    await Promise.all(sent.map((bytes) => hotspot.client.publishAsync(topic, bytes, { qos: 1 })));
    await all.promise;
    await hotspot[Symbol.asyncDispose]();
    uplink.take = async () => undefined;
    await mosquitto.stop("SIGTERM");
    await watch.untilFailed(1);
    await mosquitto.run();
    await watch.clock.advance(1000);
    await uplink.until(count);
    expect(uplink.stored.map((bytes) => Buffer.from(bytes).toString())).toEqual(
      sent.map((bytes) => bytes.toString()),
    );
  });

  test("a broker that comes after the gateway is found", async () => {
    await broker.close();
    await mosquitto.stop("SIGTERM");
    broker = open();
    await broker.serve(uplink);
    expect(broker.problem?.()).toContain("ECONNREFUSED");
    await mosquitto.run();
    await watch.clock.advance(1000);
    await uplink.untilAnnounced(2);
    await broker.publish(entropyTopic(network), Uint8Array.of(7), { retain: true });
  });

  /** A way to Mosquitto on which it seems not to know MQTT 5. */
  function refusingVersion5() {
    let isFirst = true;
    return async (options: BrokerSocketOptions, signal: AbortSignal): Promise<Duplex> => {
      if (!isFirst) return connectSocket(options, signal);
      isFirst = false;
      const [near, far] = duplexPair();
      far.once("data", () => far.end(Buffer.of(0x20, 2, 0, 1)));
      return near;
    };
  }
});

describe.skipIf(isMosquittoMissing)("over TLS", () => {
  test("the broker is checked, and asks for certificate, user name and password", async () => {
    const uplink = new ListUplink();
    let folder = "";
    await using mosquitto = await Mosquitto.start((own) => {
      folder = own;
      makeCertificates(own);
      writeFileSync(join(own, "passwords"), "gateway:secret\n");
      spawnSync("mosquitto_passwd", ["-U", join(own, "passwords")]);
      return [
        `cafile ${join(own, "ca.crt")}`,
        `certfile ${join(own, "localhost.crt")}`,
        `keyfile ${join(own, "localhost.key")}`,
        "require_certificate true",
        `password_file ${join(own, "passwords")}`,
      ];
    });
    const at = (name: string) => join(folder, name);
    const account = { username: "gateway", password: "secret" };
    const ca = at("ca.crt");
    const files = { ca, cert: at("gateway.crt"), key: at("gateway.key") };
    const clock = new ManualClock(systemClock.now());
    const open = (files: TlsPaths, login = account) =>
      openExternalBroker({
        url: `mqtts://localhost:${mosquitto.port}`,
        ...{ clientId: "gateway", network, clock, log: silentLog, files },
        ...login,
      });
    const problemWith = async (files: TlsPaths, login = account) => {
      const broker = open(files, login);
      await broker.serve(uplink);
      const problem = broker.problem?.() ?? "none";
      await broker.close();
      return problem;
    };
    expect(await problemWith(files)).toBe("none");
    expect(uplink.announced).toHaveLength(1);
    const { ca: _ca, ...unchecked } = files;
    expect(await problemWith(unchecked)).toMatch(/certificate/);
    expect(await problemWith({ ca })).toMatch(/not connected/);
    expect(await problemWith(files, { ...account, password: "wrong" })).toMatch(/refuses/);
    expect(await problemWith({ ...files, key: at("ca.key") })).toContain(
      `broker.key_file ${at("ca.key")} is not the key of the certificate`,
    );
    const late = at("late.crt");
    const broker = open({ ...files, ca: late });
    await broker.serve(uplink);
    expect(broker.problem?.()).toContain(`broker.ca_file: ${late}: there is no such file`);
    copyFileSync(ca, late);
    await clock.advance(1000);
    await uplink.untilAnnounced(2);
    await broker.close();
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
  for (const name of ["localhost", "gateway"]) {
    openssl(
      ...["req", "-x509", ...newKey, "-subj", `/CN=${name}`],
      ...["-addext", `subjectAltName=DNS:${name}`, "-addext", "basicConstraints=critical,CA:FALSE"],
      ...["-CA", "ca.crt", "-CAkey", "ca.key", "-keyout", `${name}.key`, "-out", `${name}.crt`],
    );
  }
}
