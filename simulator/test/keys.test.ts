import { afterAll, expect, test } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mqttPublisher } from "@earshot/agent";
import { bundlePaths } from "@earshot/gateway";
import {
  entropyMessage,
  entropyTopic,
  hotspotId,
  KEY_ROLES,
  manifestMessage,
  type Signer,
  signerFromSeed,
} from "@earshot/protocol";
import { systemClock } from "@earshot/protocol/runtime";
import { seededRandom } from "@earshot/protocol/virtual-time";
import { type Program, ROOT } from "./support/process.ts";
import {
  freePort,
  hasMosquitto,
  startAgent,
  startGateway,
  startMosquitto,
  writeAgentConfig,
} from "./support/services.ts";
import { sendTraffic } from "./support/traffic.ts";

/*
 * A network of real programs gets keys by role, each of which is replaced, and revokes one: gateway, agent and, in
 * between, a broker go on, epoch by epoch, and every bundle verifies against the root key that was pinned before.
 */

/** A guard, not a measure: an epoch takes four seconds. */
const LIMIT_MS = 180_000;
const GATEWAY = "gateway/src/main.ts";

const networks: Network[] = [];
afterAll(async () => {
  await Promise.all(networks.map((network) => network.end("SIGKILL")));
  for (const { folder } of networks) rmSync(folder, { recursive: true });
});

/** Asks again and again until there is an answer. */
async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadlineMs = systemClock.elapsedMs() + LIMIT_MS / 2;
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined) return answer;
    if (systemClock.elapsedMs() > deadlineMs) throw new Error(`Waited in vain for ${what}`);
    await systemClock.sleep(100);
  }
}

const json = async (url: string): Promise<Record<string, unknown>> =>
  (await (await fetch(url)).json()) as Record<string, unknown>;

/** A command, to its end. */
async function run(...args: string[]): Promise<{ status: number; said: string }> {
  const command = Bun.spawn([process.execPath, ...args], {
    cwd: ROOT,
    stdout: "pipe",
  });
  const [status, said] = await Promise.all([command.exited, new Response(command.stdout).text()]);
  return { status, said };
}

interface AgentKeys {
  keys: { version: number; root: string; refused?: unknown; stranger?: { key: string; code: string } };
  entropy: { index: number; receivedAtMs: number };
  outbox: { acknowledged: number; queued: number };
  losses: { reason: string }[];
}

class Network {
  readonly folder = mkdtempSync(join(tmpdir(), "earshot-keys-"));
  readonly stateDir = join(this.folder, "gateway");
  readonly #ports = { http: 0, mqtt: 0, udp: 0, page: 0 };
  gateway: Program | undefined;
  agent: Program | undefined;
  #agentConfig = "";
  root = "";
  readonly #brokerUrl: { brokerUrl?: string } = {};
  readonly #stop = new AbortController();
  readonly #programs: Program[] = [];
  #commands = "";

  constructor() {
    networks.push(this);
    mkdirSync(join(this.folder, "agent"), { mode: 0o700 });
  }

  get mqttPort(): number {
    return this.#ports.mqtt;
  }

