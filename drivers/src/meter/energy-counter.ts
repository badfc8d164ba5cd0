import type { ClockReading } from "@earshot/protocol/hotspot";
import type { EnergyFacts } from "./register-map.ts";

/** What to keep over a restart, so that the total goes on. */
export interface EnergyState {
  /** Energy counted, Wh: never falls. */
  totalWh: number;
  /** The meter's last value, Wh; after a step back, the one before. */
  rawWh: number;
  /** When, ms since the Unix epoch. */
  atMs: number;
}

/**
 * - `rollover`: the counter came to its end and began again; what passed is counted.
 * - `reset`: it was set to zero or is another meter; counted is what it can have counted since, else nothing.
 * - `stepped-back`: it forgot a little, as meters do that save seldom; nothing is counted until it has caught up.
 * - `jump`: more than can have passed; not counted.
 */
export type EnergyEvent = "rollover" | "reset" | "stepped-back" | "jump";

export interface EnergyCount {
  totalWh: number;
  event?: EnergyEvent;
}

/** A meter that saves its count once an hour may forget this much, Wh. */
const STEP_BACK_WH = 1000;
/** Coarse steps and rounding of the raw value, Wh. */
const SLACK_WH = 10;
const HOUR_MS = 3_600_000;
/** For so long a meter may have counted at most since a time that this machine's clock has not come to. */
const UNKNOWN_MS = 24 * HOUR_MS;

/**
 * From the values of a meter to a total that only grows. Pure: time comes with the value. The time between two values is
 * that of the monotonic clock, over a restart that of the wall clock, where it went on.
 */
export class EnergyCounter {
  readonly #facts: EnergyFacts;
  #state: EnergyState | undefined;
  /** Of the state, when it is of this run. */
  #elapsedMs: number | undefined;

  constructor(facts: EnergyFacts, state?: EnergyState) {
    this.#facts = facts;
    this.#state = state && { ...state };
  }

  /** `undefined` before the first value. */
  get state(): Readonly<EnergyState> | undefined {
    return this.#state && { ...this.#state };
  }

  /** @param rawWh not negative */
  add(rawWh: number, { nowMs: atMs, elapsedMs }: ClockReading): EnergyCount {
    if (this.#state === undefined) {
      this.#state = { totalWh: rawWh, rawWh, atMs };
      this.#elapsedMs = elapsedMs;
      return { totalWh: rawWh };
    }
    const state = this.#state;
    const wallMs = atMs - state.atMs;
    const passedMs = this.#elapsedMs === undefined ? wallMs : elapsedMs - this.#elapsedMs;
    const { gainWh, event, holds } = this.#judge(rawWh, state, passedMs < 0 ? UNKNOWN_MS : passedMs);
    // While it is behind, its old value and the time of it stay what the next one is compared with.
    if (!holds) {
      this.#state = { totalWh: state.totalWh + gainWh, rawWh, atMs };
      this.#elapsedMs = elapsedMs;
    }
    return { totalWh: this.#state.totalWh, ...(event && { event }) };
  }

  #judge(rawWh: number, state: EnergyState, passedMs: number): Judgement {
    const possibleWh = (this.#facts.maxPowerW * passedMs) / HOUR_MS + SLACK_WH;
    const gainWh = rawWh - state.rawWh;
    if (gainWh >= 0) return gainWh <= possibleWh ? { gainWh } : { gainWh: 0, event: "jump" };
    for (const rolloverWh of this.#facts.rolloversWh ?? []) {
      const overWh = gainWh + rolloverWh;
      if (overWh >= 0 && overWh <= possibleWh) return { gainWh: overWh, event: "rollover" };
    }
    const beganAnew = rawWh <= possibleWh;
    if (-gainWh <= STEP_BACK_WH && !(beganAnew && rawWh < SLACK_WH)) {
      return { gainWh: 0, event: "stepped-back", holds: true };
    }
    return { gainWh: beganAnew ? rawWh : 0, event: "reset" };
  }
}

interface Judgement {
  gainWh: number;
  event?: EnergyEvent;
  holds?: boolean;
}

const isEnergy = (quantity: string): boolean => /^energy_(\w+_)?wh$/.test(quantity);

/** The energy counters of one meter. */
export class MeterEnergy {
  /** Of the meter, once it is known. */
  facts: EnergyFacts = { maxPowerW: 250_000 };
  readonly events: Record<EnergyEvent, number> = { rollover: 0, reset: 0, "stepped-back": 0, jump: 0 };
  readonly #restored: Readonly<Record<string, EnergyState>>;
  readonly #counters = new Map<string, EnergyCounter>();

  /** @param restored what `states()` returned before a restart */
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

  /** Replaces the meter's values by totals that only grow. */
  replaceTotals(quantities: Record<string, number>, present: ClockReading): void {
    for (const [quantity, rawWh] of Object.entries(quantities)) {
      if (!isEnergy(quantity)) continue;
      if (rawWh < 0) delete quantities[quantity];
      else quantities[quantity] = this.#total(quantity, rawWh, present);
    }
  }

  #total(quantity: string, rawWh: number, present: ClockReading): number {
    const counter = this.#counters.get(quantity) ?? new EnergyCounter(this.facts, this.#restored[quantity]);
    this.#counters.set(quantity, counter);
    const { totalWh, event } = counter.add(rawWh, present);
    if (event !== undefined) this.events[event] += 1;
    return totalWh;
  }
}
