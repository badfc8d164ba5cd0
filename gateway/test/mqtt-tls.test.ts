import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mqtt from "mqtt";
import { LOGIN_LIMIT_MS } from "../src/broker/endpoint/limits.ts";
import { startTestBroker, statusOf } from "./raw-mqtt.ts";

const isOpensslMissing =
  spawnSync("openssl", ["version"]).error !== undefined && process.env.EARSHOT_REQUIRE_TOOLS !== "1";

function makeCertificate(): { cert: string; key: string } {
  const folder = mkdtempSync(join(tmpdir(), "earshot-tls-"));
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const made = spawnSync("openssl", [
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-subj", "/CN=localhost", "-keyout", key, "-out", cert],
  ]);
  if (made.status !== 0) throw new Error(String(made.stderr));
  const pem = { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
  rmSync(folder, { recursive: true });
  return pem;
}

test.skipIf(isOpensslMissing)(
  "over TLS too silence keeps nobody out, before and after the handshake",
  async () => {
    const tls = makeCertificate();
    await using run = await startTestBroker({ tls, maxConnections: 3 });
    const login = (username: string) =>
      mqtt.connectAsync(`mqtts://127.0.0.1:${run.broker.port}`, {
        ...{ ca: tls.cert, rejectUnauthorized: false, reconnectPeriod: 0 },
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
