import {
  type Clock,
  changedHotspot,
  type Evidence,
  type EvidenceProblem,
  epochAtMs,
  epochSpanMs,
  evidenceProblem,
  explainVerdict,
  type Hotspot,
  hotspotId,
  isAdmissibleKey,
  isKeyChange,
  isRegionId,
  type Log,
  type Measurement,
  type NetworkParameters,
  type RoleSigners,
  readEvidence,
  registrationMessage,
  retiredProblem,
  type Signatories,
  type Signer,
  sha256,
  waitingProblem,
} from "@earshot/protocol";
import { BoundedMap, type Mutex } from "@earshot/protocol/runtime";
import type { Limits } from "../access/hotspot-limits.ts";
import type { ParametersLog } from "../parameters/parameters-log.ts";
import type { Store } from "../store/store.ts";
import type { Progress } from "../time/progress.ts";
import {
  type AssertedHotspot,
  evidenceSequence,
  factsOf,
  knownFacts,
  type OperatorRegistration,
} from "./assertion.ts";
import { forgetUnheard } from "./forget-unheard.ts";
import { HotspotCache } from "./hotspot-cache.ts";
import { applyKeyChange, type KeyChangeOutcome, newestAssertion, readKeyChange } from "./key-changes.ts";

/** `open`: any admissible key joins at the position it asserts. `listed`: only hotspots in the registry. */
export type RegistrationPolicy = "open" | "listed";

export interface RegistryDeps {
  store: Pick<
    Store,
    "hotspotsById" | "hotspotIds" | "hotspotHistory" | "putHotspot" | "putHotspots" | "forgetUnshown"
  >;
  policy: RegistrationPolicy;
  parameters: Pick<ParametersLog, "inForce">;
  progress: Progress;
  clock: Pick<Clock, "now" | "elapsedMs">;
  /** Signs the operator's registrations. */
  signer: Signer | RoleSigners;
  /** Of those that were signed before, which count. */
  keys: Uint8Array | Signatories;
  /** Judging runs in it too, so that no hotspot appears in the middle of a judgement. */
  mutex: Mutex;
  /** Held while it is announced what there is, and while that changes. */
  announcing: Mutex;
  limits: Pick<Limits, "maxUnheard" | "unheardDays">;
  log: Log;
  /** The assertion of a stored status packet changes nothing. */
  onRefused?(
    hotspotId: string,
    packetId: Uint8Array,
    reason: string,
    measurements: readonly Measurement[],
  ): void;
}

type RegistrationOutcome = { ok: true } | { ok: false; code: string; message: string };

interface Known {
  facts: string;
  /** Of the newest packet that asserted something; -1 when the operator registered it. */
  sequence: number;
}

/** A signed statement about a hotspot, before it is known what it changes. */
interface Statement {
  id: string;
  /** When it came. */
  atMs: number;
  evidence: Uint8Array;
}

/** Hotspots whose newest assertion is remembered, so that repeating it costs no read of the store. */
const MAX_KNOWN = 65_536;
/** Hotspots whose last refusal is remembered, and how long the same refusal is not sent again. */
const MAX_REFUSED = 4096;
const REPEAT_REFUSAL_MS = 3_600_000;
/** New hotspots after which it is checked whether too many are unheard. */
const CHECK_AFTER_NEW = 256;
/** Above every epoch: the newest of each hotspot, in force or not yet. */
const NEWEST = 0xffff_ffff;

/**
 * Which hotspots the network knows, and what of them. An epoch is judged by one registry, or its bundle could not be
 * judged again: a change, the first as any other, counts from the next epoch on; of several in one epoch the last.
 *
 * The registry itself is in the store: what is kept here is bounded, however many are registered, but for the ids of
 * a listed network.
 */
export class Registry {
  readonly #deps: RegistryDeps;
  readonly #cache: HotspotCache;
  readonly #known = new BoundedMap<string, Known>(MAX_KNOWN);
  /** What hotspots assert that is not stored yet. */
  readonly #pending = new Map<string, Known & { statement: Statement }>();
  #refused = new BoundedMap<string, { reason: string; elapsedMs: number }>(MAX_REFUSED);
  readonly #listed: Set<string> | undefined;
  #newSinceCheck = 0;
  #revision = 0;

  private constructor(deps: RegistryDeps, listed: Set<string> | undefined) {
    this.#deps = deps;
    this.#cache = new HotspotCache(deps.store);
    this.#listed = listed;
  }

  static async load(deps: RegistryDeps): Promise<Registry> {
    const listed = deps.policy === "listed" ? new Set(await deps.store.hotspotIds()) : undefined;
    return new Registry(deps, listed);
  }

  /** Another number whenever anything has changed. */
  get revision(): number {
    return this.#revision;
  }

  /** Whether the hotspot may log in and send. */
  isAllowed(hotspotId: string): boolean {
    return this.#listed === undefined || this.#listed.has(hotspotId);
  }

  /** These hotspots as an epoch is judged by them. Others may still join until it is closed. */
  hotspotsById(ids: Iterable<string>, epoch: number): Promise<Map<string, Hotspot>> {
    return this.#cache.hotspotsById(ids, epoch);
  }

