import { hotspotId, hotspotName, type Log } from "@earshot/protocol/hotspot";
import { runAgent } from "../agent.ts";
import { StatusBoard } from "../board/status-board.ts";
import type { Config } from "../config/config.ts";
import { gpsOpener } from "../devices/open-gps.ts";
import { machineOpener } from "../devices/open-machine.ts";
import { radioOpener } from "../devices/open-radio.ts";
import { sensorDevices } from "../devices/open-sensor.ts";
import { trustedGpsTimeMs } from "../health/time-witnesses.ts";
import { keyFile } from "../identity/key-file.ts";
import { sqliteOutbox } from "../outbox/sqlite-outbox.ts";
import { type RunningPage, servePage } from "../page/serve.ts";
import { mqttPublisher } from "../publisher/mqtt-publisher.ts";
import { errorText } from "../time/error-text.ts";
import { brokerOptions } from "./broker-options.ts";
import { LimitedLog } from "./limited-log.ts";
import { lineLog } from "./log.ts";
import { keepSystemdInformed } from "./systemd.ts";
import type { ExitCode, Terminal } from "./terminal.ts";

/** Runs the agent until it is told to stop. */
export async function run(config: Config, terminal: Terminal): Promise<ExitCode> {
  const { clock, random, version, signal } = terminal;
  const limited = new LimitedLog(lineLog(config.logLevel, terminal.error), clock);
  const { log } = limited;
  const signer = keyFile(config.keyFile).open();
  const id = hotspotId(signer.publicKey);
  const outbox = sqliteOutbox({ stateDir: config.stateDir, clock, log, ...config.outbox });
  const board = new StatusBoard();
  const openGps = gpsOpener(config.gps, clock);
  const openMachine = machineOpener(config, clock);
  let page: RunningPage | undefined;
  try {
    const running = runAgent(
      {
        config: config.core,
        clock,
        random,
        log,
        signer,
        outbox,
        board,
        version,
        openPublisher: mqttPublisher(brokerOptions(config.broker)),
        openRadio: radioOpener(config.lora, clock, log, () => trustedGpsTimeMs(board.snapshot(clock))),
        sensors: sensorDevices(config.sensors, clock),
        ...(openGps === undefined ? {} : { openGps, gpsType: config.gps.type }),
        ...(openMachine === undefined ? {} : { openMachine }),
      },
      signal,
    );
    // Thrown below, also when it ends while the page is being opened.
    running.catch(() => {});
    page = await startPage(config, board, terminal, log);
    log("info", "Agent started", {
      name: hotspotName(id),
      id,
      ...(page === undefined ? {} : { page: page.url }),
    });
    void limited.run(signal);
    void keepSystemdInformed(terminal.environment, clock, signal);
    await running;
    log("info", "Agent stopped");
    return 0;
  } finally {
    outbox.close();
    await page?.stop();
  }
}

/** The agent earns without its page: a port in use is told, not fatal. */
async function startPage(
  { page }: Config,
  board: StatusBoard,
  { clock }: Terminal,
  log: Log,
): Promise<RunningPage | undefined> {
  if (page === undefined) return undefined;
  try {
    return await servePage(board, page, clock);
  } catch (error) {
    log("error", "No status page: set [page] listen to a free address", { why: errorText(error) });
    return undefined;
  }
}
