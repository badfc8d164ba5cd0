import type { Driver, LinuxReading } from "@earshot/drivers";
import {
  type Clock,
  hotspotId,
  hotspotName,
  type Log,
  type Random,
  type Signer,
} from "@earshot/protocol/hotspot";
import { Beaconer } from "./beacon/beaconer.ts";
import { type EntropyCheck, EntropyTracker } from "./beacon/entropy-tracker.ts";
import type { RadioSetup } from "./board/agent-status.ts";
import { StatusBoard } from "./board/status-board.ts";
import type { AgentConfig } from "./core/agent-config.ts";
import { Concentrators } from "./core/concentrators.ts";
import type { CoreContext } from "./core/core-context.ts";
import { HeldBeacons } from "./core/held-beacons.ts";
import { NetworkClock } from "./core/network-clock.ts";
import { OwnCommitments } from "./core/own-commitments.ts";
import { PinnedKeys } from "./core/pinned-keys.ts";
import { SentStatuses } from "./core/sent-statuses.ts";
import { type AgentGps, runGps } from "./devices/run-gps.ts";
import { runMachine } from "./devices/run-machine.ts";
import { type AgentRadio, runRadio } from "./devices/run-radio.ts";
import { runningSensor, type SensorDevice } from "./devices/run-sensor.ts";
import type { OpenDevice } from "./devices/supervise.ts";
import { watchPorts } from "./devices/watch-ports.ts";
import type { Outbox } from "./outbox/outbox.ts";
import type { OpenPublisher } from "./publisher/publisher.ts";
import { GNSS_FRESH_MS, gnssOf } from "./reports/gnss-block.ts";
import { ReadingSummary, reportReadings } from "./reports/reading-packets.ts";
import { reportStatus } from "./reports/status-packet.ts";
import { Inbox } from "./session/inbox.ts";
import { keepSession } from "./session/keep-session.ts";
import { Wakeup } from "./time/wakeup.ts";
import { EntropyRange } from "./witness/entropy-range.ts";
import { Witnesser } from "./witness/witnesser.ts";

/** Everything the agent touches is passed in, so that one process can run many agents, in real or in virtual time. */
export interface AgentDeps {
  config: AgentConfig;
  clock: Clock;
  random: Random;
  log: Log;
  signer: Signer;
  /** Whether the file of its key is on another machine; not unless given. */
  isKeyRemote?: boolean;
  /** Stays the caller's: `runAgent` does not close it. */
  outbox: Outbox;
  openPublisher: OpenPublisher;
  /** Absent where the network's word for its entropy is taken. */
  checkEntropy?: EntropyCheck;
  openRadio: OpenDevice<AgentRadio>;
  /** The radio as configured, for advice on the page. */
  radioSetup?: RadioSetup;
  /** Absent where the hotspot has no GPS. */
  openGps?: OpenDevice<AgentGps>;
  /** `type` of the GPS in the configuration, for advice on the page: `gpsd`. */
  gpsType?: string;
  /** Everything else that measures; their names are unique. */
  sensors?: readonly SensorDevice[];
  /** Absent where the computer's own health is not watched. */
  openMachine?: OpenDevice<Driver<LinuxReading>>;
  /** Software version, at most 32 characters; part of every status packet. */
  version: string;
  /** The state that the status page shows; made by `runAgent` when absent. */
  board?: StatusBoard;
}

/**
 * Runs one hotspot until `signal` is aborted, then closes devices and session and resolves. A device or broker that
 * fails is opened again, after growing waits, while the rest goes on. Rejects only for a bug, with everything closed.
 */
export async function runAgent(deps: AgentDeps, signal: AbortSignal): Promise<void> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const parts = startParts(deps, either).map((part) =>
    part.catch((error: unknown) => {
      stop.abort();
      throw error;
    }),
  );
  await Promise.allSettled(parts);
  await Promise.all(parts);
}

