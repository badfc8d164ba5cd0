import {
  equalBytes,
  explainVerdict,
  type KeyCopySigns,
  type LowestVersions,
  MAX_RECEIPT_PACKETS,
  PACKET_VERSIONS,
  RATE_LIMITED,
  type Receipt,
  receiptMessage,
  type VerdictNotice,
  verdictMessage,
} from "@earshot/protocol/hotspot";
import type { OutdatedFacts, VerdictFacts } from "../board/agent-status.ts";
import type { RecentPacket } from "../board/recent-packets.ts";
import type { CoreContext } from "../core/core-context.ts";
import type { Numbering } from "../outbox/numbering.ts";

/**
 * Applies the gateway's verdicts: each is shown on the page, and its packet leaves the outbox. A packet that was refused
 * before it was stored is in no receipt; without this it would be sent again and again.
 *
 * @returns why the message was refused, if it was
 */
export function applyVerdicts(context: CoreContext, bytes: Uint8Array): string | undefined {
  const { board, clock, config, keys, log, outbox, signer } = context;
  const opened = verdictMessage.open(bytes, config.network.name, keys);
  if (!opened.ok) return opened.code;
  const { hotspot, parametersHash, verdicts } = opened.value;
  if (!equalBytes(hotspot, signer.publicKey)) return "other_hotspot";
  for (const notice of verdicts) {
    const packet = board.packets.find(notice.packetId.toHex());
    if (notice.reason === RATE_LIMITED) {
      postpone(context, notice, packet);
      continue;
    }
    if (notice.outcome === "refused") {
      log.debug("The network refused a packet", { packet: notice.packetId.toHex(), reason: notice.reason });
    }
    // What it paid or might have paid is confirmed by it as by a receipt.
    const confirmation = notice.outcome === "refused" ? undefined : bytes;
    if (packet !== undefined) outbox.remove(packet.sequence, notice.packetId, confirmation);
    board.addVerdict(
      { ...verdictFacts(notice, packet), parametersHash: parametersHash.toHex() },
      clock.elapsedMs(),
    );
  }
  return undefined;
}

function postpone({ log, outbox }: CoreContext, { packetId }: VerdictNotice, packet?: RecentPacket): void {
  if (packet === undefined || !outbox.postpone(packet.sequence, packetId)) return;
  log.warn("The network takes fewer packets than this hotspot sends; one goes again later", {
    packet: packetId.toHex(),
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

/** A packet acknowledged so long before the answered status was published should be in its receipt. */
const graceMs = (statusPeriodMs: number): number => Math.min(30_000, statusPeriodMs / 2);

/**
 * Applies a receipt: packets that the gateway has stored leave the outbox, missing ones are published again.
 *
 * @returns why the message was refused, if it was
 */
export function applyReceipt(context: CoreContext, bytes: Uint8Array): string | undefined {
  const { commitments, config, keys, outbox, sentStatuses, signer, toPublish } = context;
  const opened = receiptMessage.open(bytes, config.network.name, keys);
  if (!opened.ok) return opened.code;
  const { hotspot, answers, stored, used, gateway, lowest, copies } = opened.value;
  if (!equalBytes(hotspot, signer.publicKey)) return "other_hotspot";
  const publishedMs = sentStatuses.answered(answers.toHex());
  // It answers a status of an earlier session; the next receipt lists the same packets.
  if (publishedMs === undefined) return undefined;
  commitments.confirm(opened.value.commitments);
  for (const { sequence, packetId } of stored) outbox.remove(sequence, packetId, bytes);
  // A full receipt is followed by another with the rest.
  if (stored.length < MAX_RECEIPT_PACKETS) outbox.requeue(publishedMs - graceMs(config.statusPeriodMs));
  reportNumbering(context, outbox.skipUsed(used));
  noteVersions(context, gateway, lowest);
  noteCopies(context, copies);
  toPublish.notify();
  return undefined;
}

/** Logged once, and again after the network has called it over. */
function noteCopies({ board, log }: CoreContext, copies: KeyCopySigns | null): void {
  const isNew = copies !== null && board.keyCopies === undefined;
  board.keyCopies = copies ?? undefined;
  if (isNew) log.error("Another agent signs with this hotspot's key", { ...copies });
}

/** What the gateway is, and which of this agent's reports the network does not take. */
function noteVersions(
  { board, log }: CoreContext,
  gateway: Receipt["gateway"],
  lowest: LowestVersions | null,
): void {
  board.gateway = gateway ?? undefined;
  const before = board.outdated;
  board.outdated = lowest === null ? undefined : outdatedBy(lowest);
  const { outdated } = board;
  if (outdated === undefined || before?.fromEpoch === outdated.fromEpoch) return;
  log.error("The network does not take reports of this agent from an epoch on: update it", { ...outdated });
}

function outdatedBy({ fromEpoch, fromMs, ...needed }: LowestVersions): OutdatedFacts | undefined {
  const reports = (["beacon", "witness"] as const)
    .map((type) => ({ type, version: PACKET_VERSIONS[type], needed: needed[type] }))
    .filter((report) => report.version < report.needed);
  return reports.length === 0 ? undefined : { fromEpoch, fromMs, reports };
}

/** The network has packets of this hotspot with numbers that were not used here. */
function reportNumbering({ board, clock, log }: CoreContext, numbering: Numbering): void {
  if (numbering.state === "kept") return;
  const { from, target } = numbering;
  const to = numbering.state === "moved" ? numbering.to : undefined;
  board.setNumbering({ from, target, ...(to === undefined ? {} : { to }) }, clock.elapsedMs());
  if (to === undefined)
    log.error("The network has packet numbers of this hotspot too high to go on after", { from, target });
  else
    log.warn(
      "The network has packets of this hotspot that it did not make here; numbering goes on after them",
      { from, to, target },
    );
}