  /** Changes of these hotspots were taken out of the store. */
  forget(ids: readonly string[]): void {
    for (const id of ids) {
      this.#known.delete(id);
      this.#cache.changed(id, 0);
    }
    this.#refused = new BoundedMap(MAX_REFUSED);
    this.#revision++;
  }

  /** Takes note of a signed status packet; acts upon it soon, where the policy is open. */
  assert({ id, assertion, sequence, receivedAtMs, evidence }: AssertedHotspot): void {
    if (this.#deps.policy !== "open" || !isRegionId(assertion.region)) return;
    const before: Known | undefined = this.#pending.get(id) ?? this.#known.get(id);
    if (before !== undefined && sequence <= before.sequence) return;
    const facts = factsOf(assertion);
    if (before?.facts === facts) {
      // Nothing new: the first packet that asserted it stays the evidence.
      before.sequence = sequence;
      return;
    }
    if (this.#pending.size === 0) void this.#deps.mutex.run(() => this.#applyPending());
    const statement = { id, atMs: receivedAtMs, evidence };
    this.#pending.set(id, { facts, sequence, statement });
  }

  /** Registers or changes a hotspot for the operator. Resolves when it is stored. */
  add(registration: OperatorRegistration): Promise<RegistrationOutcome> {
    const { announcing, mutex, store } = this.#deps;
    const { publicKey, ...assertion } = registration;
    const id = hotspotId(publicKey);
    if (!isAdmissibleKey(publicKey)) {
      const message = `The key of ${id} is not an admissible Ed25519 key: make a new one`;
      return Promise.resolve({ ok: false, code: "inadmissible_key", message });
    }
    return mutex.run(async () => {
      const newest = (await store.hotspotsById([id], NEWEST)).get(id);
      if (newest !== undefined && knownFacts(newest) === factsOf(assertion)) return { ok: true };
      return announcing.run(() => this.#register(registration, newest));
    });
  }

  async #register(
    registration: OperatorRegistration,
    newest: Hotspot | undefined,
  ): Promise<RegistrationOutcome> {
    const { progress, signer } = this.#deps;
    const { publicKey, ...assertion } = registration;
    const id = hotspotId(publicKey);
    const atMs = this.#timeAfter(newest, 0);
    const evidence = registrationMessage.seal({ ...registration, atMs }, signer, progress.parameters.network);
    const problem = await this.#put({ id, atMs, evidence }, newest);
    if (problem !== undefined) return refusedRegistration(id, problem);
    this.#known.set(id, { facts: factsOf(assertion), sequence: -1 });
    return { ok: true };
  }

  /** Takes in what a hotspot signed about its key. Resolves when it is stored; the same message again is refused. */
  async changeKey(message: Uint8Array): Promise<KeyChangeOutcome> {
    const read = await readKeyChange(message, this.#historyDeps());
    if (!read.ok) return read;
    return this.#deps.mutex.run(async () => {
      const outcome = await this.#deps.announcing.run(() =>
        applyKeyChange(read.change, message, {
          ...this.#historyDeps(),
          parametersAt: (atMs) => this.#parametersAt(atMs),
          timeAfter: (newest) => Math.max(...[undefined, ...newest].map((one) => this.#timeAfter(one, 0))),
        }),
      );
      if (!outcome.ok) return outcome;
      this.#revision++;
      const { hotspotId: id, successor, fromEpoch } = outcome;
      for (const changed of [id, ...(successor === null ? [] : [successor])]) {
        this.#known.delete(changed);
        this.#cache.changed(changed, fromEpoch);
        this.#listed?.add(changed);
      }
      this.#deps.log.info("Key retired", { hotspot: id, successor, epoch: fromEpoch });
      return outcome;
    });
  }

  /**
   * `forgetUnheard`. To be called where nothing else changes the registry (`mutex`).
   * @returns whether there may be more to forget
   */
  async forgetUnheard(): Promise<boolean> {
    this.#newSinceCheck = 0;
    if (this.#deps.policy !== "open") return false;
    const { forgotten, isAll } = await this.#deps.announcing.run(() => forgetUnheard(this.#deps));
    this.#revision++;
    for (const id of forgotten) {
      this.#known.delete(id);
      this.#cache.changed(id, 0);
    }
    return !isAll;
  }

  async #applyPending(): Promise<void> {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    try {
      const ids = pending.map(({ statement }) => statement.id);
      const newest = await this.#deps.store.hotspotsById(ids, NEWEST);
      for (const { statement, ...asserted } of pending)
        await this.#apply(statement, asserted, newest.get(statement.id));
      if (this.#newSinceCheck >= CHECK_AFTER_NEW) await this.forgetUnheard();
    } catch (error) {
      // The next status packets repeat it.
      this.#deps.log.error("Cannot register hotspots", { err: error });
    }
  }

  async #apply(statement: Statement, asserted: Known, newest: Hotspot | undefined): Promise<void> {
    const known = this.#known.get(statement.id) ?? (newest && knownOf(newest));
    if (known !== undefined && asserted.sequence <= known.sequence) return;
    if (known?.facts !== asserted.facts) {
      const problem = await this.#deps.announcing.run(() =>
        this.#put({ ...statement, atMs: this.#timeAfter(newest, statement.atMs) }, newest),
      );
      if (problem !== undefined) return this.#refuse(statement, problem);
    }
    this.#known.set(statement.id, { facts: asserted.facts, sequence: asserted.sequence });
  }

