import { join } from "node:path";
import { mqttPublisher, runAgent, type StatusBoard, sqliteOutbox } from "@earshot/agent";
import {
  bindUdp,
  type DatagramSocket,
  openGpsd,
  openSemtechUdp,
  openTcp,
  type SocketAddress,
} from "@earshot/drivers";
import { listenGpsd } from "../devices/gpsd-server.ts";
import { Sky } from "../devices/sky.ts";
import { VirtualForwarder } from "../devices/virtual-forwarder.ts";
import { randomFor } from "../radio/random.ts";
import {
  type FleetContext,
  KEEPALIVE_PERIOD_MS,
  SIMULATED_VERSION,
  STAT_PERIOD_MS,
} from "./fleet-context.ts";
import type { HotspotPlan } from "./plan-fleet.ts";
import { runAll } from "./run-all.ts";

interface RealFleetContext extends FleetContext {
  /** Of the broker: `mqtt://127.0.0.1:…`. */
  brokerUrl: string;
  /** Each hotspot has a folder in it. */
  hotspotsDir: string;
}

const ANY_PORT = { host: "127.0.0.1", port: 0 };
const OUTBOX_LIMITS = { maxBytes: 16_777_216, maxAgeMs: 7 * 86_400_000 };

/** One hotspot with real UDP, TCP, MQTT and an outbox on disk; only radio and satellites are simulated. */
export async function runRealHotspot(
  plan: HotspotPlan,
  context: RealFleetContext,
  board: StatusBoard,
  signal: AbortSignal,
): Promise<void> {
  const { clock, seed, hotspotsDir, brokerUrl } = context;
  const { sky, signer, config, id, name } = plan;
  const log = context.log.child({ hotspot: name });
  await using stack = new AsyncDisposableStack();
  const outbox = sqliteOutbox({ stateDir: join(hotspotsDir, name), clock, log, ...OUTBOX_LIMITS });
  stack.defer(() => outbox.close());
  const socket = await bindRadioSocket();
  stack.defer(() => socket.close());
  const gpsd = sky === undefined ? undefined : await listenGpsd({ clock, sky: new Sky(sky), ...ANY_PORT });
  stack.defer(() => gpsd?.close());
  const forwarder = await forwarderOf(plan, context, socket.address);
  const connect = gpsd && ((stop?: AbortSignal) => openTcp({ ...gpsd.local, ...(stop && { signal: stop }) }));
  const deps = {
    config,
    clock,
    random: randomFor("agent", seed, id),
    log,
    signer,
    outbox,
    openPublisher: mqttPublisher({ url: brokerUrl }, { clock, log }),
    openRadio: async () => openSemtechUdp({ clock, log, socket: await socket.take() }),
    ...(connect && { openGps: async () => openGpsd(connect, { clock }) }),
    version: SIMULATED_VERSION,
    board,
  };
  await runAll([(ended) => runAgent(deps, ended), (ended) => forwarder.run(ended)], signal);
}

async function forwarderOf(plan: HotspotPlan, context: RealFleetContext, server: SocketAddress) {
  const { clock, seed, ether, region } = context;
  return new VirtualForwarder({
    clock,
    seed,
    ether,
    region,
    station: plan.station,
    gatewayEui: plan.gatewayEui,
    up: await bindUdp(ANY_PORT),
    down: await bindUdp(ANY_PORT),
    server,
    hasGpsTime: plan.sky !== undefined,
    keepalivePeriodMs: KEEPALIVE_PERIOD_MS,
    statPeriodMs: STAT_PERIOD_MS,
  });
}

/** A UDP address that is bound before the agent runs, so that its forwarder knows where to send. */
interface RadioSocket {
  readonly address: SocketAddress;
  /** The bound socket at the first call, a new one when the agent opens its radio again. */
  take(): Promise<DatagramSocket>;
  /** Closes the first socket if nobody took it. */
  close(): Promise<void>;
}

async function bindRadioSocket(): Promise<RadioSocket> {
  let first: DatagramSocket | undefined = await bindUdp({ host: "127.0.0.1", port: 0 });
  const address = first.local;
  return {
    address,
    async take() {
      const bound = first ?? (await bindUdp(address));
      first = undefined;
      return bound;
    },
    async close() {
      await first?.close();
    },
  };
}
