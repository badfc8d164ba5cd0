import type { LinkFacts, Trouble } from "./facts.ts";

const SEARCHING: LinkFacts = { state: "searching", sinceMs: 0 };

/** Why a link is lost. */
export interface Loss {
  reason: string;
  trouble?: Trouble;
}

/** The state of each link, by name. */
export class LinkBook {
  readonly #links = new Map<string, LinkFacts & { trouble?: Trouble }>();

  begin(names: readonly string[], sinceMs: number): void {
    for (const name of names) this.#links.set(name, { state: "searching", sinceMs });
  }

  get(name: string): Readonly<LinkFacts & { trouble?: Trouble }> {
    return this.#links.get(name) ?? SEARCHING;
  }

  set(name: string, state: LinkFacts["state"], atMs: number, loss?: Loss): void {
    const before = this.get(name);
    this.#links.set(name, {
      state,
      sinceMs: before.state === state ? before.sinceMs : atMs,
      ...loss,
      ...(before.lastAtMs === undefined ? {} : { lastAtMs: before.lastAtMs }),
    });
  }

  /** Something came from it, so it works. */
  heardFrom(name: string, atMs: number): void {
    if (this.get(name).state !== "ok") this.set(name, "ok", atMs);
    const link = this.#links.get(name);
    if (link !== undefined) link.lastAtMs = atMs;
  }
}
