/** What happens in the gateway, for pages that follow live. Nothing about a beacon before its deadline. */
import type { StoredEpoch, StoredVerdict } from "../store/records.ts";
export type GatewayEvent =
  | { kind: "entropy"; index: number; atMs: number }
  | { kind: "hotspot"; hotspotId: string; online: boolean; atMs: number }
  | { kind: "verdicts"; entropyIndex: number; verdicts: readonly StoredVerdict[] }
  | { kind: "epoch"; epoch: StoredEpoch };

export type Listener = (event: GatewayEvent) => void;

/** A plain list of listeners. One that throws is dropped, so that no follower can stop the gateway. */
export class EventHub {
  readonly #listeners = new Set<Listener>();

  /** Returns how to stop listening. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  emit(event: GatewayEvent): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch {
        this.#listeners.delete(listener);
      }
    }
  }
}
