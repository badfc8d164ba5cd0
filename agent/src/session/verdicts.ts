import {
  equalBytes,
  explainVerdict,
  RATE_LIMITED,
  type VerdictNotice,
  verdictMessage,
} from "@earshot/protocol/hotspot";
import type { VerdictFacts } from "../board/facts.ts";
import type { RecentPacket } from "../board/recent-packets.ts";
import type { CoreContext } from "../core-context.ts";

/**
 * The gateway's answers to our packets: kept for the page. A packet that has one is done with, above all one that was
 * refused unseen: no receipt will ever name it, and it would be sent again and again. Returns why the message was
 * refused, if it was.
 */
export function takeVerdicts(context: CoreContext, bytes: Uint8Array): string | undefined {
  const { board, clock, config, outbox, signer } = context;
  const opened = verdictMessage.open(bytes, config.network.name, config.network.publicKey);
  if (!opened.ok) return opened.code;
  const { hotspot, parametersHash, verdicts } = opened.value;
  if (!equalBytes(hotspot, signer.publicKey)) return "other_hotspot";
  for (const notice of verdicts) {
    const packet = board.packets.find(notice.packetId.toHex());
    if (notice.reason === RATE_LIMITED) {
      postpone(context, notice, packet);
      continue;
    }
    if (packet !== undefined) outbox.forget(packet.sequence, notice.packetId);
    board.addVerdict(
      { ...verdictFacts(notice, packet), parametersHash: parametersHash.toHex() },
      clock.elapsedMs(),
    );
  }
  return undefined;
}

function postpone({ log, outbox }: CoreContext, { packetId }: VerdictNotice, packet?: RecentPacket): void {
  if (packet === undefined || !outbox.postpone(packet.sequence, packetId)) return;
  log("warn", "The network takes fewer packets than this hotspot sends; one goes again later", {
    type: packet.type,
    sequence: packet.sequence,
  });
}

function verdictFacts(
  notice: VerdictNotice,
  packet: RecentPacket | undefined,
): Omit<VerdictFacts, "parametersHash" | "receivedAtMs"> {
  const { packetId, outcome, reason, measurements } = notice;
  const about = packet?.type === "beacon" || packet?.type === "witness" ? { type: packet.type } : {};
  return {
    packetId: packetId.toHex(),
    ...(packet === undefined ? {} : { type: packet.type }),
    outcome,
    reason,
    measurements,
    sentence: explainVerdict({ ...about, reason, measurements }),
  };
}
