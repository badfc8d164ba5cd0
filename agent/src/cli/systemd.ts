import { execFile } from "node:child_process";
import type { Clock } from "@earshot/protocol/hotspot";
import { pause } from "@earshot/protocol/runtime";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reports to systemd that the agent is ready, and then, twice in each watchdog period, that its event loop still runs.
 * Through systemd's own `systemd-notify`: neither runtime can write to a Unix datagram socket (sd_notify(3)).
 */
export async function keepSystemdInformed(
  environment: Environment,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  if (environment.NOTIFY_SOCKET === undefined) return;
  notify("--ready", environment);
  const watchdogMs = Number(environment.WATCHDOG_USEC ?? 0) / 1000;
  if (!(watchdogMs > 0)) return;
  while (await pause(clock, watchdogMs / 2, signal)) notify("WATCHDOG=1", environment);
}

/** A failure changes nothing here: systemd notices the missing message by itself. */
function notify(message: string, env: Environment): void {
  execFile("systemd-notify", [message], { env }, () => {}).unref();
}
