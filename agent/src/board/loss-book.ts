import type { LossReason } from "@earshot/protocol/hotspot";

type Counts = Iterable<readonly [reason: LossReason, count: number]>;

/**
 * The one book of what was refused, dropped, lost or never sent since the agent started: page, `/status.json` and status
 * packets tell what it says. Bounded by the table of reasons.
 */
export class LossBook {
  readonly #own = new Map<LossReason, number>();
  readonly #kept: () => Counts;

  /** @param kept what others count themselves: drivers, the outbox */
  constructor(kept: () => Counts = () => []) {
    this.#kept = kept;
  }

  add(reason: LossReason, count = 1): void {
    this.#own.set(reason, (this.#own.get(reason) ?? 0) + count);
  }

  get(reason: LossReason): number {
    return this.counts().find(([one]) => one === reason)?.[1] ?? 0;
  }

  /** Most first. */
  counts(): [reason: LossReason, count: number][] {
    const all = new Map(this.#own);
    for (const [reason, count] of this.#kept()) all.set(reason, (all.get(reason) ?? 0) + count);
    return [...all].filter(([, count]) => count > 0).sort(([, one], [, other]) => other - one);
  }
}
