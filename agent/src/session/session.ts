import {
  downFilter,
  EARLIEST_PLAUSIBLE_MS,
  entropyTopic,
  makeLoginToken,
  OutageLog,
  upTopic,
} from "@earshot/protocol/hotspot";
import type { CoreContext } from "../core-context.ts";
import type { OpenPublisher, Publisher, SessionOptions } from "../publisher/publisher.ts";
import { statusPacket } from "../status/status-packet.ts";
import { Backoff } from "../time/backoff.ts";
import { errorText } from "../time/error-text.ts";
import { LinkedAbort } from "../time/linked-abort.ts";
import { pause, within } from "../time/pause.ts";
import type { Wakeup } from "../time/wakeup.ts";
import type { Inbox } from "./inbox.ts";
import { pump } from "./pump.ts";

const OPEN_LIMIT_MS = 60_000;
/** After a session that did open: the broker is there, and may only have been started again. */
const REOPEN_LIMIT_MS = 5000;
/** A session that ends sooner is short; so many in a row are no accident. */
const SHORT_MS = 30_000;
const MANY_SHORT = 3;
/**
 * Waits begin anew after a session that lasted so long: longer than the greatest of them, or two boxes with one key, of
 * which each has a session while the other waits, would do so for ever.
 */
const LASTING_MS = 300_000;
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
  const history = new SessionHistory(clock);
  const outages = new OutageLog("the session with the broker", clock, log);
  while (!signal.aborted) {
    let end: string;
    let limitMs: number | undefined;
    try {
      const publisher = await openWithin(context, parts.openPublisher, signal);
      history.opened();
      if (history.isFlapping) board.links.set("broker", "ok", clock.elapsedMs(), { reason: ANOTHER_BOX });
      end = await runSession(context, parts, publisher, outages, signal);
      if (history.ended() >= LASTING_MS) backoff.reset();
      if (history.isFlapping) end = `${ANOTHER_BOX} (${end})`;
      else limitMs = REOPEN_LIMIT_MS;
    } catch (error) {
      end = errorText(error);
    }
    if (signal.aborted) return;
    board.links.set("broker", "lost", clock.elapsedMs(), { reason: end });
    outages.down("warn", "No session with the broker; trying again until there is", { why: end });
    await pause(clock, backoff.nextMs(limitMs), signal);
  }
}

const ANOTHER_BOX = `another box may use this key (a copied memory card, a second agent): ${MANY_SHORT} sessions in a row ended within ${SHORT_MS / 1000} s; end it, or make a new key`;

/** How long sessions lasted lately. */
class SessionHistory {
  readonly #clock: CoreContext["clock"];
  #openedMs = 0;
  /** In a row. */
  #short = 0;

  constructor(clock: CoreContext["clock"]) {
    this.#clock = clock;
  }

  get isFlapping(): boolean {
    return this.#short >= MANY_SHORT;
  }

  opened(): void {
    this.#openedMs = this.#clock.elapsedMs();
  }

  /** How long it has lasted, ms. */
  ended(): number {
    const lastedMs = this.#clock.elapsedMs() - this.#openedMs;
    if (lastedMs < SHORT_MS) this.#short += 1;
    else if (lastedMs >= LASTING_MS) this.#short = 0;
    return lastedMs;
  }
}

async function openWithin(
  context: CoreContext,
  openPublisher: OpenPublisher,
  signal: AbortSignal,
): Promise<Publisher> {
  const opening = new LinkedAbort(signal);
  const limit = `The broker did not answer within ${OPEN_LIMIT_MS / 1000} s`;
  try {
    const opened = openPublisher(sessionOptions(context), opening.signal);
    const publisher = await within(context.clock, OPEN_LIMIT_MS, limit, opened);
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
    subscriptions: [entropyTopic(network), downFilter(network, hotspotId)],
  };
}

/** Returns why the session ended. */
async function runSession(
  context: CoreContext,
  { inbox, connected }: SessionParts,
  publisher: Publisher,
  outages: OutageLog,
  signal: AbortSignal,
): Promise<string> {
  const { board, clock, sentStatuses } = context;
  sentStatuses.begin();
  const ended = new LinkedAbort(signal);
  ended.signal.addEventListener("abort", () => void publisher.close(), { once: true });
  board.links.heardFrom("broker", clock.elapsedMs());
  outages.up("info", "Connected to the broker");
  connected.notify();
  const parts = [receive(context, publisher, inbox, outages), pump(context, publisher, ended.signal)];
  try {
    await Promise.race(parts);
    return "the session ended";
  } catch (error) {
    return errorText(error);
  } finally {
    ended.end();
    await publisher.close();
    await Promise.allSettled(parts);
  }
}

async function receive(
  { board, clock }: CoreContext,
  publisher: Publisher,
  inbox: Inbox,
  outages: OutageLog,
): Promise<void> {
  for await (const message of publisher) {
    board.links.heardFrom("broker", clock.elapsedMs());
    outages.stillUp();
    inbox.take(message);
  }
}
