import { type Present, wallTimeOf } from "@earshot/protocol/hotspot";
import type { SensorFacts } from "./facts.ts";

/** A sensor that invents names forever must not fill the memory. */
const MAX_QUANTITIES = 64;

/** The latest value of each quantity of each sensor. */
export class SensorBook {
  readonly #values = new Map<string, Map<string, { value: number; elapsedMs: number }>>();

  add(source: string, quantities: Readonly<Record<string, number>>, elapsedMs: number): void {
    const values = this.#values.get(source) ?? new Map();
    this.#values.set(source, values);
    for (const [name, value] of Object.entries(quantities)) {
      if (values.has(name) || values.size < MAX_QUANTITIES) values.set(name, { value, elapsedMs });
    }
  }

  latest(source: string, present: Present): SensorFacts["quantities"] {
    const values = [...(this.#values.get(source) ?? [])];
    return Object.fromEntries(
      values.map(([name, { value, elapsedMs }]) => [name, { value, atMs: wallTimeOf(elapsedMs, present) }]),
    );
  }
}
