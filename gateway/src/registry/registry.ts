import {
  type Clock,
  decodePacket,
  epochOf,
  type Hotspot,
  isAdmissibleKey,
  type Log,
} from "@earshot/protocol";
import type { RegistrationPolicy } from "../contract.ts";
import type { OneAtATime } from "../one-at-a-time.ts";
import type { Progress } from "../progress.ts";
import type { Store } from "../store/store.ts";
import { type AssertedHotspot, hotspotFromAssertion, isSameHotspot } from "./assertion.ts";

export interface RegistryDeps {
  store: Pick<Store, "hotspots" | "putHotspot" | "hasVerdict">;
  policy: RegistrationPolicy;
  progress: Progress;
  clock: Pick<Clock, "now">;
  /** Judging runs in it too, so that no hotspot appears in the middle of a judgement. */
  exclusively: OneAtATime;
  log: Log;
}

export type RegistrationOutcome = { ok: true } | { ok: false; code: string; message: string };

interface Known {
  hotspot: Hotspot;
  /** Of the newest packet that asserted something; -1 for the operator's word. */
  sequence: number;
}

/**
 * Which hotspots the network knows, and what of them. An epoch is judged by one registry, or its bundle could not be
 * judged again: a change counts from the next epoch on (of several in one epoch the last), and a hotspot that is new
 * counts at once unless a report of it has been refused for want of registration in the epoch being judged.
 */
export class Registry {
  readonly #deps: RegistryDeps;
  readonly #newest = new Map<string, Known>();
  /** What hotspots assert that is not stored yet. */
  readonly #pending = new Map<string, Known>();
  #inForce: { epoch: number; hotspots: ReadonlyMap<string, Hotspot> } | undefined;

  private constructor(deps: RegistryDeps) {
    this.#deps = deps;
  }

  static async load(deps: RegistryDeps): Promise<Registry> {
    const registry = new Registry(deps);
    for (const hotspot of await deps.store.hotspots()) {
      registry.#newest.set(hotspot.id, { hotspot, sequence: evidenceSequence(hotspot) });
    }
    return registry;
  }

  /** Whether the hotspot may log in and send. */
  isAllowed(hotspotId: string): boolean {
    return this.#deps.policy === "open" || this.#newest.has(hotspotId);
  }

  /** What an epoch is judged by. Hotspots may still join until it is closed. */
  async inForce(epoch: number): Promise<ReadonlyMap<string, Hotspot>> {
    if (this.#inForce?.epoch !== epoch) {
      const hotspots = await this.#deps.store.hotspots(epoch);
      this.#inForce = { epoch, hotspots: new Map(hotspots.map((hotspot) => [hotspot.id, hotspot])) };
    }
    return this.#inForce.hotspots;
  }

  /** Takes note of a signed status packet; acts upon it soon, where the policy is open. */
  assert(asserted: AssertedHotspot): void {
    if (this.#deps.policy !== "open") return;
    const hotspot = hotspotFromAssertion(asserted);
    const before = this.#pending.get(asserted.id) ?? this.#newest.get(asserted.id);
    const { sequence } = asserted;
    if (hotspot === undefined || (before !== undefined && sequence <= before.sequence)) return;
    if (before?.hotspot.evidence != null && isSameHotspot(before.hotspot, hotspot)) {
      // Nothing new: the packet that said so first stays the evidence.
      before.sequence = sequence;
      return;
    }
    if (this.#pending.size === 0) void this.#deps.exclusively(() => this.#applyPending());
    this.#pending.set(asserted.id, { hotspot, sequence });
  }

  /** The operator's word. Resolves when it is stored. */
  add(hotspot: Hotspot): Promise<RegistrationOutcome> {
    if (!isAdmissibleKey(hotspot.publicKey)) {
      const message = `The key of ${hotspot.id} is not an admissible Ed25519 key: make a new one`;
      return Promise.resolve({ ok: false, code: "inadmissible_key", message });
    }
    return this.#deps.exclusively(async () => {
      await this.#put(hotspot, -1);
      return { ok: true };
    });
  }

  async #applyPending(): Promise<void> {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { hotspot, sequence } of pending) {
      try {
        await this.#put(hotspot, sequence);
      } catch (error) {
        // The next status packet of the hotspot says the same again.
        this.#deps.log("error", "Cannot register hotspot", { hotspot: hotspot.id, error: String(error) });
      }
    }
  }

  async #put(hotspot: Hotspot, sequence: number): Promise<void> {
    const { log, store } = this.#deps;
    const known = this.#newest.get(hotspot.id);
    if (known !== undefined && isSameHotspot(known.hotspot, hotspot) && hotspot.evidence === null) return;
    const registeredAtMs = known?.hotspot.registeredAtMs ?? hotspot.registeredAtMs;
    const kept = { ...hotspot, registeredAtMs };
    const epoch = await this.#effectiveEpoch(hotspot.id, known !== undefined);
    await store.putHotspot(kept, epoch);
    this.#newest.set(hotspot.id, { hotspot: kept, sequence });
    if (this.#inForce !== undefined && epoch <= this.#inForce.epoch) this.#inForce = undefined;
    log("info", known === undefined ? "Hotspot registered" : "Hotspot changed", {
      hotspot: hotspot.id,
      epoch,
    });
  }

  async #effectiveEpoch(hotspotId: string, isKnown: boolean): Promise<number> {
    const { clock, progress, store } = this.#deps;
    const { openEpoch, parameters } = progress;
    if (!isKnown) return (await store.hasVerdict(hotspotId, openEpoch)) ? openEpoch + 1 : openEpoch;
    const current = epochOf(Math.floor(clock.now() / parameters.entropyPeriodMs), parameters);
    return Math.max(current, openEpoch) + 1;
  }
}

function evidenceSequence({ evidence }: Hotspot): number {
  const result = evidence === null ? undefined : decodePacket(evidence);
  return result?.ok ? result.decoded.packet.sequence : -1;
}
