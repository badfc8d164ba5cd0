import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MAIN = new URL("../src/main.ts", import.meta.url).pathname;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "earshot-gateway-main-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function start(args: readonly string[], env: Record<string, string> = {}) {
  const free = { EARSHOT_GATEWAY_BROKER__PORT: "0", EARSHOT_GATEWAY_HTTP__PORT: "0" };
  return Bun.spawn([process.execPath, MAIN, ...args], {
    cwd: folder,
    env: { ...process.env, ...free, ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
}

type Running = ReturnType<typeof start>;

async function ended(program: Running) {
  const [code, out, err] = await Promise.all([
    program.exited,
    new Response(program.stdout).text(),
    new Response(program.stderr).text(),
  ]);
  return { code, out, err };
}

/** What the program says until it serves. */
const untilServing = (program: Running): Promise<string> => untilSaid(program, "public key");

const firstLine = async (program: Running): Promise<string | undefined> =>
  (await untilSaid(program, "\n")).match(/http:\S+/)?.[0];

async function untilSaid(program: Running, text: string): Promise<string> {
  let said = "";
  const decoder = new TextDecoder();
  const reader = program.stdout.getReader();
  while (!said.includes(text)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`The gateway ended: ${said}${await new Response(program.stderr).text()}`);
    said += decoder.decode(value, { stream: true });
  }
  reader.releaseLock();
  return said;
}

test("without a configuration it serves on loopback, from a folder of its own, and stops at once when told", async () => {
  const program = start([]);
  const said = await untilServing(program);
  const page = said.match(/Fleet page {3}(http:\/\/127\.0\.0\.1:\d+\/)/)?.[1];
  expect(said).toContain("MQTT broker  mqtt://127.0.0.1:");
  const health = await fetch(`${page}healthz`);
  expect(await health.json()).toMatchObject({ ok: true });
  const state = join(folder, ".earshot", "gateway");
  expect(statSync(join(state, "network.key")).mode & 0o777).toBe(0o600);
  const events = await fetch(`${page}api/v1/events`);
  program.kill("SIGTERM");
  expect(await program.exited).toBe(0);
  await events.body?.cancel().catch(() => undefined);
});

test("the network key stays the same", async () => {
  const keys: (string | undefined)[] = [];
  for (const signal of ["SIGKILL", "SIGINT"] as const) {
    const program = start([]);
    keys.push((await untilServing(program)).match(/public key (z6Mk\w+)/)?.[1]);
    program.kill(signal);
    await program.exited;
  }
  expect(keys[0]).toMatch(/^z6Mk/);
  expect(keys[1]).toBe(keys[0]);
});

test("a second gateway in the same folder is turned away at once; after kill -9 the next one starts", async () => {
  const first = start([]);
  await untilServing(first);
  const second = await ended(start([]));
  expect([second.code, second.err]).toEqual([
    1,
    expect.stringContaining(`another gateway works on this database (process ${first.pid} on `),
  ]);
  first.kill("SIGKILL");
  await first.exited;
  const next = start([]);
  await untilServing(next);
  next.kill("SIGTERM");
  expect(await next.exited).toBe(0);
});

test("a gateway whose store another one has taken over ends with 3 and a sentence", async () => {
  const program = start([], {
    EARSHOT_GATEWAY_PARAMETERS__ENTROPY_PERIOD_MS: "1000",
    EARSHOT_GATEWAY_PARAMETERS__ENTROPY_VALIDITY_MS: "3000",
    EARSHOT_GATEWAY_PARAMETERS__REPORT_DEADLINE_MS: "4000",
  });
  await untilServing(program);
  using database = new Database(join(folder, ".earshot", "gateway", "gateway.db"));
  database.run("PRAGMA busy_timeout = 5000");
  database.run("UPDATE facts SET value = '999 process 1 on elsewhere' WHERE name = 'owner'");
  const [code, err] = await Promise.all([program.exited, new Response(program.stderr).text()]);
  expect([code, err]).toEqual([3, expect.stringContaining("Another gateway has taken the store over (999")]);
});

test("a database whose network's documents it cannot read is refused by their name, and stays as it is", async () => {
  const state = join(folder, ".earshot", "gateway");
  mkdirSync(state, { recursive: true });
  const database = join(state, "gateway.db");
  const packed = readFileSync(new URL("schemas/demo-10.db.gz", import.meta.url));
  writeFileSync(database, Bun.gunzipSync(new Uint8Array(packed)));
  const { code, err } = await ended(start([], { EARSHOT_GATEWAY_LOG__FORMAT: "text" }));
  expect(code).toBe(1);
  expect(err).toContain("Cannot open the store: its parameters, version 1, cannot be read (");
  expect(err).toContain("Nothing was changed");
  expect(readFileSync(database)).toEqual(Buffer.from(Bun.gunzipSync(new Uint8Array(packed))));
  expect(readdirSync(state).filter((name) => name.includes("schema"))).toEqual([]);
});

test("other rules than before become the next version; what cannot change is refused by name", async () => {
  const first = start([]);
  await untilServing(first);
  first.kill("SIGTERM");
  await first.exited;
  const second = start([], { EARSHOT_GATEWAY_PARAMETERS__MAX_DISTANCE_M: "50000" });
  const page = (await untilServing(second)).match(/http:\/\/127\.0\.0\.1:\d+\//)?.[0];
  const { epoch, versions } = (await (await fetch(`${page}api/v1/parameters`)).json()) as {
    epoch: number;
    versions: { activationEpoch: number; parameters: { maxDistanceM: number } }[];
  };
  second.kill("SIGTERM");
  await second.exited;
  expect(versions.map(({ parameters }) => parameters.maxDistanceM)).toEqual([100_000, 50_000]);
  expect(versions[1]?.activationEpoch).toBe(epoch + 1);
  const third = await ended(start([], { EARSHOT_GATEWAY_PARAMETERS__EPOCH_PERIODS: "720" }));
  expect([third.code, third.err.includes("epochPeriods is 720; it stays 1440")]).toEqual([2, true]);
});

test("a broker that is not there is a problem of its health, and waited for", async () => {
  const url = "mqtt://127.0.0.1:1";
  const program = start([], {
    EARSHOT_GATEWAY_BROKER__URL: url,
    EARSHOT_GATEWAY_REGISTRATION__OPEN_TO_NETWORK: "true",
  });
  const page = (await untilServing(program)).match(/http:\/\/127\.0\.0\.1:\d+\//)?.[0];
  const health = await fetch(`${page}healthz`);
  expect([health.status, (await health.json()) as object]).toMatchObject([
    503,
    { ok: false, problems: [expect.stringContaining(`The broker ${url} is not connected: `)] },
  ]);
  program.kill("SIGTERM");
  expect(await program.exited).toBe(0);
});

describe("what may be mended while it waits is told, and waited for", () => {
  /** Resolves when the log says so. */
  async function logged(program: Running, text: string): Promise<string> {
    let said = "";
    const decoder = new TextDecoder();
    for await (const bytes of program.stderr) {
      said += decoder.decode(bytes, { stream: true });
      if (said.includes(text)) return said;
    }
    throw new Error(`The gateway ended before it said ${text}: ${said}`);
  }

  test("a network key that others can read", async () => {
    const state = join(folder, ".earshot", "gateway");
    mkdirSync(state, { recursive: true });
    const key = join(state, "network.key");
    writeFileSync(key, randomBytes(32), { mode: 0o644 });
    const program = start([]);
    expect(await logged(program, "trying again")).toContain("chmod 600");
    chmodSync(key, 0o600);
    await untilServing(program);
    program.kill("SIGTERM");
    expect(await program.exited).toBe(0);
  });

  test("a database that is away: its health says so from the start, without the login", async () => {
    const url = "postgres://operator:S3cr3t@127.0.0.1:1/earshot";
    const program = start([], { EARSHOT_GATEWAY_STORE_URL: url });
    const told = await logged(program, "The store: ");
    const page = await firstLine(program);
    const health = await fetch(`${page}healthz`);
    const body = await health.text();
    expect([health.status, JSON.parse(body) as object]).toMatchObject([
      503,
      { ok: false, problems: ["The gateway is starting", expect.stringContaining("The store: ")] },
    ]);
    expect((await fetch(`${page}api/v1/network`)).status).toBe(503);
    expect(told + body).not.toContain("S3cr3t");
    program.kill("SIGTERM");
    expect(await program.exited).toBe(0);
  });

  for (const [table, variable] of [
    ["http", "EARSHOT_GATEWAY_HTTP__PORT"],
    ["broker", "EARSHOT_GATEWAY_BROKER__PORT"],
  ] as const) {
    test(`a taken ${table} port`, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as { port: number };
      const program = start([], { [variable]: String(port) });
      const told = await logged(program, "trying again");
      expect(told).toContain(`Cannot listen on 127.0.0.1:${port}`);
      expect(told).toContain(`${table}.port`);
      await new Promise((resolve) => server.close(resolve));
      await untilSaid(program, `:${port}`);
      program.kill("SIGTERM");
      expect(await program.exited).toBe(0);
    });
  }
});

test("who takes the log without a terminal gets JSON lines; text and level are the configuration's to choose", async () => {
  const url = "mqtt://127.0.0.1:1";
  const env = { EARSHOT_GATEWAY_BROKER__URL: url, EARSHOT_GATEWAY_REGISTRATION__OPEN_TO_NETWORK: "true" };
  const told = async (changes: Record<string, string>) => {
    const program = start([], { ...env, ...changes });
    await untilServing(program);
    program.kill("SIGTERM");
    return (await new Response(program.stderr).text()).trimEnd().split("\n");
  };
  const lines = (await told({})).map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines.find(({ msg }) => msg === "Broker not connected; trying again")).toMatchObject({
    ...{ level: "warn", component: "broker", url, time: expect.stringMatching(/^\d{4}-.*Z$/) },
  });
  const text = await told({ EARSHOT_GATEWAY_LOG__FORMAT: "text" });
  expect(text.find((line) => line.includes("warn broker: Broker not connected"))).toContain(`url="${url}"`);
  const errors = await told({ EARSHOT_GATEWAY_LOG__LEVEL: "error" });
  expect(errors.map((line) => JSON.parse(line).level)).toEqual(errors.map(() => "error"));
});

describe("what it cannot work with, it names, and ends", () => {
  test("a bad configuration: 2", async () => {
    const file = join(folder, "gateway.toml");
    writeFileSync(file, "[http]\nport = 70000\n");
    const { code, err } = await ended(
      start(["--config", file], { EARSHOT_GATEWAY_HTTP__PORT: "70000", EARSHOT_GATEWAY_NETWORK: "X Y" }),
    );
    expect(code).toBe(2);
    for (const word of ["http.port", "70000", "network", "X Y"]) expect(err).toContain(word);
  });

  test("no such configuration: 2", async () => {
    const { code, err } = await ended(start(["--config", "missing.toml"]));
    expect([code, err.includes("missing.toml")]).toEqual([2, true]);
  });

  test("an unknown option: 2, with the usage", async () => {
    const { code, err } = await ended(start(["--prot", "1"]));
    expect([code, err.includes("Usage: gateway")]).toEqual([2, true]);
  });

  test("a bundle that is none: not 0, and it is named", async () => {
    const { code, out, err } = await ended(start(["verify-epoch", "nowhere"]));
    expect(code).not.toBe(0);
    expect(out + err).toContain("nowhere");
  });
});