  /** Makes the change, or returns why this statement may not make it. */
  async #put(
    { id, atMs, evidence }: Statement,
    newest: Hotspot | undefined,
  ): Promise<EvidenceProblem | undefined> {
    const { keys, log, progress, store } = this.#deps;
    const read = readEvidence(evidence, progress.parameters.network, keys);
    if (read === undefined) throw new TypeError(`The evidence about ${id} cannot be read`);
    const takenAtMs = Math.max(atMs, read.atMs);
    const fromEpoch = epochAtMs(takenAtMs, progress.parameters) + 1;
    // A change that waits for the same epoch is replaced: what follows from it never was.
    const changes = newest === undefined ? [] : await store.hotspotHistory(id);
    const staying = changes.filter(({ change }) => change.fromEpoch !== fromEpoch);
    const problem =
      this.#heldBack(newest, fromEpoch) ??
      (await this.#problemOf(read, atMs, changes)) ??
      (await this.#problemOf(read, atMs, staying));
    if (problem !== undefined) return problem;
    const change = { atMs: takenAtMs, fromEpoch, evidence };
    const hotspot = changedHotspot(staying.at(-1), change, read);
    if (hotspot === undefined) throw new RangeError(`Region ${read.assertion.region} of ${id} is not known`);
    await store.putHotspot(hotspot, read.by === "operator");
    if (newest === undefined) this.#newSinceCheck++;
    this.#listed?.add(id);
    this.#cache.changed(id, fromEpoch);
    this.#revision++;
    const what = newest === undefined ? "Hotspot registered" : "Hotspot changed";
    log.info(what, { hotspot: id, epoch: fromEpoch });
    return undefined;
  }

  /** Verifiers ask the same of the changes in a bundle. */
  async #problemOf(
    evidence: Evidence,
    atMs: number,
    changes: readonly Hotspot[],
  ): Promise<EvidenceProblem | undefined> {
    const latest = await newestAssertion(changes, this.#historyDeps());
    return evidenceProblem(evidence, atMs, latest, this.#parametersAt(atMs));
  }

  #historyDeps() {
    const { keys, progress, store } = this.#deps;
    return { store, network: progress.parameters.network, keys };
  }

  #parametersAt(atMs: number): NetworkParameters {
    const { parameters, progress } = this.#deps;
    return parameters.inForce(epochAtMs(atMs, progress.parameters)).parameters;
  }

  /** A change of its key is its last, or comes first. */
  #heldBack(newest: Hotspot | undefined, fromEpoch: number): EvidenceProblem | undefined {
    const isWaiting = newest?.change.fromEpoch === fromEpoch && isKeyChange(newest.change.evidence);
    return retiredProblem(newest) ?? (isWaiting ? waitingProblem(fromEpoch) : undefined);
  }

  /**
   * When a change is taken in. Changes stay in order, and none lies before the epoch that is judged, even when the
   * machine's clock was set back.
   */
  #timeAfter(newest: Hotspot | undefined, receivedAtMs: number): number {
    const { clock, progress } = this.#deps;
    const { openEpoch, parameters } = progress;
    const takenAtMs = Math.max(
      progress.receivedAtMs(Math.max(clock.now(), receivedAtMs)),
      epochSpanMs(openEpoch, parameters).fromMs,
    );
    return Math.max(progress.changeAtMs(takenAtMs), (newest?.change.atMs ?? 0) + 1);
  }

  /** Sent to the hotspot and logged; the same refusal again only after a while, since each status may repeat the assertion. */
  #refuse({ id, evidence }: Statement, { reason, measurements }: EvidenceProblem): void {
    const { clock, log, onRefused } = this.#deps;
    const told = this.#refused.get(id);
    if (told?.reason === reason && clock.elapsedMs() - told.elapsedMs < REPEAT_REFUSAL_MS) return;
    this.#refused.set(id, { reason, elapsedMs: clock.elapsedMs() });
    log.warn("Assertion changes nothing", { hotspot: id, reason, ...numbersOf(measurements) });
    onRefused?.(id, sha256(evidence), reason, measurements);
  }
}

function refusedRegistration(
  id: string,
  { reason, field, allowed, found, measurements }: EvidenceProblem,
): RegistrationOutcome {
  const message = `${id}: ${field} is ${found}; allowed is ${allowed}. ${explainVerdict({ reason, measurements })}`;
  return { ok: false, code: reason, message };
}

const numbersOf = (measurements: readonly Measurement[]): Record<string, number> =>
  Object.fromEntries(measurements.map(({ name, value }) => [name, value]));

const knownOf = (hotspot: Hotspot): Known => ({
  facts: knownFacts(hotspot),
  sequence: evidenceSequence(hotspot),
});
