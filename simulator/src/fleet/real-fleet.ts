import { join } from "node:path";
import { boardSource, StatusBoard, servePage } from "@earshot/agent";
import { type Clock, epochAtMs, type Log, REGIONS } from "@earshot/protocol";
import { pause } from "@earshot/protocol/runtime";
import { Ether } from "../radio/ether.ts";
import { CITY } from "../radio/path-loss.ts";
import type { EpochResult } from "../report/epoch-result.ts";
import { DEMO_PARAMETERS } from "./demo-network.ts";
import { type FleetObserver, type FleetRun, namedHotspots, ProgressCounter } from "./fleet-run.ts";
import { followEpochs } from "./follow-epochs.ts";
import { planFleet } from "./plan-fleet.ts";
import { startRealGateway } from "./real-gateway.ts";
import { runRealHotspot } from "./real-hotspot.ts";
import { runAll, type Task } from "./run-all.ts";

const EPOCH_MS = DEMO_PARAMETERS.epochPeriods * DEMO_PARAMETERS.entropyPeriodMs;
/** Hotspots register and commit to their beacons within this time, and count from the epoch after the one in which they have. */
const REGISTERING_MS = 5 * DEMO_PARAMETERS.entropyPeriodMs;
const PROGRESS_PERIOD_MS = 500;

/** Ports of the gateway; 0 takes a free one. */
interface RealPorts {
  httpPort: number;
  mqttPort: number;
}

/**
 * Runs gateway, broker, page and a fleet of agents in this process over real sockets and files, until `signal` is
 * aborted or the epochs are over.
 */
export async function runRealFleet(
  run: FleetRun & RealPorts,
  observer: FleetObserver,
  deps: { clock: Clock; log: Log },
  signal: AbortSignal,
): Promise<EpochResult[]> {
  const { clock, log } = deps;
  const { seed, city, stateDir, httpPort, mqttPort } = run;
  const plans = planFleet(run);
  const ether = new Ether({ clock, seed, environment: CITY });
  await using stack = new AsyncDisposableStack();
  const served = await startRealGateway({ clock, log, seed, stateDir, httpPort, mqttPort });
  stack.defer(() => served.close());
  const boards = plans.map(() => new StatusBoard());
  const listen = { host: "127.0.0.1", port: 0 };
  const page = await servePage(boardSource(boards[0] as StatusBoard, clock), { listen, names: [] }, clock);
  stack.defer(() => page.stop());
  const firstEpoch = epochAtMs(clock.now() + REGISTERING_MS, DEMO_PARAMETERS) + 1;
  const counter = new ProgressCounter(served.gateway);
  const results: EpochResult[] = [];
  const collect: Task = async (ended) => {
    for await (const result of followEpochs({ ...served, firstEpoch }, ended)) {
      results.push(result);
      observer.onEpoch(result);
      if (results.length === run.epochs) return;
    }
  };
  const show: Task = async (ended) => {
    while (!ended.aborted) {
      observer.onProgress(counter.snapshot(clock.now(), plans.length, ether.transmissions));
      await pause(clock, PROGRESS_PERIOD_MS, ended);
    }
  };
  const context = {
    clock,
    log,
    seed,
    ether,
    region: REGIONS[city.region],
    brokerUrl: served.brokerUrl,
    hotspotsDir: join(stateDir, "hotspots"),
  };
  const hotspots = plans.map(
    (plan, index): Task =>
      (ended) =>
        runRealHotspot(plan, context, boards[index] as StatusBoard, ended),
  );
  observer.onStart({
    hotspots: namedHotspots(plans),
    pages: {
      fleet: served.pageUrl,
      technician: { name: plans[0]?.name ?? "", url: page.url },
      broker: served.brokerUrl,
    },
    firstEpoch,
    firstCloseMs: (firstEpoch + 1) * EPOCH_MS,
  });
  await runAll([collect, show, (ended) => served.gateway.run(ended), ...hotspots], signal);
  return results;
}
