import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { MemoryNetwork } from "@earshot/drivers/testing";
import { bundleFolder, createGateway, openStore } from "@earshot/gateway";
import { epochOf, type Log, REGIONS } from "@earshot/protocol";
import { pause } from "@earshot/protocol/runtime";
import { ManualClock } from "@earshot/protocol/virtual-time";
import { Ether } from "../radio/ether.ts";
import { CITY } from "../radio/path-loss.ts";
import type { EpochResult } from "../report/epoch-result.ts";
import { DEMO_PARAMETERS, seededEntropy } from "./demo-network.ts";
import { type FleetObserver, type FleetRun, namedHotspots, ProgressCounter } from "./fleet-run.ts";
import { followEpochs } from "./follow-epochs.ts";
import { MemoryBroker } from "./memory-broker.ts";
import { networkSigner, planFleet } from "./plan-fleet.ts";
import { runAll, type Task } from "./run-all.ts";
import { runVirtualHotspot } from "./virtual-hotspot.ts";

/** The start of an epoch, so that every epoch is whole. */
const FIRST_MS = Date.UTC(2026, 0, 2);
/** Some periods before, since hotspots and what they commit to count from the epoch after they register. */
const START_MS = FIRST_MS - 5 * DEMO_PARAMETERS.entropyPeriodMs;
const EPOCH_MS = DEMO_PARAMETERS.epochPeriods * DEMO_PARAMETERS.entropyPeriodMs;
/** How long after its end an epoch may take to close, and the agents to stop. */
const SLACK_MS = 60_000;

/**
 * Runs gateway and agents in one process and in virtual time: in-memory links and broker, no sockets. The same run
 * gives the same bytes, as long as nothing waits for anything but the clock.
 */
export async function runVirtualFleet(
  run: FleetRun & { epochs: number },
  observer: FleetObserver,
  log: Log,
  signal: AbortSignal,
): Promise<EpochResult[]> {
  const clock = new ManualClock(START_MS);
  const plans = planFleet(run);
  const ether = new Ether({ clock, seed: run.seed, environment: CITY });
  const broker = new MemoryBroker();
  // On disk, as it would take as much memory as everything simulated; and new, as each run starts from nothing.
  const databaseDir = mkdtempSync(join(run.stateDir, "virtual-"));
  const store = await openStore(`sqlite://${join(databaseDir, "gateway.db")}`, { isLasting: false });
  const bundlesDir = join(run.stateDir, "epochs");
  const gateway = await createGateway({
    parameters: DEMO_PARAMETERS,
    store,
    clock,
    signer: networkSigner(run.seed),
    entropySource: seededEntropy(run.seed),
    downlink: broker,
    registration: "open",
    bundles: bundleFolder(bundlesDir),
    log,
  });
  broker.serve(gateway);
  const counter = new ProgressCounter(gateway);
  const firstEpoch = epochOf(FIRST_MS / DEMO_PARAMETERS.entropyPeriodMs, DEMO_PARAMETERS);
  const network = new MemoryNetwork();
  const { seed, city } = run;
  const context = { clock, log, seed, ether, region: REGIONS[city.region], network };
  const results: EpochResult[] = [];
  const collect: Task = async (ended) => {
    for await (const result of followEpochs({ gateway, store, bundlesDir, firstEpoch }, ended)) {
      results.push(result);
      observer.onEpoch(result);
      if (results.length === run.epochs) return;
    }
  };
  const show: Task = async (ended) => {
    while (!ended.aborted) {
      observer.onProgress(counter.snapshot(clock.now(), plans.length, ether.transmissions));
      await pause(clock, DEMO_PARAMETERS.entropyPeriodMs, ended);
    }
  };
  const hotspots = plans.map(
    (plan): Task =>
      (ended) =>
        runVirtualHotspot(plan, { ...context, openPublisher: broker.openPublisher }, ended),
  );
  observer.onStart({
    hotspots: namedHotspots(plans),
    firstEpoch,
    firstCloseMs: FIRST_MS + EPOCH_MS,
  });
  try {
    const tasks = [collect, show, (ended: AbortSignal) => gateway.run(ended), ...hotspots];
    await clock.resolve(runAll(tasks, signal), FIRST_MS - START_MS + run.epochs * EPOCH_MS + SLACK_MS);
  } finally {
    await store.close();
    rmSync(databaseDir, { recursive: true, force: true });
  }
  return results;
}
