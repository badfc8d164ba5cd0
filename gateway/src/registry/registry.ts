import {
  type Assertion,
  type Clock,
  changedHotspot,
  epochOf,
  type Hotspot,
  hotspotId,
  isAdmissibleKey,
  isRegionId,
  type Log,
  registrationMessage,
  type Signer,
} from "@earshot/protocol";
import { BoundedMap } from "../bounded-map.ts";
import type { RegistrationPolicy } from "../contract.ts";
import type { OneAtATime } from "../one-at-a-time.ts";
import type { Progress } from "../progress.ts";
import type { Store } from "../store/store.ts";
import {
  type AssertedHotspot,
  evidenceSequence,
  factsOf,
  knownFacts,
  type OperatorsWord,
} from "./assertion.ts";
import { HotspotCache } from "./hotspot-cache.ts";

export interface RegistryDeps {
  store: Pick<Store, "hotspotsById" | "hotspotIds" | "putHotspot" | "hasVerdict">;
  policy: RegistrationPolicy;
  progress: Progress;
  clock: Pick<Clock, "now">;
  /** Holds the network key: signs what the operator says. */
  signer: Signer;
  /** Judging runs in it too, so that no hotspot appears in the middle of a judgement. */
  exclusively: OneAtATime;
  log: Log;
}

export type RegistrationOutcome = { ok: true } | { ok: false; code: string; message: string };

interface Known {
  facts: string;
  /** Of the newest packet that asserted something; -1 for the operator's word. */
  sequence: number;
}

/** Signed word about a hotspot, before it is known what it changes. */
interface Word {
  id: string;
  publicKey: Uint8Array;
  assertion: Assertion;
  atMs: number;
  evidence: Uint8Array;
}

/** Hotspots whose newest assertion is remembered, so that saying the same again costs no look into the store. */
const MAX_KNOWN = 65_536;
/** Above every epoch: the newest of each hotspot, in force or not yet. */
const NEWEST = 0xffff_ffff;

/**
 * Which hotspots the network knows, and what of them. An epoch is judged by one registry, or its bundle could not be
 * judged again: a change counts from the next epoch on (of several in one epoch the last), and a hotspot that is new
 * counts at once unless a report of it has been refused for want of registration in the epoch being judged.
 *
 * The registry itself is in the store: what is kept here is bounded, however many are registered, but for the ids of
 * a listed network.
 */
export class Registry {
  readonly #deps: RegistryDeps;
  readonly #cache: HotspotCache;
  readonly #known = new BoundedMap<string, Known>(MAX_KNOWN);
  /** What hotspots assert that is not stored yet. */
  readonly #pending = new Map<string, Known & { word: Word }>();
  readonly #listed: Set<string> | undefined;

  private constructor(deps: RegistryDeps, listed: Set<string> | undefined) {
    this.#deps = deps;
    this.#cache = new HotspotCache(deps.store);
    this.#listed = listed;
  }

  static async load(deps: RegistryDeps): Promise<Registry> {
    const listed = deps.policy === "listed" ? new Set(await deps.store.hotspotIds()) : undefined;
    return new Registry(deps, listed);
  }

  /** Whether the hotspot may log in and send. */
  isAllowed(hotspotId: string): boolean {
    return this.#listed === undefined || this.#listed.has(hotspotId);
  }

  /** These hotspots as an epoch is judged by them. Others may still join until it is closed. */
  hotspotsById(ids: Iterable<string>, epoch: number): Promise<Map<string, Hotspot>> {
    return this.#cache.hotspotsById(ids, epoch);
  }

