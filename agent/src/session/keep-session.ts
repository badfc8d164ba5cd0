import { Backoff, errorText, OutageLog, pause } from "@earshot/protocol/runtime";
import type { CoreContext } from "../core/core-context.ts";
import { openSession, runSession, type SessionParts } from "./session.ts";

/** Longest wait after a session that did open: the broker is there, and may only have been restarted. */
const REOPEN_LIMIT_MS = 5000;
/** A session that ends sooner is short. */
const SHORT_MS = 30_000;
/** So many short sessions in a row are no accident. */
const MANY_SHORT = 3;
/**
 * After a session that lasted so long, waits start at the shortest again. It is more than the longest wait: else two boxes
 * with one key would take turns for ever, each connected while the other waits.
 */
const LASTING_MS = 300_000;
const BACKOFF = { firstMs: 1000, maxMs: 60_000 };

/** Keeps a session with the broker open, until aborted: each has a fresh login token, and waits between attempts grow. */
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
      const publisher = await openSession(context, parts.openPublisher, signal);
      history.opened();
      if (history.isFlapping) board.links.set("broker", "ok", clock.elapsedMs(), { reason: ANOTHER_BOX });
      end = await runSession(context, parts, publisher, outages, signal);
      if (history.ended() >= LASTING_MS) backoff.reset();
      if (history.isFlapping) end = `${ANOTHER_BOX} (${end})`;
      else limitMs = REOPEN_LIMIT_MS;
    } catch (error) {
      log.debug("Could not open a session", { err: error });
      end = errorText(error);
    }
    if (signal.aborted) return;
    board.links.set("broker", "lost", clock.elapsedMs(), { reason: end });
    outages.down("warn", "No session with the broker; trying again until there is", {
      why: end,
    });
    await pause(clock, backoff.nextMs(limitMs), signal);
  }
}

const ANOTHER_BOX = `another box may use this key (a copied memory card, a second agent): ${MANY_SHORT} sessions in a row ended within ${SHORT_MS / 1000} s; end it, or make a new key`;

/** How long the latest sessions lasted. */
class SessionHistory {
  readonly #clock: CoreContext["clock"];
  #openedMs = 0;
  #shortInARow = 0;

  constructor(clock: CoreContext["clock"]) {
    this.#clock = clock;
  }

  get isFlapping(): boolean {
    return this.#shortInARow >= MANY_SHORT;
  }

  opened(): void {
    this.#openedMs = this.#clock.elapsedMs();
  }

  /** How long it has lasted, ms. */
  ended(): number {
    const lastedMs = this.#clock.elapsedMs() - this.#openedMs;
    if (lastedMs < SHORT_MS) this.#shortInARow += 1;
    else if (lastedMs >= LASTING_MS) this.#shortInARow = 0;
    return lastedMs;
  }
}
