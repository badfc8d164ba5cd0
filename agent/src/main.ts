/** `earshot-agent`: the program on a hotspot. */

import { setTimeout } from "node:timers";
import { systemClock, systemOutput } from "@earshot/protocol/runtime";
import manifest from "../package.json" with { type: "json" };
import { main } from "./cli/main.ts";

/** Longer than any clean stop takes, shorter than what systemd and people wait for. */
const STOP_LIMIT_MS = 2500;
/** For what a library may have left open, and for the last lines to be written. */
const LINGER_LIMIT_MS = 300;

// Only commands print there, and there is nothing more for them to do; the agent itself logs to standard error.
const { out, err, logReader } = systemOutput((exitCode) => process.exit(exitCode));

const stop = new AbortController();
for (const name of ["SIGTERM", "SIGINT"] as const) {
  process.on(name, () => {
    if (stop.signal.aborted) process.exit(1);
    stop.abort();
    setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
  });
}

process.exitCode = await main(process.argv.slice(2), {
  clock: systemClock,
  random: Math.random,
  environment: process.env,
  version: manifest.version,
  out,
  error: err,
  logReader,
  isInteractive: process.stderr.isTTY === true && process.env.NOTIFY_SOCKET === undefined,
  signal: stop.signal,
});
setTimeout(() => process.exit(), LINGER_LIMIT_MS).unref();