  /** Takes note of a signed status packet; acts upon it soon, where the policy is open. */
  assert({ id, publicKey, assertion, sequence, receivedAtMs, evidence }: AssertedHotspot): void {
    if (this.#deps.policy !== "open" || !isRegionId(assertion.region)) return;
    const before: Known | undefined = this.#pending.get(id) ?? this.#known.get(id);
    if (before !== undefined && sequence <= before.sequence) return;
    const facts = factsOf(assertion);
    if (before?.facts === facts) {
      // Nothing new: the packet that said so first stays the evidence.
      before.sequence = sequence;
      return;
    }
    if (this.#pending.size === 0) void this.#deps.exclusively(() => this.#applyPending());
    const word = { id, publicKey, assertion, atMs: receivedAtMs, evidence };
    this.#pending.set(id, { facts, sequence, word });
  }

  /** The operator's word. Resolves when it is stored. */
  add(said: OperatorsWord): Promise<RegistrationOutcome> {
    const { clock, exclusively, progress, signer, store } = this.#deps;
    const { publicKey, ...assertion } = said;
    const id = hotspotId(publicKey);
    if (!isAdmissibleKey(publicKey)) {
      const message = `The key of ${id} is not an admissible Ed25519 key: make a new one`;
      return Promise.resolve({ ok: false, code: "inadmissible_key", message });
    }
    return exclusively(async () => {
      const newest = (await store.hotspotsById([id], NEWEST)).get(id);
      if (newest !== undefined && knownFacts(newest) === factsOf(assertion)) return { ok: true };
      const atMs = clock.now();
      const evidence = registrationMessage.seal({ ...said, atMs }, signer, progress.parameters.network);
      await this.#put({ id, publicKey, assertion, atMs, evidence }, newest);
      this.#known.set(id, { facts: factsOf(assertion), sequence: -1 });
      return { ok: true };
    });
  }

  async #applyPending(): Promise<void> {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    try {
      const ids = pending.map(({ word }) => word.id);
      const newest = await this.#deps.store.hotspotsById(ids, NEWEST);
      for (const { word, ...said } of pending) await this.#apply(word, said, newest.get(word.id));
    } catch (error) {
      // The next status packets say the same again.
      this.#deps.log("error", "Cannot register hotspots", { error: String(error) });
    }
  }

  async #apply(word: Word, said: Known, newest: Hotspot | undefined): Promise<void> {
    const known = this.#known.get(word.id) ?? (newest && knownOf(newest));
    if (known !== undefined && said.sequence <= known.sequence) return;
    if (known?.facts !== said.facts) await this.#put(word, newest);
    this.#known.set(word.id, { facts: said.facts, sequence: said.sequence });
  }

  async #put({ id, publicKey, assertion, atMs, evidence }: Word, newest: Hotspot | undefined): Promise<void> {
    const { log, store } = this.#deps;
    const fromEpoch = await this.#effectiveEpoch(id, newest, atMs);
    // A change that waits for the same epoch is replaced: what follows from it never was.
    const before =
      newest?.change.fromEpoch === fromEpoch
        ? (await store.hotspotsById([id], fromEpoch - 1)).get(id)
        : newest;
    const change = { atMs: Math.max(atMs, before?.change.atMs ?? 0), fromEpoch, evidence };
    const hotspot = changedHotspot(before, change, { publicKey, assertion });
    if (hotspot === undefined) throw new RangeError(`Region ${assertion.region} of ${id} is not known`);
    await store.putHotspot(hotspot);
    this.#listed?.add(id);
    this.#cache.changed(id, fromEpoch);
    const what = newest === undefined ? "Hotspot registered" : "Hotspot changed";
    log("info", what, { hotspot: id, epoch: fromEpoch });
  }

  async #effectiveEpoch(hotspotId: string, newest: Hotspot | undefined, atMs: number): Promise<number> {
    const { clock, progress, store } = this.#deps;
    const { openEpoch, parameters } = progress;
    if (newest === undefined)
      return (await store.hasVerdict(hotspotId, openEpoch)) ? openEpoch + 1 : openEpoch;
    // Receive times never run back, so they may be ahead of a clock that was set back.
    const nowMs = Math.max(clock.now(), atMs);
    const current = epochOf(Math.floor(nowMs / parameters.entropyPeriodMs), parameters);
    // Changes stay in order even when the machine's clock was set back.
    return Math.max(current + 1, openEpoch + 1, newest.change.fromEpoch);
  }
}

const knownOf = (hotspot: Hotspot): Known => ({
  facts: knownFacts(hotspot),
  sequence: evidenceSequence(hotspot),
});
