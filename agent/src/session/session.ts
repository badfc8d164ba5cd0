import { downFilter, entropyTopic, makeLoginToken, upTopic } from "@earshot/protocol";
import type { CoreContext } from "../core-context.ts";
import type { OpenPublisher, Publisher, SessionOptions } from "../publisher/publisher.ts";
import { statusPacket } from "../status/status-packet.ts";
import { Backoff } from "../time/backoff.ts";
import { errorText } from "../time/error-text.ts";
import { pause } from "../time/pause.ts";
import type { Wakeup } from "../time/wakeup.ts";
import type { Inbox } from "./inbox.ts";
import { pump } from "./pump.ts";

const BACKOFF = { firstMs: 1000, maxMs: 60_000 };

export interface SessionParts {
  openPublisher: OpenPublisher;
  inbox: Inbox;
  /** Told when a session has begun. */
  connected: Wakeup;
}

/** Keeps a session with the broker: each with a fresh login token, growing waits between attempts. */
export async function keepSession(
  context: CoreContext,
  parts: SessionParts,
  signal: AbortSignal,
): Promise<void> {
  const { board, clock, random, log } = context;
  const backoff = new Backoff(BACKOFF, random);
  let isFirstFailure = true;
  while (!signal.aborted) {
    let end: string;
    try {
      const publisher = await parts.openPublisher(sessionOptions(context), signal);
      backoff.reset();
      isFirstFailure = true;
      end = await runSession(context, parts, publisher, signal);
    } catch (error) {
      end = errorText(error);
    }
    if (signal.aborted) return;
    board.setLink("broker", "lost", clock.now(), end);
    if (isFirstFailure) log("warn", "No session with the broker; trying again until there is", { why: end });
    isFirstFailure = false;
    await pause(clock, backoff.nextMs(), signal);
  }
}

function sessionOptions(context: CoreContext): SessionOptions {
  const { config, signer, clock, hotspotId } = context;
  const network = config.network.name;
  return {
    username: hotspotId,
    password: makeLoginToken(signer, network, clock.now()),
    will: { topic: upTopic(network, hotspotId, "status"), bytes: statusPacket(context, 0, "offline", null) },
    subscriptions: [entropyTopic(network), downFilter(network, hotspotId)],
  };
}

/** Returns why the session ended. */
async function runSession(
  context: CoreContext,
  { inbox, connected }: SessionParts,
  publisher: Publisher,
  signal: AbortSignal,
): Promise<string> {
  const { board, clock, log } = context;
  const done = new AbortController();
  const ended = AbortSignal.any([signal, done.signal]);
  ended.addEventListener("abort", () => void publisher.close(), { once: true });
  board.heardFrom("broker", clock.now());
  log("info", "Connected to the broker");
  connected.notify();
  const parts = [receive(context, publisher, inbox), pump(context, publisher, ended)];
  try {
    await Promise.race(parts);
    return "the session ended";
  } catch (error) {
    return errorText(error);
  } finally {
    done.abort();
    await publisher.close();
    await Promise.allSettled(parts);
  }
}

async function receive({ board, clock }: CoreContext, publisher: Publisher, inbox: Inbox): Promise<void> {
  for await (const message of publisher) {
    board.heardFrom("broker", clock.now());
    inbox.take(message);
  }
}
