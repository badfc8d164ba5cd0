import { join } from "node:path";
import { mqttPublisher, runAgent, type StatusBoard, sqliteOutbox } from "@earshot/agent";
import { bindUdp, openGpsd, openSemtechUdp, openTcp, type SocketAddress } from "@earshot/drivers";
import type { Log } from "@earshot/protocol";
import { listenGpsd } from "../devices/gpsd-server.ts";
import { Sky } from "../devices/sky.ts";
import { VirtualForwarder } from "../devices/virtual-forwarder.ts";
import { chanceOf } from "../radio/chance.ts";
import type { Blueprint } from "./blueprint.ts";
import { bindRadioSocket } from "./radio-socket.ts";
import { together } from "./together.ts";
import { KEEPALIVE_PERIOD_MS, SIMULATED_VERSION, STAT_PERIOD_MS, type World } from "./world.ts";

export interface RealWorld extends World {
  /** Of the broker: `mqtt://127.0.0.1:…`. */
  brokerUrl: string;
  /** Each hotspot has a folder in it. */
  hotspotsDir: string;
}

const ANY_PORT = { host: "127.0.0.1", port: 0 };
const OUTBOX_LIMITS = { maxBytes: 16_777_216, maxAgeMs: 7 * 86_400_000 };

/** One hotspot with everything real but the air and the sky: UDP, TCP, MQTT, and an outbox on disk. */
export async function runRealHotspot(
  blueprint: Blueprint,
  world: RealWorld,
  board: StatusBoard,
  signal: AbortSignal,
): Promise<void> {
  const { clock, seed, hotspotsDir, brokerUrl } = world;
  const { sky, signer, config, id, name } = blueprint;
  const log: Log = (level, message, fields) => world.log(level, message, { hotspot: name, ...fields });
  await using stack = new AsyncDisposableStack();
  const outbox = sqliteOutbox({ stateDir: join(hotspotsDir, name), clock, log, ...OUTBOX_LIMITS });
  stack.defer(() => outbox.close());
  const socket = await bindRadioSocket();
  stack.defer(() => socket.close());
  const gpsd = sky === undefined ? undefined : await listenGpsd({ clock, sky: new Sky(sky), ...ANY_PORT });
  stack.defer(() => gpsd?.close());
  const forwarder = await forwarderOf(blueprint, world, socket.address);
  const connect = gpsd && ((stop?: AbortSignal) => openTcp({ ...gpsd.local, ...(stop && { signal: stop }) }));
  const deps = {
    config,
    clock,
    random: chanceOf("agent", seed, id),
    log,
    signer,
    outbox,
    openPublisher: mqttPublisher({ url: brokerUrl }, { clock, log }),
    openRadio: async () => openSemtechUdp({ clock, log, socket: await socket.take() }),
    ...(connect && { openGps: async () => openGpsd(connect, { clock }) }),
    version: SIMULATED_VERSION,
    board,
  };
  await together([(ended) => runAgent(deps, ended), (ended) => forwarder.run(ended)], signal);
}

async function forwarderOf(blueprint: Blueprint, world: RealWorld, server: SocketAddress) {
  const { clock, seed, ether, region } = world;
  return new VirtualForwarder({
    clock,
    seed,
    ether,
    region,
    station: blueprint.station,
    gatewayEui: blueprint.gatewayEui,
    up: await bindUdp(ANY_PORT),
    down: await bindUdp(ANY_PORT),
    server,
    hasGpsTime: blueprint.sky !== undefined,
    keepalivePeriodMs: KEEPALIVE_PERIOD_MS,
    statPeriodMs: STAT_PERIOD_MS,
  });
}
