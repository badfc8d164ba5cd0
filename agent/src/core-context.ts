import type { Clock, Log, PacketType, Random, Signer } from "@earshot/protocol/hotspot";
import type { StatusBoard } from "./board/status-board.ts";
import type { AgentConfig } from "./config/agent-config.ts";
import type { Outbox, OutboxEntry } from "./outbox/outbox.ts";
import type { SentStatuses } from "./session/sent-statuses.ts";
import { errorText } from "./time/error-text.ts";
import type { Wakeup } from "./time/wakeup.ts";
import type { Concentrators } from "./witness/concentrators.ts";

/** What the parts of one running agent share. */
export interface CoreContext {
  config: AgentConfig;
  clock: Clock;
  random: Random;
  log: Log;
  signer: Signer;
  outbox: Outbox;
  board: StatusBoard;
  version: string;
  /** By the monotonic clock. */
  startedElapsedMs: number;
  hotspotId: string;
  /** Whose counters the reports may tell. */
  concentrators: Concentrators;
  sentStatuses: SentStatuses;
  /** Told when the outbox has something new to publish. */
  toPublish: Wakeup;
}

/**
 * Signs and stores one packet and has it published. Where the outbox cannot take it (disk full, broken card), the
 * packet is lost, the board says so, and the agent goes on: `undefined`.
 */
export async function storePacket(
  context: CoreContext,
  type: PacketType,
  madeAtMs: number,
  make: (sequence: number) => Uint8Array,
): Promise<OutboxEntry | undefined> {
  const { outbox, board, log, toPublish } = context;
  try {
    const entry = await outbox.add(type, madeAtMs, make);
    board.outboxProblem = undefined;
    toPublish.notify();
    return entry;
  } catch (error) {
    if (error instanceof RangeError) {
      log("error", `Cannot make a ${type} packet; is the clock set?`, { why: error.message });
      return undefined;
    }
    board.outboxProblem = errorText(error);
    log("error", `Lost a ${type} packet: the outbox could not take it`, { why: errorText(error) });
    return undefined;
  }
}
