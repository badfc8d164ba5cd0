import type { RadioStatus } from "@earshot/drivers";
import { encodePacket, type Gnss, type RadioSummary, type StatusPacket } from "@earshot/protocol";
import type { CoreContext } from "../core-context.ts";

/** The agent's state as a signed packet. The offline one, number 0, is what the broker publishes as last will. */
export function statusPacket(
  context: CoreContext,
  sequence: number,
  state: StatusPacket["state"],
  gnss: Gnss | null,
): Uint8Array {
  const { config, clock, signer, version, startedAtMs, outbox, board } = context;
  const atMs = clock.now();
  const { queued, dropped } = outbox.state();
  const packet: StatusPacket = {
    type: "status",
    sequence,
    atMs,
    state,
    uptimeS: Math.max(0, Math.floor((atMs - startedAtMs) / 1000)),
    version,
    radio: radioSummary(board.radioStatus),
    gnss,
    outboxQueued: queued,
    outboxDropped: dropped,
    assertion: config.hotspot,
    machine: null,
  };
  return encodePacket(packet, signer, config.network.name);
}

const UINT32 = 2 ** 32;

/** Counters wrap where a packet's fields end. */
function radioSummary(status: RadioStatus | undefined): RadioSummary | null {
  if (status === undefined) return null;
  const { rxOk, rxBad, transmitted, ackPercent, temperatureC, channels, spreadingFactors } = status;
  return {
    rxOk: rxOk % UINT32,
    rxBad: rxBad % UINT32,
    transmitted: transmitted % UINT32,
    ackPermille: scaled(ackPercent, 10, 0, 1000),
    temperatureDc: scaled(temperatureC, 10, -1000, 2000),
    channels: scaled(channels, 1, 0, 255),
    spreadingFactors: scaled(spreadingFactors, 1, 0, 255),
  };
}

/** `value` times `factor`, whole, or null when it is not known or cannot be. */
function scaled(value: number | undefined, factor: number, min: number, max: number): number | null {
  const whole = Math.round((value ?? Number.NaN) * factor) + 0;
  return whole >= min && whole <= max ? whole : null;
}
