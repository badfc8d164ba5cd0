import type { Driver, GpsReading, LoraRadio, LoraReading } from "@earshot/drivers";
import { type Clock, hotspotId, hotspotName, type Log, type Random, type Signer } from "@earshot/protocol";
import { Beaconer } from "./beacon/beaconer.ts";
import { EntropyTracker } from "./beacon/entropy-tracker.ts";
import type { ForwarderFacts } from "./board/facts.ts";
import { StatusBoard } from "./board/status-board.ts";
import type { AgentConfig } from "./config/agent-config.ts";
import type { CoreContext } from "./core-context.ts";
import type { OpenDevice } from "./devices/open-device.ts";
import { supervise } from "./devices/supervise.ts";
import type { Outbox } from "./outbox/outbox.ts";
import type { OpenPublisher } from "./publisher/publisher.ts";
import { Inbox } from "./session/inbox.ts";
import { keepSession } from "./session/session.ts";
import { gnssOf } from "./status/gnss.ts";
import { GpsSummary } from "./status/gps-summary.ts";
import { reportStatus } from "./status/status-reporter.ts";
import { Wakeup } from "./time/wakeup.ts";
import { wholeMs } from "./time/whole-ms.ts";
import { Witnesser } from "./witness/witnesser.ts";

/** A radio; one behind packet forwarders may also tell which of them it sees. */
export type AgentRadio = LoraRadio & { forwarderFacts?(): ForwarderFacts[] };

/** Everything the agent touches is passed in, so that one process can run many, in real or in virtual time. */
export interface AgentDeps {
  config: AgentConfig;
  clock: Clock;
  random: Random;
  log: Log;
  signer: Signer;
  /** Stays the caller's: `runAgent` does not close it. */
  outbox: Outbox;
  openPublisher: OpenPublisher;
  openRadio: OpenDevice<AgentRadio>;
  /** Absent where the hotspot has no GPS. */
  openGps?: OpenDevice<Driver<GpsReading>>;
  /** Software version, at most 32 characters; part of every status packet. */
  version: string;
  /** What the status page reads; made by `runAgent` when absent. */
  board?: StatusBoard;
}

/** A receiver speaks each second: one that does not is stuck or unplugged without a word. */
const GPS_SILENCE_LIMIT_MS = 60_000;

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
  const { board, clock, config } = context;
  const connected = new Wakeup();
  let radio: AgentRadio | undefined;
  const gnss = () => gnssOf(board.gpsReading, clock.now());
  const beaconer = new Beaconer(context, () => radio, gnss);
  const witnesser = new Witnesser(context, gnss);
  const tracker = new EntropyTracker(config.network.name, config.network.publicKey);
  const inbox = new Inbox(context, tracker, (entropy) => beaconer.onEntropy(entropy));
  const runRadio = supervise<LoraReading, AgentRadio>(
    context,
    {
      board: "radio",
      open: deps.openRadio,
      onChange: (device) => {
        radio = device;
      },
      onReading: (reading) => takeRadioReading(board, witnesser, reading),
      probe: (device) => ({
        name: device.name,
        counts: () => device.counts(),
        ...(device.forwarderFacts === undefined ? {} : { forwarders: () => device.forwarderFacts?.() ?? [] }),
      }),
    },
    signal,
  );
  return [
    runRadio,
    ...gpsParts(deps, context, signal),
    keepSession(context, { openPublisher: deps.openPublisher, inbox, connected }, signal),
    beaconer.run(signal),
    reportStatus(context, gnss, connected, signal),
  ];
}

function coreContext(deps: AgentDeps): CoreContext {
  const { config, random, log, signer, outbox, version } = deps;
  const clock = wholeMs(deps.clock);
  const board = deps.board ?? new StatusBoard();
  const id = hotspotId(signer.publicKey);
  const startedAtMs = clock.now();
  board.begin(
    {
      startedAtMs,
      version,
      network: config.network.name,
      hotspot: { id, name: hotspotName(id) },
      hasGps: deps.openGps !== undefined,
    },
    () => outbox.state(),
  );
  const shared = { config, clock, random, log, signer, outbox, board, version, startedAtMs };
  return { ...shared, hotspotId: id, toPublish: new Wakeup() };
}

function takeRadioReading(board: StatusBoard, witnesser: Witnesser, reading: LoraReading): void {
  if (reading.kind === "radio") {
    board.radioStatus = reading;
    return;
  }
  board.framesHeard += 1;
  board.lastFrameAtMs = reading.atMs;
  // Not awaited: packets of frames heard together share one write. It never rejects.
  void witnesser.onFrame(reading);
}

function tellFix({ board, log }: CoreContext, { mode, satellitesUsed }: GpsReading): void {
  const hadFix = (board.gpsReading?.mode ?? 0) >= 2;
  if (mode >= 2 !== hadFix)
    log("info", hadFix ? "GPS lost its fix" : "GPS has a fix", { mode, satellitesUsed });
}

function gpsParts(deps: AgentDeps, context: CoreContext, signal: AbortSignal): Promise<void>[] {
  if (deps.openGps === undefined) return [];
  const summary = new GpsSummary(context);
  const run = supervise<GpsReading, Driver<GpsReading>>(
    context,
    {
      board: "gps",
      open: deps.openGps,
      onReading: (reading) => {
        tellFix(context, reading);
        context.board.gpsReading = reading;
        summary.add(reading);
      },
      probe: (device) => ({ name: device.name, counts: () => device.counts() }),
      silenceLimitMs: GPS_SILENCE_LIMIT_MS,
    },
    signal,
  );
  return [run, summary.run(signal)];
}
