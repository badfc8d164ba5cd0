import { type ClockReading, toWallTime } from "@earshot/protocol/hotspot";
import { LastHour } from "@earshot/protocol/runtime";
import type { LinkFacts, Trouble } from "./agent-status.ts";

/** `LinkFacts` with times by the monotonic clock. */
interface Link {
  state: LinkFacts["state"];
  reason?: string;
  trouble?: Trouble;
  sinceElapsedMs: number;
  lastElapsedMs?: number;
  /** When it worked and was lost. */
  losses: LastHour;
}

const searching = (sinceElapsedMs: number): Link => ({
  state: "searching",
  sinceElapsedMs,
  losses: new LastHour(),
});

/** Why a link is lost. */
export interface Loss {
  reason: string;
  trouble?: Trouble;
}

/** The state of each link by name: whether something comes from it, and how often it was lost. */
export class LinkStates {
  readonly #links = new Map<string, Link>();

  begin(names: readonly string[], sinceElapsedMs: number): void {
    for (const name of names) this.#links.set(name, searching(sinceElapsedMs));
  }

  get(name: string): Readonly<Link> {
    return this.#links.get(name) ?? searching(0);
  }

  facts(name: string, present: ClockReading): LinkFacts & { trouble?: Trouble } {
    const { sinceElapsedMs, lastElapsedMs, losses, ...link } = this.get(name);
    const lostInHour = losses.count(present.elapsedMs);
    const last = lastElapsedMs === undefined ? {} : { lastAtMs: toWallTime(lastElapsedMs, present) };
    return {
      ...link,
      sinceMs: toWallTime(sinceElapsedMs, present),
      ...last,
      ...(lostInHour > 0 && { lostInHour }),
    };
  }

  set(name: string, state: LinkFacts["state"], elapsedMs: number, loss?: Loss): void {
    const before = this.get(name);
    if (state === "lost" && before.state === "ok") before.losses.add(elapsedMs);
    this.#links.set(name, {
      state,
      sinceElapsedMs: before.state === state ? before.sinceElapsedMs : elapsedMs,
      ...loss,
      losses: before.losses,
      ...(before.lastElapsedMs === undefined ? {} : { lastElapsedMs: before.lastElapsedMs }),
    });
  }

  /** Something came from it, so it works. */
  heardFrom(name: string, elapsedMs: number): void {
    if (this.get(name).state !== "ok") this.set(name, "ok", elapsedMs);
    const link = this.#links.get(name);
    if (link !== undefined) link.lastElapsedMs = elapsedMs;
  }
}