  async start({ isExternal }: { isExternal: boolean }): Promise<void> {
    for (const name of ["http", "mqtt", "udp", "page"] as const) this.#ports[name] = await freePort();
    if (isExternal) {
      this.#brokerUrl.brokerUrl = `mqtt://127.0.0.1:${this.mqttPort}`;
      this.#programs.push(await startMosquitto(this.folder, this.mqttPort));
    }
    await this.startGateway();
    const { mqtt: mqttPort, udp: udpPort, page: pagePort } = this.#ports;
    this.#agentConfig = writeAgentConfig({
      folder: this.folder,
      publicKey: this.root,
      mqttPort,
      udpPort,
      pagePort,
    });
    await this.startAgent();
    const traffic = {
      clock: systemClock,
      random: seededRandom(1),
      udpPort,
      periodMs: 300,
      entropyPeriodMs: 500,
    };
    void sendTraffic(traffic, this.#stop.signal);
  }

  async startGateway(): Promise<void> {
    const { http: httpPort, mqtt: mqttPort } = this.#ports;
    const { program, publicKey } = await startGateway({
      folder: this.folder,
      httpPort,
      mqttPort,
      ...this.#brokerUrl,
    });
    this.gateway = program;
    this.#programs.push(program);
    if (this.root !== "") expect(publicKey).toBe(this.root);
    this.root = publicKey;
  }

  async startAgent(): Promise<void> {
    this.agent = startAgent(this.#agentConfig);
    this.#programs.push(this.agent);
    await this.agent.says(/z6Mk\w{44}/);
  }

  async end(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#programs.map((program) => program.end(signal)));
  }

  /** Whatever any of its programs has said, commands too. */
  get said(): string {
    return this.#commands + this.#programs.map(({ said }) => said).join("");
  }

  /** Every private key of the network, and the hotspot's. */
  seeds(): Uint8Array[] {
    const keys = join(this.stateDir, "keys");
    const files = readdirSync(keys).map((file) => join(keys, file));
    const all = [...files, join(this.folder, "stick.key"), join(this.folder, "agent", "hotspot.key")];
    return all.map((file) => new Uint8Array(readFileSync(file)));
  }

  /** `gateway keys …` @returns the first epoch that it names */
  async keys(...args: string[]): Promise<number> {
    const { status, said } = await run(
      GATEWAY,
      "keys",
      ...args,
      "--config",
      join(this.folder, "gateway.toml"),
    );
    this.#commands += said;
    expect([status, said]).toEqual([0, expect.any(String)]);
    return Number(said.match(/counts from epoch (\d+) on/)?.[1] ?? Number.NaN);
  }

  async newestEpoch(): Promise<number> {
    const { epochs } = (await json(`http://127.0.0.1:${this.#ports.http}/api/v1/epochs?limit=1`)) as {
      epochs: { epoch: number }[];
    };
    return epochs[0]?.epoch ?? -1;
  }

  /** Waits until the epoch is closed: its manifest is signed in a later one. */
  closes = (epoch: number) =>
    until(`the end of epoch ${epoch}`, async () => ((await this.newestEpoch()) >= epoch ? true : undefined));

  status = async (): Promise<AgentKeys> =>
    (await json(`http://127.0.0.1:${this.#ports.page}/status.json`)) as unknown as AgentKeys;

  knows = (version: number) =>
    until(`version ${version} at the agent`, async () => {
      const status = await this.status();
      return status.keys.version === version ? status : undefined;
    });

  doctor = () => run("agent/src/main.ts", "doctor", "--config", this.#agentConfig);

  health = (): Promise<Record<string, unknown>> => json(`http://127.0.0.1:${this.#ports.http}/healthz`);

  /** A role's private key, by the document that it was made for. */
  signer = (role: string, version: number): Signer =>
    signerFromSeed(new Uint8Array(readFileSync(join(this.stateDir, "keys", `${role}-${version}.key`))));

  verify = (path: string) => run(GATEWAY, "verify-epoch", path, "--key", this.root, "--json");
}

test.concurrent(
  "keys by role, each replaced, the gateway killed in between, one revoked: epochs go on and every bundle verifies",
  async () => {
    const network = new Network();
    await network.start({ isExternal: false });
    await until("the first epoch", async () => ((await network.newestEpoch()) > 0 ? true : undefined));
    const begins = await network.keys("init");
    await network.closes(begins);
    await network.knows(1);
    // The root key goes on a stick.
    const stick = join(network.folder, "stick.key");
    renameSync(join(network.stateDir, "network.key"), stick);
    let counts = 0;
    for (const [i, role] of KEY_ROLES.entries()) {
      counts = await network.keys("rotate", role, "--root", stick);
      // Killed when the document is there and, most likely, not read yet.
      if (i === 2) {
        await network.gateway?.end("SIGKILL");
        await network.startGateway();
      }
    }
    await network.closes(counts);
    const before = await network.knows(6);
    expect([before.keys.root, before.keys.refused, before.keys.stranger]).toEqual([
      network.root,
      undefined,
      undefined,
    ]);
    expect(
      before.losses.map(({ reason }) => reason).filter((reason) => reason.startsWith("message")),
    ).toEqual([]);
    const gone = hotspotId(network.signer("epochs", 4).publicKey);
    const revoked = await network.keys("revoke", gone, "--root", stick);
    await network.closes(revoked + 1);
    expect(await network.health()).toMatchObject({ problems: [] });
    const after = await network.knows(7);
    expect(after.entropy.index).toBeGreaterThan(before.entropy.index);
    await network.end();

    const folder = join(network.stateDir, "epochs");
    const { status, said } = await network.verify(folder);
    expect([status, said]).toEqual([0, expect.any(String)]);
    const reports = said
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const epochs: number[] = reports.map(({ epoch }) => epoch);
    expect(epochs).toEqual(epochs.map((_, i) => (epochs[0] as number) + i));
    expect(new Set(reports.map(({ networkKey }) => networkKey))).toEqual(new Set([network.root]));
    expect([reports[0].keysVersion, reports.at(-1).keysVersion]).toEqual([0, 7]);
    expect(reports.at(-1).counts.packets).toBeGreaterThan(0);
    console.log(`${epochs.length} epochs hold, from no key document to version 7`);

    expect(network.said.length).toBeGreaterThan(1000);
    for (const seed of network.seeds()) {
      expect(seed).toHaveLength(32);
      for (const form of [seed.toHex(), seed.toBase64(), String(seed)])
        expect(network.said).not.toContain(form.slice(0, 24));
    }

    // What the revoked key signs later does not verify, and the key is named.
    const last = bundlePaths(folder).at(-1) as string;
    const manifest = manifestMessage.open(new Uint8Array(readFileSync(join(last, "manifest.cbor"))), "demo");
    if (!manifest.ok) throw new Error(manifest.code);
    const forged = manifestMessage.seal(manifest.value, network.signer("epochs", 4), "demo");
    writeFileSync(join(last, "manifest.cbor"), forged);
    const again = await network.verify(last);
    expect([again.status, again.said]).toEqual([1, expect.stringContaining(`key_revoked: ${gone}`)]);
  },
  LIMIT_MS,
);

test.concurrent.skipIf(!hasMosquitto && process.env.EARSHOT_REQUIRE_TOOLS !== "1")(
  "behind another broker: documents are retained there, and an agent that comes back refuses by name what a revoked key signs later",
  async () => {
    const network = new Network();
    await network.start({ isExternal: true });
    await until("the first entropy", async () => (await network.status()).entropy && true);
    await network.closes(await network.keys("init"));
    const gone = network.signer("entropy", 1);
    const revoked = await network.keys("revoke", hotspotId(gone.publicKey));
    await network.agent?.end("SIGKILL");
    await network.closes(revoked);
    expect((await network.doctor()).said).toMatch(/Broker +✓ ok +logged in at mqtt:.*, entropy \d+ is/);
    await network.startAgent();
    await network.knows(2);
    await until("entropy of the new key", async () => (await network.status()).entropy && true);
    const { index } = (await network.status()).entropy;
    const nowMs = systemClock.now();
    const entropy = {
      ...{ index: Math.floor(nowMs / 500), atMs: Math.floor(nowMs), periodMs: 500, validityMs: 3000 },
      ...{ value: new Uint8Array(32), previousHash: new Uint8Array(32) },
      ...{
        windowPeriods: 4,
        windowValue: new Uint8Array(32),
        reportDeadlineMs: null,
        revealDeadlineMs: null,
      },
      ...{ source: null, state: null },
    };
    const stop = new AbortController();
    const thief = await mqttPublisher(
      { url: `mqtt://127.0.0.1:${network.mqttPort}` },
      { clock: systemClock },
    )(
      {
        username: "thief",
        password: "",
        will: { topic: "thief", bytes: new Uint8Array() },
        subscriptions: [],
      },
      stop.signal,
    );
    await thief.publish(entropyTopic("demo"), entropyMessage.seal(entropy, gone, "demo"));
    const told = await until("the refusal", async () => {
      const status = await network.status();
      // Entropy that waited at the broker comes before the document that names its key.
      return status.keys.stranger?.key === hotspotId(gone.publicKey) ? status : undefined;
    });
    expect(told.keys.stranger).toMatchObject({ code: "key_revoked" });
    await until("the network's own entropy", async () =>
      (await network.status()).entropy.index > index + 2 ? true : undefined,
    );
    await thief.close();
    await network.end();
  },
  LIMIT_MS,
);
