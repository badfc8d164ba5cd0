import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "@earshot/protocol/testing";
import type { ClientOptions } from "ws";
import { LinkLostError } from "../src/driver.ts";
import {
  type BasicsStationOptions,
  type BasicsStationRadio,
  listenBasicsStation,
} from "../src/lora/station/basics-station.ts";
import { dialWebSocket, TestStation } from "../src/lora/station/test-station.ts";
import type { StationTls } from "../src/lora/station/websocket-listener.ts";

const LOCAL = { host: "127.0.0.1", port: 0 };
const BEACON = {
  bytes: new Uint8Array([0xe0, 1, 2]),
  freqHz: 868_100_000,
  spreadingFactor: 9,
  bandwidthHz: 125_000,
  powerDbm: 14,
};

/** What must hold on real sockets, run under Bun by `station-sockets.test.ts` and under Deno by `station-checks-main.ts`. */
export const stationChecks: Record<string, () => Promise<void>> = {
  "a station is found, configured, heard, told to send, and hung up on": () =>
    withServer({}, async (radio) => {
      const station = await TestStation.connect(dialOn(radio));
      await station.wire.up(
        '{"msgtype":"propdf","FRMPayload":"E0AB","DR":5,"Freq":868100000,"upinfo":{"xtime":37999122125375659}}',
      );
      const { value } = await radio[Symbol.asyncIterator]().next();
      assert.ok(value?.kind === "frame");
      // The last digits that a double would lose: 37999122125375659 mod 2^32.
      assert.equal(value.tmstUs, Number(37_999_122_125_375_659n & 0xffff_ffffn));
      assert.equal(value.bytes.toHex(), "e0ab");
      const result = radio.transmit(BEACON);
      await station.sent(await station.next());
      assert.equal((await result).sent, true);
      await radio.close();
      await station.wire.ended;
    }),

  "without the token: 401 on both endpoints; another path: 404": () =>
    withServer({ tokens: ["secret"] }, async (radio) => {
      const headers = { Authorization: "Bearer secret" };
      await assert.rejects(dialOn(radio)("/router-info"), /401/);
      await assert.rejects(dialOn(radio)("/router/0000000000000001"), /401/);
      await assert.rejects(dialOn(radio, { headers })("/"), /404/);
      await TestStation.connect(dialOn(radio, { headers }));
      assert.equal(radio.counts().refusedRequests, 3);
    }),

  "a station that reconnects ends its old connection": () =>
    withServer({}, async (radio) => {
      const old = await TestStation.connect(dialOn(radio));
      const waiting = radio.transmit(BEACON);
      const renewed = await TestStation.connect(dialOn(radio));
      await old.wire.ended;
      assert.deepEqual(await waiting, { sent: false, error: "NO_ACK" });
      const result = radio.transmit(BEACON);
      await renewed.sent(await renewed.next());
      assert.equal((await result).sent, true);
    }),

  "a message too long ends the connection, binary ones are counted, and others go on": () =>
    withServer({}, async (radio) => {
      const long = await TestStation.connect(dialOn(radio), "::1");
      const good = await TestStation.connect(dialOn(radio), "::2");
      await long.wire.up("x".repeat(20_000));
      await long.wire.ended;
      await good.wire.upBinary(new Uint8Array(100));
      await good.hear();
      await good.wire.settled();
      const { brokenConnections, badFrames, garbageBytes, frames } = radio.counts();
      assert.deepEqual([brokenConnections, badFrames, garbageBytes], [1, 1, 100]);
      // Two discoveries, two versions, one uplink.
      assert.equal(frames, 5);
    }),

  "bytes that are no WebSocket end their connection only": () =>
    withServer({}, async (radio) => {
      const station = await TestStation.connect(dialOn(radio));
      for (const bytes of [garbage(), upgrade(), "GET /router-info HTTP/1.1\r\nHost: x\r\n\r\n"]) {
        const socket = connect(radio.local.port, radio.local.host);
        const closed = goneOf(socket);
        socket.write(bytes);
        await closed;
      }
      assert.equal(radio.stations()[0]?.isConnected, true);
      await station.hear();
      await station.wire.settled();
      assert.equal(radio.counts().frames, 3);
    }),

  "close() ends even connections that never spoke": async () => {
    const radio = await listen({});
    const socket = connect(radio.local.port, radio.local.host);
    await once(socket, "connect");
    const closed = goneOf(socket);
    socket.write("GET");
    await radio.close();
    await closed;
  },

  "beside 300 connections that never speak a station gets in, and a web page does not": () =>
    withServer({}, async (radio) => {
      const silent: Socket[] = [];
      for (let i = 0; i < 300; i++) {
        const socket = connect(radio.local.port, radio.local.host);
        socket.on("error", () => {});
        await once(socket, "connect");
        silent.push(socket);
      }
      await TestStation.connect(dialOn(radio));
      assert.equal(radio.stations()[0]?.canTransmit, true);
      await assert.rejects(dialOn(radio, { origin: "http://evil.example" })("/router-info"), /403/);
      for (const socket of silent) socket.destroy();
    }),

  "who looks for CUPS, speaks TLS or has no token is known by it": () =>
    withServer({ tokens: ["secret"] }, async (radio) => {
      const trouble = () => radio.lastRefusal()?.trouble;
      const response = await fetch(`http://127.0.0.1:${radio.local.port}/update-info`, {
        method: "POST",
        body: "{}",
      });
      assert.equal(response.status, 426);
      await response.body?.cancel();
      assert.equal(trouble(), "cups");
      await assert.rejects(dialOn(Object.assign(radio, { scheme: "wss" }))("/router-info"));
      await until(() => trouble() === "tls");
      await assert.rejects(dialOn(Object.assign(radio, { scheme: "ws" }))("/router-info"), /401/);
      assert.equal(trouble(), "token");
    }),

  "a port in use is a LinkLostError that names it": () =>
    withServer({}, async (radio) => {
      const again = listenBasicsStation({ ...radio.local, clock: new ManualClock(), region: "EU868" });
      await assert.rejects(again, (error) => {
        return error instanceof LinkLostError && error.message.includes(`127.0.0.1:${radio.local.port}`);
      });
    }),
};

