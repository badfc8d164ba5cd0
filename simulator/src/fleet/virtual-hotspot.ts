import { memoryOutbox, type OpenPublisher, runAgent } from "@earshot/agent";
import { openNmea, openSemtechUdp } from "@earshot/drivers";
import type { MemoryNetwork } from "@earshot/drivers/testing";
import { Sky } from "../devices/sky.ts";
import { VirtualForwarder } from "../devices/virtual-forwarder.ts";
import { openVirtualNmea } from "../devices/virtual-nmea.ts";
import { randomFor } from "../radio/random.ts";
import {
  type FleetContext,
  KEEPALIVE_PERIOD_MS,
  SIMULATED_VERSION,
  STAT_PERIOD_MS,
} from "./fleet-context.ts";
import type { HotspotPlan } from "./plan-fleet.ts";
import { runAll, type Task } from "./run-all.ts";

interface VirtualFleetContext extends FleetContext {
  network: MemoryNetwork;
  openPublisher: OpenPublisher;
}

const SEMTECH_PORT = 1700;

/** The real agent over in-memory links: one hotspot in virtual time. */
export async function runVirtualHotspot(
  plan: HotspotPlan,
  context: VirtualFleetContext,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log, seed, network } = context;
  const { sky, signer, config, id } = plan;
  const host = plan.gatewayEui;
  const outbox = memoryOutbox({ clock });
  const agent: Task = (ended) =>
    runAgent(
      {
        config,
        clock,
        random: randomFor("agent", seed, id),
        log,
        signer,
        outbox,
        openPublisher: context.openPublisher,
        openRadio: async () =>
          openSemtechUdp({ clock, log, socket: network.bind({ host, port: SEMTECH_PORT }) }),
        ...(sky === undefined
          ? {}
          : { openGps: async () => openNmea(openVirtualNmea(clock, new Sky(sky), ended), { clock }) }),
        version: SIMULATED_VERSION,
      },
      ended,
    );
  try {
    await runAll([agent, (ended) => forwarderOf(plan, context).run(ended)], signal);
  } finally {
    outbox.close();
  }
}

function forwarderOf(plan: HotspotPlan, { clock, seed, ether, region, network }: VirtualFleetContext) {
  const host = plan.gatewayEui;
  return new VirtualForwarder({
    clock,
    seed,
    ether,
    region,
    station: plan.station,
    gatewayEui: plan.gatewayEui,
    up: network.bind({ host, port: 0 }),
    down: network.bind({ host, port: 0 }),
    server: { host, port: SEMTECH_PORT },
    hasGpsTime: plan.sky !== undefined,
    keepalivePeriodMs: KEEPALIVE_PERIOD_MS,
    statPeriodMs: STAT_PERIOD_MS,
  });
}
