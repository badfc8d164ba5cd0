import type { LossReason } from "@earshot/protocol/hotspot";

/** What a TX_ACK, a modem or the driver itself answers, and how it is counted (`TransmitResult.error`). */
const BY_ERROR: Readonly<Record<string, LossReason>> = {
  TX_FREQ: "beacon_tx_freq",
  TX_POWER: "beacon_tx_power",
  TOO_LATE: "beacon_late",
  TOO_EARLY: "beacon_early",
  QUEUE_FULL: "beacon_collision",
  GPS_UNLOCKED: "beacon_gps",
  NO_ACK: "beacon_unanswered",
  NO_FORWARDER: "beacon_no_forwarder",
  NO_RADIO: "beacon_no_radio",
  NOT_READY: "beacon_no_radio",
  CLOSED: "beacon_no_radio",
};

/** Whether it is a name, as radios answer, and not a sentence of the agent's own. */
export const isCode = (error: string): boolean => /^[A-Z_]+$/.test(error);

export function transmitLoss(error: string): LossReason {
  if (error.startsWith("COLLISION")) return "beacon_collision";
  // What `ConcentratorPowers` says of a concentrator that has no power so low.
  if (error.includes("tx_lut")) return "beacon_tx_power";
  return BY_ERROR[error] ?? "beacon_failed";
}
