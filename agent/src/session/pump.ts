import { upTopic } from "@earshot/protocol/hotspot";
import type { CoreContext } from "../core-context.ts";
import type { OutboxEntry } from "../outbox/outbox.ts";
import type { Publisher } from "../publisher/publisher.ts";
import { within } from "../time/pause.ts";

/** Published together and acknowledged together. */
const BATCH = 32;
const ACK_LIMIT_MS = 60_000;

/** Publishes what the outbox holds, until aborted. Rejects when the session ends or does not acknowledge. */
export async function pump(context: CoreContext, publisher: Publisher, signal: AbortSignal): Promise<void> {
  const { clock, outbox, board, sentStatuses, toPublish } = context;
  while (!signal.aborted) {
    const batch = outbox.next(Math.min(BATCH, publisher.publishAtOnce));
    if (batch.length === 0) {
      await toPublish.wait(signal);
      continue;
    }
    // Here and not when they are made: what an earlier run left in the outbox gets verdicts too.
    for (const entry of batch) {
      const packetId = board.packets.add(entry);
      if (entry.type === "status") sentStatuses.sent(packetId, entry.sequence, clock.elapsedMs());
    }
    const limit = `The broker did not acknowledge a packet within ${ACK_LIMIT_MS / 1000} s`;
    await within(clock, ACK_LIMIT_MS, limit, publishAll(context, publisher, batch));
    if (signal.aborted) return;
    outbox.handedOver(
      batch.map(({ sequence }) => sequence),
      clock.elapsedMs(),
    );
    board.links.heardFrom("broker", clock.elapsedMs());
  }
}

async function publishAll(
  { config, hotspotId }: CoreContext,
  publisher: Publisher,
  batch: readonly OutboxEntry[],
): Promise<void> {
  await Promise.all(
    batch.map(({ type, bytes }) => publisher.publish(upTopic(config.network.name, hotspotId, type), bytes)),
  );
}
