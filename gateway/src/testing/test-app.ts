import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logTo, type Manifest, manifestMessage, NetworkKeys, sha256, utf8 } from "@earshot/protocol";
import { Mutex } from "@earshot/protocol/runtime";
import { ManualClock } from "@earshot/protocol/testing";
import type { Hono } from "hono";
import { bundleFolder } from "../bundle/bundle-folder.ts";
import { DenialLog } from "../denials/denial-log.ts";
import { createApp } from "../http/app.ts";
import type { AppDeps } from "../http/deps.ts";
import { KeyRing } from "../keys/key-ring.ts";
import { LogService } from "../log/log-service.ts";
import { EventHub } from "../monitoring/events.ts";
import { newMetrics } from "../monitoring/metrics.ts";
import { ParametersLog } from "../parameters/parameters-log.ts";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import { loadProgress } from "../time/progress.ts";
import { FLEET_PARAMETERS, NETWORK_SIGNER, type SeededFleet, seedFleet } from "./seeded-fleet.ts";

/** An app over a store in memory with a seeded fleet, and hands on everything that tests turn. */
export interface TestApp extends AsyncDisposable {
  app: Hono;
  deps: AppDeps;
  store: Store;
  bundlesDir: string;
  clock: ManualClock;
  fleet: SeededFleet;
  logged: string[];
  json(path: string, init?: RequestInit): Promise<{ status: number; body: Record<string, unknown> }>;
}

export async function testApp(
  change: Partial<AppDeps> = {},
  fleetOptions: Parameters<typeof seedFleet>[1] = {},
): Promise<TestApp> {
  const store = await openStore("sqlite://:memory:");
  const fleet = await seedFleet(store, fleetOptions);
  const clock = new ManualClock(fleet.nowMs);
  const bundlesDir = await mkdtemp(join(tmpdir(), "earshot-http-"));
  const logged: string[] = [];
  const log = logTo((level, message) => logged.push(`${level} ${message}`));
  const signer = NETWORK_SIGNER;
  const keys = NetworkKeys.ofRoot(FLEET_PARAMETERS.network, signer.publicKey);
  const versions = await ParametersLog.load(FLEET_PARAMETERS, { store, clock, signer });
  const progress = await loadProgress(store, versions.fixed, clock.now());
  const denials = await DenialLog.load({
    store,
    progress,
    clock,
    signer,
    mutex: new Mutex(),
    announcing: new Mutex(),
  });
  const metrics = newMetrics();
  const bundles = bundleFolder(bundlesDir);
  const publicLog = new LogService({
    ...{ store, bundles, clock, log, metrics, options: {} },
    signer: KeyRing.ofRoot(FLEET_PARAMETERS.network, signer, clock),
    parameters: versions.fixed,
    statements: () => [],
  });
  const deps: AppDeps = {
    store,
    parameters: versions.fixed,
    versions,
    denials,
    clock,
    events: new EventHub(),
    metrics,
    problems: () => [],
    registration: "listed",
    keys: () => keys,
    bundles,
    publicLog,
    log,
    ...change,
  };
  return {
    ...appOver(deps),
    store,
    bundlesDir,
    clock,
    fleet,
    logged,
    async [Symbol.asyncDispose]() {
      await store.close();
      await rm(bundlesDir, { recursive: true, force: true });
    },
  };
}

/** The same app, but for an operator. */
export const withAdmin = (t: TestApp, admin: NonNullable<AppDeps["admin"]>): TestApp => ({
  ...t,
  ...appOver({ ...t.deps, admin }),
  [Symbol.asyncDispose]: () => t[Symbol.asyncDispose](),
});

/** An app over the same parts; it has no answers yet that it could give again. */
export function appOver(deps: AppDeps): Pick<TestApp, "app" | "deps" | "json"> {
  const app = createApp(deps);
  return {
    app,
    deps,
    async json(path, init) {
      const response = await app.request(path, init);
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
  };
}

export const LEAVES = "{}\n";
const MANIFEST: Manifest = {
  network: FLEET_PARAMETERS.network,
  epoch: 1,
  previousEpoch: null,
  previousManifestHash: new Uint8Array(32),
  fromMs: 1_767_225_600_000,
  toMs: 1_767_225_600_000,
  closedAtMs: 1_767_225_600_000,
  parametersHash: new Uint8Array(32),
  registryHash: new Uint8Array(32),
  files: ["leaves.jsonl", "link", "missing.json"].map((name) => ({
    name,
    bytes: utf8(LEAVES).length,
    sha256: sha256(utf8(LEAVES)),
  })),
  pool: 1n,
  paid: 0n,
  unallocated: 1n,
  root: new Uint8Array(32),
  counts: { packets: 0, entropy: 0, hotspots: 0, verdicts: 0, leaves: 0 },
};
export const MANIFEST_BYTES = manifestMessage.seal(MANIFEST, NETWORK_SIGNER, FLEET_PARAMETERS.network);

/** Writes the newest epoch's bundle: a manifest that names three files, of which only `leaves.jsonl` is there. */
export async function writeTestBundle({
  store,
  bundlesDir,
}: TestApp): Promise<{ epoch: number; folder: string }> {
  const latest = await store.latestEpoch();
  if (latest === undefined) throw new TypeError("The test's fleet has no closed epoch");
  const folder = join(bundlesDir, latest.bundle);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "manifest.cbor"), MANIFEST_BYTES);
  await writeFile(join(folder, "leaves.jsonl"), LEAVES);
  return { epoch: latest.epoch, folder };
}
