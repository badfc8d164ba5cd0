import type { Gnss } from "@earshot/protocol/hotspot";
import { type CoreContext, storePacket } from "../core-context.ts";
import { pauseOrWake } from "../time/pause.ts";
import type { Wakeup } from "../time/wakeup.ts";
import { statusPacket } from "./status-packet.ts";

/** One status packet each period of a session with the broker, the first as soon as it begins: an old one tells nobody anything. */
export async function reportStatus(
  context: CoreContext,
  gnss: () => Gnss | null,
  connected: Wakeup,
  signal: AbortSignal,
): Promise<void> {
  const { board, clock, config } = context;
  await connected.wait(signal);
  while (!signal.aborted) {
    if (board.links.get("broker").state === "ok") {
      await storePacket(context, "status", (sequence) => statusPacket(context, sequence, "online", gnss()));
    }
    await pauseOrWake(clock, config.statusPeriodMs, connected, signal);
  }
}
