import {
  type Clock,
  hotspotId,
  hotspotName,
  type Log,
  QUICKNET,
  type Random,
} from "@earshot/protocol/hotspot";
import { isOnNetwork, LinkedAbort } from "@earshot/protocol/runtime";
import { runAgent } from "../agent.ts";
import type { EntropyCheck } from "../beacon/entropy-tracker.ts";
import { StatusBoard } from "../board/status-board.ts";
import { exampleValues } from "../config/example-values.ts";
import { gpsOpener, machineOpener, radioOpener, radioSetup, sensorDevices } from "../devices/open-devices.ts";
import { trustedGpsTimeMs } from "../health/time-sources.ts";
import type { Outbox } from "../outbox/outbox.ts";
import { mqttPublisher } from "../publisher/mqtt-publisher.ts";
import type { Started } from "../start/start.ts";
import { folderId, untilFolderChanges } from "../start/state-folder.ts";

interface RunContext {
  clock: Clock;
  random: Random;
  log: Log;
  version: string;
}

/**
 * Runs the agent with the results of its start, until `signal` is aborted or its state folder is replaced: then it has
 * to be started again. Closes the outbox.
 *
 * @param onBoard called with the board when the agent runs, and with `undefined` when it has ended
 */
export async function runStarted(
  started: Started,
  context: RunContext,
  onBoard: (board: StatusBoard | undefined) => void,
  signal: AbortSignal,
): Promise<void> {
  const { config, signer, outbox } = started;
  const { clock, log } = context;
  const ended = new LinkedAbort(signal);
  const board = new StatusBoard();
  board.configWarnings = exampleValues(config);
  for (const { text, advice } of board.configWarnings) log.warn(`${text}. ${advice}`);
  const idNow = folderId(config.stateDir);
  try {
    const openGps = gpsOpener(config.gps, clock);
    const openMachine = machineOpener(config, clock);
    const openPublisher = mqttPublisher(config.broker, { clock, log: log.child({ component: "session" }) });
    const watching = untilFolderChanges(idNow, idNow(), clock, ended.signal).then((why) => {
      if (why !== undefined) log.error("The state folder is gone: starting again", { why });
      ended.end();
    });
    const running = runAgent(
      {
        ...context,
        ...{ config: config.core, signer, outbox, board, openPublisher },
        isKeyRemote: isOnNetwork(config.keyFile),
        ...(config.checkEntropy && { checkEntropy: await quicknetCheck(config.core.network.name) }),
        openRadio: radioOpener(config.lora, clock, log.child({ component: "radio" }), () =>
          trustedGpsTimeMs(board.snapshot(clock)),
        ),
        radioSetup: radioSetup(config.lora),
        sensors: sensorDevices(config.sensors, clock),
        ...(openGps === undefined ? {} : { openGps, gpsType: config.gps.type }),
        ...(openMachine === undefined ? {} : { openMachine }),
      },
      ended.signal,
    );
    onBoard(board);
    const id = hotspotId(signer.publicKey);
    log.info("Agent started", { name: hotspotName(id), hotspot: id });
    await running.finally(() => ended.end());
    await watching;
  } finally {
    ended.end();
    onBoard(undefined);
    closeOutbox(outbox, log.child({ component: "outbox" }));
  }
}

/** Loaded only where it is asked for. */
async function quicknetCheck(network: string): Promise<EntropyCheck> {
  const { drandCheck } = await import("../beacon/entropy-check.ts");
  return drandCheck(QUICKNET, network);
}

/** Its disk may be gone. */
function closeOutbox(outbox: Outbox, log: Log): void {
  try {
    outbox.close();
  } catch (error) {
    log.error("The outbox could not be closed: what waited in memory is lost", { err: error });
  }
}