/** With `openssl`: certificates are made for each run. */
export const stationTlsChecks: Record<string, () => Promise<void>> = {
  "TLS with a token": () =>
    withCertificates(({ certificate, key }) =>
      withServer({ tokens: ["secret"], tls: { certificate, key } }, async (radio) => {
        const options = { ca: certificate, headers: { Authorization: "secret" } };
        const station = await TestStation.connect(dialOn(radio, options));
        await station.hear();
        await station.wire.settled();
        assert.equal(radio.counts().frames, 3);
        await assert.rejects(dialOn(radio, { ca: certificate })("/router-info"), /401/);
        await assert.rejects(dialOn(radio)("/router-info"), /certificate|self.signed|UnknownIssuer/i);
      }),
    ),

  "TLS with client certificates: only stations that have one": () =>
    withCertificates(({ certificate, key }) =>
      withServer({ tls: { certificate, key, clientCa: certificate } }, async (radio) => {
        const client = { ca: certificate, cert: certificate, key };
        await TestStation.connect(dialOn(radio, client));
        await assert.rejects(dialOn(radio, { ca: certificate })("/router-info"));
        assert.equal(radio.stations().length, 1);
      }),
    ),

  "a renewed certificate and authority serve whoever connects then; a half-written one changes nothing and is told":
    () =>
      withCertificates((first) =>
        withCertificates(async (second) => {
          const clock = new ManualClock();
          let files = (): StationTls => ({ ...first, clientCa: first.certificate });
          await withServer({ clock, tls: () => files() }, async (radio) => {
            const dial = ({ certificate, key }: typeof first) =>
              TestStation.connect(dialOn(radio, { ca: certificate, cert: certificate, key }));
            const before = await dial(first);
            files = () => ({ certificate: second.certificate, key: first.key });
            await clock.advance(5000);
            assert.match(radio.certificateProblem() ?? "", /does not belong/);
            await dial(first);
            files = () => {
              throw new Error("lns.crt: there is no such file");
            };
            await clock.advance(5000);
            assert.match(radio.certificateProblem() ?? "", /no such file/);
            files = () => ({ ...second, clientCa: second.certificate });
            await clock.advance(5000);
            assert.equal(radio.certificateProblem(), undefined);
            await assert.rejects(dial(first));
            const after = await dial(second);
            await after.hear();
            await after.wire.settled();
            // Of the same EUI: it was replaced, not cut off when the certificate was.
            await before.wire.ended;
          });
          assert.equal(clock.pending, 0);
        }),
      ),

  "who comes without a certificate, or without TLS, is known by it": () =>
    withCertificates(({ certificate, key }) =>
      withServer({ tls: { certificate, key, clientCa: certificate } }, async (radio) => {
        await assert.rejects(dialOn(radio, { ca: certificate })("/router-info"));
        await until(() => radio.lastRefusal()?.trouble === "client-certificate");
        await assert.rejects(dialOn(Object.assign(radio, { scheme: "ws" }))("/router-info"));
        await until(() => radio.lastRefusal()?.trouble === "plain");
      }),
    ),

  "a certificate, key or authority that is none, or another's, is a LinkLostError": () =>
    withCertificates((own) =>
      withCertificates(async (other) => {
        const refused = (tls: StationTls, why: RegExp) =>
          assert.rejects(
            listen({ tls }),
            (error) => error instanceof LinkLostError && why.test(error.message),
          );
        await refused({ ...own, certificate: "none" }, /the TLS certificate is no PEM/);
        await refused({ ...own, key: "none" }, /the TLS key is no PEM/);
        await refused({ ...own, clientCa: own.key }, /the TLS client authority is no PEM/);
        await refused({ ...own, key: other.key }, /does not belong/);
      }),
    ),
};

