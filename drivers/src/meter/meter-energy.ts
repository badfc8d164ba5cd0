import type { Present } from "@earshot/protocol/hotspot";
import { EnergyCounter, type EnergyEvent, type EnergyState } from "./energy-counter.ts";
import type { EnergyFacts } from "./register-map.ts";

const isEnergy = (quantity: string): boolean => /^energy_(\w+_)?wh$/.test(quantity);

/** The energy counters of one meter. */
export class MeterEnergy {
  /** Of the meter, once it is known. */
  facts: EnergyFacts = { maxPowerW: 250_000 };
  readonly events: Record<EnergyEvent, number> = { rollover: 0, reset: 0, "stepped-back": 0, jump: 0 };
  readonly #restored: Readonly<Record<string, EnergyState>>;
  readonly #counters = new Map<string, EnergyCounter>();

  /** @param restored what `states()` said before a restart */
  constructor(restored: Readonly<Record<string, EnergyState>> = {}) {
    this.#restored = restored;
  }

  /** By quantity: what to keep over a restart. */
  states(): Record<string, EnergyState> {
    const entries = [...this.#counters].flatMap(([quantity, { state }]) =>
      state ? [[quantity, state] as const] : [],
    );
    return { ...this.#restored, ...Object.fromEntries(entries) };
  }

  /** Puts totals that only grow in the place of what the meter said. */
  take(quantities: Record<string, number>, present: Present): void {
    for (const [quantity, rawWh] of Object.entries(quantities)) {
      if (!isEnergy(quantity)) continue;
      if (rawWh < 0) delete quantities[quantity];
      else quantities[quantity] = this.#total(quantity, rawWh, present);
    }
  }

  #total(quantity: string, rawWh: number, present: Present): number {
    const counter = this.#counters.get(quantity) ?? new EnergyCounter(this.facts, this.#restored[quantity]);
    this.#counters.set(quantity, counter);
    const { totalWh, event } = counter.take(rawWh, present);
    if (event !== undefined) this.events[event] += 1;
    return totalWh;
  }
}
