import type { LoraReading, OpenRadio } from "@earshot/drivers";
import type { ForwarderFacts } from "../board/agent-status.ts";
import type { CoreContext } from "../core/core-context.ts";
import type { Witnesser } from "../witness/witnesser.ts";
import { HearingWatch } from "./hearing-watch.ts";
import type { OpenDevice } from "./supervise.ts";
import { supervise } from "./supervise.ts";

/** A radio; one behind packet forwarders may also list them. */
export type AgentRadio = OpenRadio & {
  forwarderFacts?(): ForwarderFacts[];
  /** Why beacons sent with it would prove nothing, in a sentence; they are not sent then. */
  cannotBeacon?: string;
  /** Path of its serial port. */
  port?: string;
};

export interface RadioUse {
  open: OpenDevice<AgentRadio>;
  /** The radio that is open now, or `undefined`. */
  onChange(radio: AgentRadio | undefined): void;
  witnesser: Witnesser;
}

/** Keeps the radio open and passes on what it hears. */
export function runRadio(
  context: CoreContext,
  { open, onChange, witnesser }: RadioUse,
  signal: AbortSignal,
): Promise<void> {
  const hearing = new HearingWatch(context.outbox);
  return supervise<LoraReading, AgentRadio>(
    context,
    {
      key: "radio",
      open,
      onChange,
      // A modem sends a status once it listens; behind a socket there may be nobody yet.
      sendsUnasked: (radio) => radio.forwarderFacts === undefined,
      onReading: (reading, elapsedMs) => takeReading(context, { witnesser, hearing }, reading, elapsedMs),
      probe: (radio) => ({
        name: radio.name,
        counts: () => radio.counts(),
        ...(radio.port === undefined ? {} : { port: radio.port }),
        ...(radio.cannotBeacon === undefined ? {} : { cannotBeacon: radio.cannotBeacon }),
        ...(radio.cautions === undefined ? {} : { cautions: () => radio.cautions?.() ?? [] }),
        ...(radio.lastRefusal === undefined ? {} : { lastRefusal: () => radio.lastRefusal?.() }),
        ...(radio.forwarderFacts === undefined ? {} : { forwarders: () => radio.forwarderFacts?.() ?? [] }),
      }),
    },
    signal,
  );
}

function takeReading(
  { board, concentrators }: CoreContext,
  { witnesser, hearing }: { witnesser: Witnesser; hearing: HearingWatch },
  reading: LoraReading,
  elapsedMs: number,
): void {
  concentrators.heardFrom(reading.gatewayEui, elapsedMs);
  if (reading.kind === "radio") {
    board.radio.addStatus(reading, elapsedMs, hearing.observe(reading, elapsedMs));
    return;
  }
  board.radio.addFrame(reading, elapsedMs);
  // Not awaited: packets of frames heard together share one write. It never rejects.
  void witnesser.onFrame(reading, elapsedMs);
}
