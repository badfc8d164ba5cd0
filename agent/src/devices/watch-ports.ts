import { pause } from "@earshot/protocol/runtime";
import type { CoreContext } from "../core/core-context.ts";
import { portUsers } from "./port-users.ts";

const PERIOD_MS = 60_000;

/** Looks each minute whether another program has opened one of our serial ports since, and notes it on the board. */
export async function watchPorts(
  { board, clock, log }: CoreContext,
  signal: AbortSignal,
  usersOf = portUsers,
): Promise<void> {
  while (await pause(clock, PERIOD_MS, signal)) {
    const ports = board.devices.ports();
    const users = await usersOf(ports.values());
    for (const [device, path] of ports) {
      const programs = users.get(path) ?? [];
      if (programs.length > 0 && board.devices.sharedWith(device).length === 0) {
        log.warn(`Another program reads the port of ${device}`, { path, programs });
      }
      board.devices.setSharedWith(device, programs);
    }
  }
}
