/** `bun run demo …` and `bun run simulator fleet …`. */
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type Clock, type Log, silentLog } from "@earshot/protocol";
import { errorText, ProgramLog, systemClock, systemOutput } from "@earshot/protocol/runtime";
import manifest from "../package.json" with { type: "json" };
import { ConsoleObserver, type Terminal } from "./cli/console.ts";
import { parseOptions, type RunOptions, USAGE } from "./cli/options.ts";
import { openStateFolder } from "./cli/state-folder.ts";
import { DEMO_PARAMETERS } from "./fleet/demo-network.ts";
import type { FleetRun } from "./fleet/fleet-run.ts";
import { runRealFleet } from "./fleet/real-fleet.ts";
import { runVirtualFleet } from "./fleet/virtual-fleet.ts";
import type { EpochResult } from "./report/epoch-result.ts";
import { summarize } from "./report/summary.ts";

/** How long a clean stop may take before the process exits anyway. */
const STOP_LIMIT_MS = 2500;
const EPOCH_MS = DEMO_PARAMETERS.epochPeriods * DEMO_PARAMETERS.entropyPeriodMs;

const stop = new AbortController();
let exitCodeWhenLost: number | undefined;
const terminal: Terminal = {
  ...systemOutput((exitCode) => {
    exitCodeWhenLost = exitCode;
    process.exitCode = exitCode;
    // As after a signal: the state folder is removed.
    stopSoon();
  }),
  isLive: process.stderr.isTTY,
};

const exitCode = await main(process.argv.slice(2));
process.exitCode = exitCodeWhenLost ?? exitCode;

async function main(args: string[]): Promise<number> {
  const parsed = parseOptions(args);
  if (!parsed.ok) {
    terminal.err(`${parsed.problem}\n\n${USAGE}`);
    return 2;
  }
  if (parsed.shown !== undefined) {
    terminal.out(parsed.shown === "help" ? USAGE : `simulator ${manifest.version}\n`);
    return 0;
  }
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, stopSoon);
  try {
    return await runFleet(parsed.options, stop.signal);
  } catch (error) {
    terminal.err(`${errorText(error)}\n`);
    return 1;
  }
}

function stopSoon(): void {
  stop.abort(new Error("Stopped by a signal"));
  setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
}

async function runFleet(options: RunOptions, signal: AbortSignal): Promise<number> {
  const { hotspots, epochs, city, isVirtual } = options;
  const opened = openStateFolder(options.stateDir, options.seed, Math.floor(Math.random() * 2 ** 32));
  if (!opened.ok) {
    terminal.err(`${opened.problem}\n`);
    return 2;
  }
  const { path: stateDir, seed, release } = opened.folder;
  const kept = options.stateDir === undefined ? "removed at the end; --state DIR keeps it" : "kept";
  terminal.out(`${hotspots} hotspots around ${city.name} (${city.region}), seed ${seed}\n`);
  if (!isVirtual) terminal.out(`State in ${stateDir} (${kept})\n`);
  const observer = new ConsoleObserver(terminal, EPOCH_MS);
  const run = { hotspots, seed, city, stateDir, ...(epochs === undefined ? {} : { epochs }) };
  try {
    const results = isVirtual
      ? await runVirtualFleet({ ...run, epochs: epochs ?? 1 }, observer, silentLog, signal)
      : await runReal(run, options, observer, signal);
    observer.end();
    return conclude(options, results);
  } finally {
    release();
  }
}

async function runReal(
  run: FleetRun,
  { httpPort, mqttPort }: RunOptions,
  observer: ConsoleObserver,
  signal: AbortSignal,
): Promise<EpochResult[]> {
  const { log, close } = openLogFile(join(run.stateDir, "fleet.log"), systemClock);
  try {
    return await runRealFleet({ ...run, httpPort, mqttPort }, observer, { clock: systemClock, log }, signal);
  } finally {
    await close();
  }
}

/** With `--epochs` the last line is the summary; a bundle that cannot be verified makes the run fail. */
function conclude({ epochs, hotspots }: RunOptions, results: readonly EpochResult[]): number {
  const isVerified = results.every(
    ({ epoch, recomputedRoot, difference }) =>
      difference === undefined && recomputedRoot === `0x${epoch.root.toHex()}`,
  );
  if (results.length < (epochs ?? Number.POSITIVE_INFINITY)) {
    terminal.out(`Stopped after ${results.length} epochs\n`);
    return isVerified ? (epochs === undefined ? 0 : 130) : 1;
  }
  terminal.out(`${JSON.stringify(summarize(hotspots, results))}\n`);
  return isVerified ? 0 : 1;
}

/** What gateway and agents log, as JSON lines; debug messages are left out. */
function openLogFile(path: string, clock: Clock): { log: Log; close(): Promise<void> } {
  const file = openSync(path, "a");
  let isOpen = true;
  const stop = new AbortController();
  const programLog = new ProgramLog({
    clock,
    reader: "program",
    write: (text) => void (isOpen && writeSync(file, text)),
  });
  const running = programLog.run(stop.signal);
  return {
    log: programLog.log,
    async close() {
      stop.abort();
      await running;
      isOpen = false;
      closeSync(file);
    },
  };
}
