import { equalBytes, MAX_RECEIPT_PACKETS, receiptMessage } from "@earshot/protocol/hotspot";
import type { CoreContext } from "../core-context.ts";
import type { Numbering } from "../outbox/numbering.ts";

/** Packets acknowledged this long before the answered status was published should be in its receipt. */
const graceMs = (statusPeriodMs: number): number => Math.min(30_000, statusPeriodMs / 2);

/** The gateway says what it has: the outbox forgets that. Returns why the message was refused, if it was. */
export function takeReceipt(context: CoreContext, bytes: Uint8Array): string | undefined {
  const { config, outbox, sentStatuses, signer, toPublish } = context;
  const opened = receiptMessage.open(bytes, config.network.name, config.network.publicKey);
  if (!opened.ok) return opened.code;
  const { hotspot, answers, stored, used } = opened.value;
  if (!equalBytes(hotspot, signer.publicKey)) return "other_hotspot";
  const publishedMs = sentStatuses.answered(answers.toHex());
  // One that waited at the broker for this session; what it tells comes again.
  if (publishedMs === undefined) return undefined;
  for (const { sequence, packetId } of stored) outbox.forget(sequence, packetId);
  // A full one is followed by another, which tells the rest.
  if (stored.length < MAX_RECEIPT_PACKETS) outbox.queueAgain(publishedMs - graceMs(config.statusPeriodMs));
  tellNumbering(context, outbox.avoid(used));
  toPublish.notify();
  return undefined;
}

/** Somebody has used numbers of this hotspot that this outbox did not give. */
function tellNumbering({ board, clock, log }: CoreContext, numbering: Numbering): void {
  if (numbering.state === "kept") return;
  const { from, target } = numbering;
  const to = numbering.state === "moved" ? numbering.to : undefined;
  board.setNumbering({ from, target, ...(to === undefined ? {} : { to }) }, clock.elapsedMs());
  if (to === undefined)
    log("error", "The network has packet numbers of this hotspot too high to go on after", { from, target });
  else
    log(
      "warn",
      "The network has packets of this hotspot that it did not make here; numbering goes on after them",
      { from, to, target },
    );
}
