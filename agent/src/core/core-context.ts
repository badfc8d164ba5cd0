import {
  type Clock,
  encodePacket,
  type Log,
  PacketFieldError,
  type PacketToSign,
  type PacketType,
  type Random,
  type Signer,
  sha256,
} from "@earshot/protocol/hotspot";
import type { StatusBoard } from "../board/status-board.ts";
import type { Outbox, OutboxEntry } from "../outbox/outbox.ts";
import type { Wakeup } from "../time/wakeup.ts";
import type { AgentConfig } from "./agent-config.ts";
import type { Concentrators } from "./concentrators.ts";
import type { HeldBeacons } from "./held-beacons.ts";
import type { NetworkClock } from "./network-clock.ts";
import type { OwnCommitments } from "./own-commitments.ts";
import type { PinnedKeys } from "./pinned-keys.ts";
import type { SentStatuses } from "./sent-statuses.ts";

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
  /** Which keys sign for the network. */
  keys: PinnedKeys;
  /** The file of its key is on another machine. */
  isKeyRemote: boolean;
  /** Decides whether a report may carry a concentrator's counter. */
  concentrators: Concentrators;
  sentStatuses: SentStatuses;
  /** The network's time. */
  networkClock: NetworkClock;
  /** What this hotspot's beacons are proven by. */
  commitments: OwnCommitments;
  /** Which beacon reports may not be sent yet. */
  held: HeldBeacons;
  /** Notified when the outbox has something new to publish. */
  toPublish: Wakeup;
}

/**
 * Encodes and signs a packet. One that cannot be encoded is noted on the board with the field that is wrong, until a
 * packet of its type can be made again.
 *
 * @throws {PacketFieldError}
 */
export function makePacket(context: CoreContext, packet: PacketToSign): Uint8Array {
  const { board, config, log, signer } = context;
  const { type } = packet;
  try {
    const bytes = encodePacket(packet, signer, config.network.name);
    board.unmade.delete(type);
    return bytes;
  } catch (error) {
    if (!(error instanceof PacketFieldError)) throw error;
    const { field, why } = error;
    // Logged once for each field: a faulty receiver spoils every packet.
    if (board.unmade.get(type)?.field !== field) log.error(`Cannot make ${type} packets`, { field, why });
    board.unmade.set(type, { type, field, why });
    board.losses.add(`unmade_${type}`);
    throw error;
  }
}

/**
 * Stores one packet and has it published. `undefined` when it cannot be made or stored (disk full, broken card): it is
 * lost, which the board shows, and the agent goes on.
 *
 * @param make with `makePacket`
 */
export async function storePacket(
  context: CoreContext,
  type: PacketType,
  make: (sequence: number) => Uint8Array,
): Promise<OutboxEntry | undefined> {
  const { outbox, board, log, toPublish } = context;
  try {
    const entry = await outbox.add(type, make);
    if (log.isDebug) {
      log.debug("Packet made", { packet: sha256(entry.bytes).toHex(), type, sequence: entry.sequence });
    }
    toPublish.notify();
    return entry;
  } catch (error) {
    if (error instanceof PacketFieldError) return undefined;
    board.losses.add("outbox_failed");
    log.error(`Lost a ${type} packet: the outbox could not take it`, { err: error });
    return undefined;
  }
}