type Options = Partial<BasicsStationOptions> & { tls?: StationTls | (() => StationTls) };

function listen({ tls, ...options }: Options): Promise<BasicsStationRadio> {
  return listenBasicsStation({
    ...LOCAL,
    clock: new ManualClock(),
    region: "EU868",
    powerDbm: 14,
    ...options,
    ...(tls === undefined ? {} : { tls: typeof tls === "function" ? tls : () => tls }),
  });
}

async function withServer(
  options: Options,
  check: (radio: BasicsStationRadio & { scheme?: string }) => Promise<void>,
): Promise<void> {
  const radio = await listen(options);
  try {
    await check(Object.assign(radio, { scheme: options.tls === undefined ? "ws" : "wss" }));
  } finally {
    await radio.close();
  }
}

function dialOn(radio: BasicsStationRadio & { scheme?: string }, options?: ClientOptions) {
  return (path: string) => dialWebSocket(`${radio.scheme}://127.0.0.1:${radio.local.port}${path}`, options);
}

/** The listener's sockets report it a moment after the client's. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

/** A client that agrees on a WebSocket and then sends a frame with reserved bits. */
function upgrade(): string {
  return [
    "GET /router/00000000000000ff HTTP/1.1",
    "Host: localhost:3001",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    "Sec-WebSocket-Version: 13",
    "",
    "\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f",
  ].join("\r\n");
}

/** Resolves when the socket is closed, whether in order or by a reset. */
function goneOf(socket: Socket): Promise<void> {
  socket.on("error", () => {});
  socket.resume();
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

const garbage = () => Uint8Array.from({ length: 64 }, (_, index) => (index * 37) & 0xff);

async function withCertificates(
  check: (files: { certificate: string; key: string }) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "earshot-tls-"));
  try {
    const [keyFile, certificateFile] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
    const kind = [
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "1",
    ];
    const name = ["-subj", "/CN=earshot test", "-addext", "subjectAltName=IP:127.0.0.1"];
    const files = ["-keyout", keyFile, "-out", certificateFile];
    execFileSync("openssl", ["req", ...kind, ...name, ...files], { stdio: "ignore" });
    await check({ certificate: readFileSync(certificateFile, "utf8"), key: readFileSync(keyFile, "utf8") });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
