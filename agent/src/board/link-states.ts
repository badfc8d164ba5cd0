import { type ClockReading, toWallTime } from "@earshot/protocol/hotspot";
import type { LinkFacts, Trouble } from "./agent-status.ts";

/** `LinkFacts` with times by the monotonic clock. */
interface Link {
  state: LinkFacts["state"];
  reason?: string;
  trouble?: Trouble;
  sinceElapsedMs: number;
  lastElapsedMs?: number;
  /** When it worked and was lost, in the last hour, oldest first. */
  losses: readonly number[];
}

const HOUR_MS = 3_600_000;
/** More are not counted: waits between attempts grow to half a minute. */
const MAX_LOSSES = 1000;

const SEARCHING: Link = { state: "searching", sinceElapsedMs: 0, losses: [] };

/** Why a link is lost. */
export interface Loss {
  reason: string;
  trouble?: Trouble;
}

/** The state of each link by name: whether something comes from it, and how often it was lost. */
export class LinkStates {
  readonly #links = new Map<string, Link>();

  begin(names: readonly string[], sinceElapsedMs: number): void {
    for (const name of names) this.#links.set(name, { state: "searching", sinceElapsedMs, losses: [] });
  }

  get(name: string): Readonly<Link> {
    return this.#links.get(name) ?? SEARCHING;
  }

  facts(name: string, present: ClockReading): LinkFacts & { trouble?: Trouble } {
    const { sinceElapsedMs, lastElapsedMs, losses, ...link } = this.get(name);
    const lostInHour = losses.filter((atMs) => present.elapsedMs - atMs < HOUR_MS).length;
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
    const isLoss = state === "lost" && before.state === "ok";
    const recent = before.losses.filter((atMs) => elapsedMs - atMs < HOUR_MS);
    this.#links.set(name, {
      state,
      sinceElapsedMs: before.state === state ? before.sinceElapsedMs : elapsedMs,
      ...loss,
      losses: isLoss ? [...recent, elapsedMs].slice(-MAX_LOSSES) : before.losses,
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
