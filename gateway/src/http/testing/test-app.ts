import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Log, signerFromSeed } from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import type { Hono } from "hono";
import { EventHub } from "../../events.ts";
import { newMetrics } from "../../metrics.ts";
import { openStore } from "../../store/open-store.ts";
import type { Store } from "../../store/store.ts";
import { createApp } from "../app.ts";
import type { AppDeps } from "../deps.ts";
import { FLEET_PARAMETERS, type SeededFleet, seedFleet } from "./seeded-fleet.ts";

export const NETWORK_SIGNER = signerFromSeed(new Uint8Array(32).fill(9));

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
  const log: Log = (level, message) => void logged.push(`${level} ${message}`);
  const deps: AppDeps = {
    store,
    parameters: FLEET_PARAMETERS,
    clock,
    events: new EventHub(),
    metrics: newMetrics(),
    registration: "listed",
    networkPublicKey: NETWORK_SIGNER.publicKey,
    bundlesDir,
    log,
    ...change,
  };
  const app = createApp(deps);
  return {
    app,
    deps,
    store,
    clock,
    fleet,
    logged,
    async json(path, init) {
      const response = await app.request(path, init);
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      await rm(bundlesDir, { recursive: true, force: true });
    },
  };
}
