import {
  downFilter,
  EARLIEST_PLAUSIBLE_MS,
  entropyTopic,
  keysTopic,
  makeLoginToken,
  upTopic,
} from "@earshot/protocol/hotspot";
import { errorText, LinkedAbort, type OutageLog, withTimeout } from "@earshot/protocol/runtime";
import type { CoreContext } from "../core/core-context.ts";
import type { OutboxEntry } from "../outbox/outbox.ts";
import type { OpenPublisher, Publisher, SessionOptions } from "../publisher/publisher.ts";
import { statusPacket } from "../reports/status-packet.ts";
import type { Wakeup } from "../time/wakeup.ts";
import type { Inbox } from "./inbox.ts";

const OPEN_LIMIT_MS = 60_000;

export interface SessionParts {
  openPublisher: OpenPublisher;
  inbox: Pick<Inbox, "handle">;
  /** Notified when a session has begun. */
  connected: Wakeup;
}

/** @throws {Error} also when the broker does not answer in time */
export async function openSession(
  context: CoreContext,
  openPublisher: OpenPublisher,
  signal: AbortSignal,
): Promise<Publisher> {
  const opening = new LinkedAbort(signal);
  const limit = `The broker did not answer within ${OPEN_LIMIT_MS / 1000} s`;
  try {
    const opened = openPublisher(sessionOptions(context), opening.signal);
    const publisher = await withTimeout(context.clock, OPEN_LIMIT_MS, limit, opened);
    opening.release();
    return publisher;
  } catch (error) {
    opening.end();
    throw error;
  }
}

function sessionOptions(context: CoreContext): SessionOptions {
  const { config, signer, clock, hotspotId } = context;
  if (clock.now() < EARLIEST_PLAUSIBLE_MS)
    throw new Error("this machine's clock is not set: set it, by NTP or GPS");
  const network = config.network.name;
  return {
    username: hotspotId,
    password: makeLoginToken(signer, network, clock.now()),
    will: { topic: upTopic(network, hotspotId, "status"), bytes: statusPacket(context, 0, "offline", null) },
    // Keys first: without them what they sign is refused.
    subscriptions: [keysTopic(network), entropyTopic(network), downFilter(network, hotspotId)],
  };
}

/** Publishes and receives until the session ends. Returns why it ended. */
export async function runSession(
  context: CoreContext,
  { inbox, connected }: SessionParts,
  publisher: Publisher,
  outages: OutageLog,
  signal: AbortSignal,
): Promise<string> {
  const { board, clock, log, sentStatuses } = context;
  sentStatuses.begin();
  const ended = new LinkedAbort(signal);
  ended.signal.addEventListener("abort", () => void publisher.close(), { once: true });
  board.links.heardFrom("broker", clock.elapsedMs());
  outages.up("info", "Connected to the broker");
  connected.notify();
  try {
    await Promise.race([
      receive(context, publisher, inbox, outages),
      publishFromOutbox(context, publisher, ended.signal),
    ]);
    return "the session ended";
  } catch (error) {
    log.debug("The session ended", { err: error });
    return errorText(error);
  } finally {
    ended.end();
    await publisher.close();
  }
}

async function receive(
  { board, clock }: CoreContext,
  publisher: Publisher,
  inbox: SessionParts["inbox"],
  outages: OutageLog,
): Promise<void> {
  for await (const message of publisher) {
    board.links.heardFrom("broker", clock.elapsedMs());
    outages.stillUp();
    inbox.handle(message);
  }
}

/** Packets that are published together and acknowledged together. */
const BATCH = 32;
const ACK_LIMIT_MS = 60_000;

/** Publishes what waits in the outbox, until aborted. Rejects when the session ends or a packet is not acknowledged. */
async function publishFromOutbox(
  context: CoreContext,
  publisher: Publisher,
  signal: AbortSignal,
): Promise<void> {
  const { clock, held, outbox, board, sentStatuses, toPublish } = context;
  while (!signal.aborted) {
    const batch = outbox.next(Math.min(BATCH, publisher.receiveMaximum), (...beacon) =>
      held.isHeld(...beacon),
    );
    if (batch.length === 0) {
      await toPublish.wait(signal);
      continue;
    }
    // Here and not when they are made: packets that an earlier run left in the outbox get verdicts too.
    for (const entry of batch) {
      const packetId = board.packets.add(entry);
      if (entry.type === "status") sentStatuses.sent(packetId, entry.sequence, clock.elapsedMs());
    }
    const limit = `The broker did not acknowledge a packet within ${ACK_LIMIT_MS / 1000} s`;
    await withTimeout(clock, ACK_LIMIT_MS, limit, publishAll(context, publisher, batch));
    if (signal.aborted) return;
    outbox.acknowledge(
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
