import { type Present, wallTimeOf } from "@earshot/protocol/hotspot";
import type { LinkFacts, Trouble } from "./facts.ts";

/** Of `LinkFacts`, with moments by the monotonic clock. */
interface Link {
  state: LinkFacts["state"];
  reason?: string;
  trouble?: Trouble;
  sinceElapsedMs: number;
  lastElapsedMs?: number;
}

const SEARCHING: Link = { state: "searching", sinceElapsedMs: 0 };

/** Why a link is lost. */
export interface Loss {
  reason: string;
  trouble?: Trouble;
}

/** The state of each link, by name. */
export class LinkBook {
  readonly #links = new Map<string, Link>();

  begin(names: readonly string[], sinceElapsedMs: number): void {
    for (const name of names) this.#links.set(name, { state: "searching", sinceElapsedMs });
  }

  get(name: string): Readonly<Link> {
    return this.#links.get(name) ?? SEARCHING;
  }

  facts(name: string, present: Present): LinkFacts & { trouble?: Trouble } {
    const { sinceElapsedMs, lastElapsedMs, ...link } = this.get(name);
    const last = lastElapsedMs === undefined ? {} : { lastAtMs: wallTimeOf(lastElapsedMs, present) };
    return { ...link, sinceMs: wallTimeOf(sinceElapsedMs, present), ...last };
  }

  set(name: string, state: LinkFacts["state"], elapsedMs: number, loss?: Loss): void {
    const before = this.get(name);
    this.#links.set(name, {
      state,
      sinceElapsedMs: before.state === state ? before.sinceElapsedMs : elapsedMs,
      ...loss,
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
