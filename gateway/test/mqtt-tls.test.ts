import { afterAll, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { systemClock } from "@earshot/protocol/runtime";
import { ManualClock } from "@earshot/protocol/testing";
import mqtt from "mqtt";
import { LOGIN_LIMIT_MS } from "../src/broker/endpoint/endpoint-limits.ts";
import { startTestBroker, statusOf } from "./raw-mqtt.ts";

const isOpensslMissing =
  spawnSync("openssl", ["version"]).error !== undefined && process.env.EARSHOT_REQUIRE_TOOLS !== "1";

/** Writes both over those that are there. */
function makeCertificate(folder: string, name = "localhost"): { cert: string; key: string } {
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const made = spawnSync("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-subj", `/CN=${name}`, "-keyout", key, "-out", cert],
  ]);
  if (made.status !== 0) throw new Error(String(made.stderr));
  return { cert, key };
}

const folder = mkdtempSync(join(tmpdir(), "earshot-tls-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.skipIf(isOpensslMissing)(
  "over TLS too silence keeps nobody out, before and after the handshake",
  async () => {
    const tls = makeCertificate(folder);
    await using run = await startTestBroker({ tls, maxConnections: 3 });
    const login = (username: string) =>
      mqtt.connectAsync(`mqtts://127.0.0.1:${run.broker.port}`, {
        ...{ rejectUnauthorized: false, reconnectPeriod: 0 },
        ...{ username, clientId: username, password: "token" },
      });
    const hotspot = await login("a");
    const silent = [];
    for (let i = 0; i < 5; i++) {
      const socket = connect(run.broker.port, "127.0.0.1")
        .on("error", () => {})
        .resume();
      await once(socket, "connect");
      silent.push(socket);
    }
    const garbage = connect(run.broker.port, "127.0.0.1")
      .on("error", () => {})
      .resume();
    garbage.write("GET / HTTP/1.1\r\n\r\n");
    await once(garbage, "close");
    const other = await login("b");
    for (const client of [hotspot, other]) {
      const id = client.options.clientId as string;
      await client.publishAsync(statusOf(id), "over TLS", { qos: 1 });
    }
    const closed = silent.map((socket) => (socket.closed ? undefined : once(socket, "close")));
    await run.clock.advance(LOGIN_LIMIT_MS);
    await Promise.all(closed);
    expect(run.metrics.connectionsEnded.get("no_room")).toBe(4);
    await Promise.all([hotspot.endAsync(), other.endAsync()]);
  },
);

/** The name in the certificate that a new connection is shown, or the error's code. */
async function shownBy(port: number): Promise<string> {
  const socket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false });
  try {
    await once(socket, "secureConnect");
    return String(socket.getPeerCertificate().subject.CN);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "no code";
  } finally {
    socket.destroy();
  }
}

test.skipIf(isOpensslMissing)(
  "certificate and key may come late, be half written and be renewed: new connections get the newest good ones",
  async () => {
    const own = mkdtempSync(join(folder, "late-"));
    const files = { cert: join(own, "cert.pem"), key: join(own, "key.pem") };
    await using run = await startTestBroker({ tls: files }, new ManualClock(systemClock.now()));
    const { broker, clock } = run;
    const problemAfterTick = async () => {
      await clock.advance(1000);
      // Reading is not in virtual time.
      await new Promise((resolve) => setImmediate(resolve));
      return broker.problem?.();
    };
    const until = async (problem: string | undefined) => {
      while ((await problemAfterTick()) !== problem);
    };
    const missing = `The MQTT listener: broker.tls_cert_file: ${files.cert}: there is no such file`;
    expect(broker.problem?.()).toBe(missing);
    expect(await shownBy(broker.port)).toMatch(/^E/);
    makeCertificate(own, "first");
    await until(undefined);
    expect(await shownBy(broker.port)).toBe("first");
    makeCertificate(own, "second");
    truncateSync(files.cert, 100);
    await until(
      `The MQTT listener: broker.tls_cert_file ${files.cert} is cut off: write it again, or wait until it is written`,
    );
    expect(await shownBy(broker.port)).toBe("first");
    makeCertificate(own, "third");
    await until(undefined);
    expect(await shownBy(broker.port)).toBe("third");
    writeFileSync(files.key, "");
    await until(
      `The MQTT listener: broker.tls_key_file ${files.key} is empty: write it again, or wait until it is written`,
    );
    expect(await shownBy(broker.port)).toBe("third");
  },
);
