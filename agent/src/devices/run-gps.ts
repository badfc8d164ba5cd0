import type { GpsReading, OpenReceiver } from "@earshot/drivers";
import { OutageLog } from "@earshot/protocol/runtime";
import type { CoreContext } from "../core/core-context.ts";
import type { ReadingSummary } from "../reports/reading-packets.ts";
import type { OpenDevice } from "./supervise.ts";
import { supervise } from "./supervise.ts";

/** A GNSS receiver. */
export type AgentGps = OpenReceiver & {
  /** Path of its serial port. */
  port?: string;
};

/** A receiver sends each second: one that does not is stuck, or was unplugged without an error. */
const SILENCE_LIMIT_MS = 60_000;
const MAX_LAG_MS = 2000;

/** Keeps the receiver open and reads it; sky and signal are summed up, for they depend on the antenna. */
export function runGps(
  context: CoreContext,
  open: OpenDevice<AgentGps>,
  summary: ReadingSummary,
  signal: AbortSignal,
): Promise<void> {
  const fixes = new OutageLog("the GPS fix", context.clock, context.log);
  let hasFix = false;
  const tellFix = ({ mode, satellitesUsed }: GpsReading) => {
    if (mode >= 2) fixes.up("info", "GPS has a fix", { mode, satellitesUsed });
    else if (hasFix) fixes.down("info", "GPS lost its fix", { mode, satellitesUsed });
    hasFix = mode >= 2;
  };
  return supervise<GpsReading, AgentGps>(
    context,
    {
      key: "gps",
      open,
      onReading: (reading, elapsedMs) => {
        tellFix(reading);
        // An epoch is reported when the next one begins. A clock that stepped in between must not make it any older.
        const lagMs = Math.min(Math.max(0, context.clock.now() - reading.atMs), MAX_LAG_MS);
        context.board.addGps(reading, elapsedMs - lagMs);
        const { satellitesUsed, satellites } = reading;
        if (satellitesUsed !== undefined) summary.add("satellites_used", satellitesUsed);
        for (const { cn0DbHz } of satellites) if (cn0DbHz !== undefined) summary.add("cn0_db_hz", cn0DbHz);
      },
      probe: (gps) => ({
        name: gps.name,
        counts: () => gps.counts(),
        ...(gps.port === undefined ? {} : { port: gps.port }),
        ...(gps.cautions === undefined ? {} : { cautions: () => gps.cautions?.() ?? [] }),
        ...(gps.hint === undefined ? {} : { hint: () => gps.hint?.() }),
      }),
      silenceLimitMs: SILENCE_LIMIT_MS,
    },
    signal,
  );
}
