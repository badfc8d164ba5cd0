import { explainVerdict, type VerdictNotice, verdictMessage } from "@earshot/protocol";
import type { VerdictFacts } from "../board/facts.ts";
import type { RecentPacket } from "../board/recent-packets.ts";
import type { CoreContext } from "../core-context.ts";

/**
 * The gateway's answers to our packets: kept for the page. A packet that has one is done with, above all one that was
 * refused unseen: no receipt will ever name it, and it would be sent again and again.
 * Returns why the message was refused, if it was.
 */
export function takeVerdicts(
  { board, clock, config, outbox }: CoreContext,
  bytes: Uint8Array,
): string | undefined {
  const opened = verdictMessage.open(bytes, config.network.name, config.network.publicKey);
  if (!opened.ok) return opened.code;
  for (const notice of opened.value.verdicts) {
    const packet = board.packets.find(notice.packetId.toHex());
    if (packet !== undefined) outbox.confirm([{ first: packet.sequence, last: packet.sequence }], 0);
    board.addVerdict({
      ...verdictFacts(notice, packet, clock.now()),
      parametersHash: opened.value.parametersHash.toHex(),
    });
  }
  return undefined;
}

function verdictFacts(
  notice: VerdictNotice,
  packet: RecentPacket | undefined,
  receivedAtMs: number,
): Omit<VerdictFacts, "parametersHash"> {
  const { packetId, outcome, reason, measurements } = notice;
  const about = packet?.type === "beacon" || packet?.type === "witness" ? { type: packet.type } : {};
  return {
    receivedAtMs,
    packetId: packetId.toHex(),
    ...(packet === undefined ? {} : { type: packet.type, packetAtMs: packet.madeAtMs }),
    outcome,
    reason,
    measurements,
    sentence: explainVerdict({ ...about, reason, measurements }),
  };
}
