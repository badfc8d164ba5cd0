import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logTo } from "@earshot/protocol";
import { Mutex } from "@earshot/protocol/runtime";
import { ManualClock } from "@earshot/protocol/testing";
import type { Hono } from "hono";
import { DenialLog } from "../denials/denial-log.ts";
import { createApp } from "../http/app.ts";
import type { AppDeps } from "../http/deps.ts";
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
  const versions = await ParametersLog.load(FLEET_PARAMETERS, { store, clock, signer });
  const progress = await loadProgress(store, versions.fixed, clock.now());
  const denials = await DenialLog.load({ store, progress, clock, signer, mutex: new Mutex() });
  const deps: AppDeps = {
    store,
    parameters: versions.fixed,
    versions,
    denials,
    clock,
    events: new EventHub(),
    metrics: newMetrics(),
    problems: () => [],
    registration: "listed",
    networkPublicKey: NETWORK_SIGNER.publicKey,
    bundlesDir,
    log,
    ...change,
  };
  return {
    ...appOver(deps),
    store,
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
