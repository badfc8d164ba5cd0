import { memoryOutbox, type OpenPublisher, runAgent } from "@earshot/agent";
import { openNmea, openSemtechUdp } from "@earshot/drivers";
import type { MemoryNetwork } from "@earshot/drivers/testing";
import { Sky } from "../devices/sky.ts";
import { VirtualForwarder } from "../devices/virtual-forwarder.ts";
import { openVirtualNmea } from "../devices/virtual-nmea.ts";
import { chanceOf } from "../radio/chance.ts";
import type { Blueprint } from "./blueprint.ts";
import { type Task, together } from "./together.ts";
import { KEEPALIVE_PERIOD_MS, SIMULATED_VERSION, STAT_PERIOD_MS, type World } from "./world.ts";

export interface VirtualWorld extends World {
  network: MemoryNetwork;
  openPublisher: OpenPublisher;
}

const SEMTECH_PORT = 1700;

/** The real agent over in-memory links: one hotspot in virtual time. */
export async function runVirtualHotspot(
  blueprint: Blueprint,
  world: VirtualWorld,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log, seed, network } = world;
  const { sky, signer, config, id } = blueprint;
  const host = blueprint.gatewayEui;
  const outbox = memoryOutbox({ clock });
  const agent: Task = (ended) =>
    runAgent(
      {
        config,
        clock,
        random: chanceOf("agent", seed, id),
        log,
        signer,
        outbox,
        openPublisher: world.openPublisher,
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
    await together([agent, (ended) => forwarderOf(blueprint, world).run(ended)], signal);
  } finally {
    outbox.close();
  }
}

function forwarderOf(blueprint: Blueprint, { clock, seed, ether, region, network }: VirtualWorld) {
  const host = blueprint.gatewayEui;
  return new VirtualForwarder({
    clock,
    seed,
    ether,
    region,
    station: blueprint.station,
    gatewayEui: blueprint.gatewayEui,
    up: network.bind({ host, port: 0 }),
    down: network.bind({ host, port: 0 }),
    server: { host, port: SEMTECH_PORT },
    hasGpsTime: blueprint.sky !== undefined,
    keepalivePeriodMs: KEEPALIVE_PERIOD_MS,
    statPeriodMs: STAT_PERIOD_MS,
  });
}
