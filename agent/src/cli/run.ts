import { hotspotId } from "@earshot/protocol/hotspot";
import { KeyError, ProgramLog } from "@earshot/protocol/runtime";
import { ConfigError, type Environment } from "@earshot/protocol/runtime/config";
import { StartBoard } from "../board/start-board.ts";
import type { StatusBoard } from "../board/status-board.ts";
import type { Config } from "../config/config.ts";
import { DEFAULT_PAGE, loadConfig, logOfEnvironment, pageOfBroken } from "../config/load.ts";
import { assessStart } from "../health/assess.ts";
import { sqliteOutbox } from "../outbox/sqlite-outbox.ts";
import { boardSource, type PageSource } from "../page/app.ts";
import { PageKeeper } from "../page/page-keeper.ts";
import { type PageOptions, servePage } from "../page/serve.ts";
import { hotspotKey } from "../start/hotspot-key.ts";
import { type StartSteps, untilStarted } from "../start/start.ts";
import { prepareStateFolder } from "../start/state-folder.ts";
import type { ExitCode, Terminal } from "../terminal.ts";
import { runStarted } from "./run-started.ts";
import { keepSystemdInformed } from "./systemd.ts";

/**
 * Runs the agent until it is stopped. The page is served first and shows what keeps the agent from running; all of that
 * is tried again until it works.
 *
 * @throws {ConfigError} at a terminal only, where a person can correct it
 */
export async function run(configFile: string, terminal: Terminal): Promise<ExitCode> {
  const { clock, random, version, environment, signal } = terminal;
  if (terminal.isInteractive) loadConfig(configFile, environment);
  const programLog = new ProgramLog({ clock, reader: terminal.logReader, write: terminal.error });
  programLog.configure(logOfEnvironment(environment));
  const { log } = programLog;
  const context = { clock, random, log, version };
  const board = new StartBoard(clock, { version, configFile });
  const starting: PageSource = () => {
    const status = board.snapshot();
    return { ...status, ...assessStart(status) };
  };
  let source = starting;
  const page = new PageKeeper((options) => servePage(() => source(), options, clock), {
    ...context,
    log: log.child({ component: "page" }),
  });
  let isReady = false;
  let shown = DEFAULT_PAGE;
  /** Without an argument the page stays where it is. */
  const showPage = async (wanted: PageOptions | "off" = shown ?? "off") => {
    shown = wanted === "off" ? undefined : wanted;
    await page.serveAt(shown);
    if (!isReady) void keepSystemdInformed(environment, clock, signal);
    isReady = true;
  };
  const warned = new Set<string>();
  const warn = (message: string) => {
    if (!warned.has(message)) log.warn(message);
    warned.add(message);
  };
  const steps: StartSteps = {
    readConfig: async () => {
      const config = await loading(configFile, environment, warn, showPage);
      programLog.configure(config.log);
      await showPage(config.page ?? "off");
      return config;
    },
    prepareFolder: ({ stateDir }) => prepareStateFolder(stateDir),
    openKey: keyOpener(),
    openOutbox: ({ stateDir, outbox }) =>
      sqliteOutbox({ stateDir, clock, log: log.child({ component: "outbox" }), ...outbox }),
  };
  const background = [page.run(signal), programLog.run(signal)];
  for (;;) {
    const started = await untilStarted(
      steps,
      { ...context, log: log.child({ component: "start" }), board },
      signal,
    );
    if (started === undefined) break;
    programLog.identify({ hotspot: hotspotId(started.signer.publicKey) });
    const onBoard = (running: StatusBoard | undefined) => {
      source = running === undefined ? starting : boardSource(running, clock);
    };
    await runStarted(started, context, onBoard, signal);
  }
  await Promise.all(background);
  log.info("Agent stopped");
  return 0;
}

type ShowPage = (wanted?: PageOptions | "off") => Promise<void>;

/** Also moves the page to its configured address, even when nothing else of the configuration can be used. */
async function loading(
  configFile: string,
  environment: Environment,
  warn: (message: string) => void,
  showPage: ShowPage,
): Promise<Config> {
  try {
    return loadConfig(configFile, environment, warn);
  } catch (error) {
    if (error instanceof ConfigError) await showPage(pageOfBroken(configFile, environment));
    throw error;
  }
}

/** Makes a key only while this process has had none: later, an empty folder means that the disk is missing. */
function keyOpener(): StartSteps["openKey"] {
  let hadKey = false;
  return (config) => {
    const key = hotspotKey(config);
    const signer = hadKey ? key.openExisting() : key.open();
    if (signer === undefined) {
      throw new KeyError(
        `${config.keyFile} is not there any more: is its disk mounted? For a new key restart the agent`,
      );
    }
    hadKey = true;
    return signer;
  };
}