function startParts(deps: AgentDeps, signal: AbortSignal): Promise<void>[] {
  const context = coreContext(deps);
  const { board, clock, config, held, log, toPublish } = context;
  const partOf = (component: string): CoreContext => ({ ...context, log: log.child({ component }) });
  const connected = new Wakeup();
  let radio: AgentRadio | undefined;
  const gnss = () => {
    const elapsedMs = clock.elapsedMs();
    return gnssOf(board.gpsReading(elapsedMs, GNSS_FRESH_MS), board.integrity.summary(elapsedMs).flags);
  };
  const beaconer = new Beaconer(partOf("beacon"), () => radio, gnss);
  const range = new EntropyRange();
  const witnesser = new Witnesser(partOf("witness"), gnss, range);
  const tracker = new EntropyTracker(config.network.name, context.keys, deps.checkEntropy);
  const inbox = new Inbox(partOf("session"), tracker, (entropy) => {
    const before = context.networkClock.window(clock.elapsedMs());
    context.networkClock.update(entropy, clock.elapsedMs());
    context.keys.onEntropy(entropy.atMs);
    range.update(entropy, clock.elapsedMs());
    beaconer.onEntropy(entropy);
    held.onEntropy();
    // Statuses commit to chains of windows, which are not known without entropy: the first need not wait.
    if (before === undefined) connected.notify();
  });
  const onChange = (opened: AgentRadio | undefined) => {
    radio = opened;
  };
  return [
    runRadio(partOf("radio"), { open: deps.openRadio, onChange, witnesser }, signal),
    ...measuringParts(deps, partOf("measuring"), signal),
    watchPorts(partOf("devices"), signal),
    keepSession(partOf("session"), { openPublisher: deps.openPublisher, inbox, connected }, signal),
    beaconer.run(signal),
    held.run(clock, () => toPublish.notify(), signal),
    witnesser.run(signal),
    reportStatus(partOf("status"), gnss, connected, signal),
  ];
}

/** GPS, sensors and machine, and the reading packets made of what they measure. */
function measuringParts(deps: AgentDeps, context: CoreContext, signal: AbortSignal): Promise<void>[] {
  const { openGps, openMachine, sensors = [] } = deps;
  const gps = new ReadingSummary(context, "gps");
  const machine = new ReadingSummary(context, "machine");
  const running = sensors.map((sensor) =>
    runningSensor(context, sensor, new ReadingSummary(context, sensor.name)),
  );
  return [
    ...(openGps === undefined ? [] : [runGps(context, openGps, gps, signal)]),
    ...(openMachine === undefined ? [] : [runMachine(context, openMachine, machine, signal)]),
    ...running.map((sensor) => sensor.run(signal)),
    reportReadings(context, [gps, machine, ...running], signal),
  ];
}

function coreContext(deps: AgentDeps): CoreContext {
  const { config, random, log, signer, outbox, version } = deps;
  const clock = wholeMs(deps.clock);
  const board = deps.board ?? new StatusBoard();
  const id = hotspotId(signer.publicKey);
  const startedElapsedMs = clock.elapsedMs();
  const { latE7, lonE7 } = config.hotspot;
  board.begin(
    {
      startedElapsedMs,
      version,
      network: config.network.name,
      hotspot: { id, name: hotspotName(id), asserted: { latE7, lonE7 } },
      ...(deps.radioSetup === undefined ? {} : { radio: deps.radioSetup }),
      hasGps: deps.openGps !== undefined,
      ...(deps.gpsType === undefined ? {} : { gpsType: deps.gpsType }),
      hasMachine: deps.openMachine !== undefined,
      sensors: (deps.sensors ?? []).map(({ name, type, host }) => ({
        ...{ source: name, type },
        ...(host === undefined ? {} : { host }),
      })),
    },
    () => outbox.state(),
  );
  const keys = new PinnedKeys(config.network, outbox);
  board.setKeys(keys.known, undefined, startedElapsedMs);
  const shared = { config, clock, random, log, signer, outbox, board, version, startedElapsedMs };
  const networkClock = new NetworkClock();
  return {
    ...shared,
    networkClock,
    commitments: new OwnCommitments(signer, config.network.name),
    held: new HeldBeacons(networkClock, clock),
    hotspotId: id,
    keys,
    isKeyRemote: deps.isKeyRemote ?? false,
    concentrators: new Concentrators(),
    sentStatuses: new SentStatuses(),
    toPublish: new Wakeup(),
  };
}

/** The same clock in whole milliseconds, as packets carry them: virtual time may be between two. */
const wholeMs = (clock: Clock): Clock => ({
  now: () => Math.floor(clock.now()),
  elapsedMs: () => clock.elapsedMs(),
  sleep: (ms, signal) => clock.sleep(ms, signal),
});
