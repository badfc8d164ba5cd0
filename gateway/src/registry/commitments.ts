import {
  type AcceptedCommitment,
  type AnnouncedCommitments,
  type Clock,
  chainAtMs,
  commitmentProblem,
  type EvidenceProblem,
  epochAtMs,
  epochSpanMs,
  firstChainOf,
  type Log,
  type Measurement,
  readCommitments,
  sha256,
} from "@earshot/protocol";
import { BoundedMap, type Mutex } from "@earshot/protocol/runtime";
import type { ParametersLog } from "../parameters/parameters-log.ts";
import type { Store } from "../store/store.ts";
import type { Progress } from "../time/progress.ts";

interface CommitmentDeps {
  store: Pick<Store, "addCommitments" | "commitments" | "hotspotsById">;
  parameters: Pick<ParametersLog, "inForce">;
  progress: Progress;
  clock: Pick<Clock, "now">;
  /** Judging runs in it too. */
  mutex: Mutex;
  /** Held while it is announced what there is, and while that changes. */
  announcing: Mutex;
  log: Log;
  /** A commitment of a stored status packet is not accepted. */
  onRefused?(
    hotspotId: string,
    packetId: Uint8Array,
    reason: string,
    measurements: readonly Measurement[],
  ): void;
}

interface Announcement {
  id: string;
  receivedAtMs: number;
  evidence: Uint8Array;
  /** What is announced, as text. */
  facts: string;
}

/** Hotspots whose last announcement is remembered, so that repeating it costs no read of the store. */
const MAX_KNOWN = 65_536;

/**
 * Accepts what hotspots commit to in their status packets: of each chain the first counts, from the next epoch on, so
 * that it was made before anybody knew the entropy of the beacons that it is about. Repeating it changes nothing.
 */
export class Commitments {
  readonly #deps: CommitmentDeps;
  /** What each hotspot announced last, by id. */
  readonly #known = new BoundedMap<string, string>(MAX_KNOWN);
  readonly #pending = new Map<string, Announcement>();

  #revision = 0;

  constructor(deps: CommitmentDeps) {
    this.#deps = deps;
  }

  /** Another number whenever one was accepted, or taken back. */
  get revision(): number {
    return this.#revision;
  }

  /** Takes note of a stored status packet; acts upon it soon. */
  note({ id, receivedAtMs, evidence, commitments }: NotedCommitments): void {
    const facts = commitments.map(({ chain, head }) => `${chain} ${head.toHex()}`).join();
    if (facts === (this.#pending.get(id)?.facts ?? this.#known.get(id))) return;
    if (this.#pending.size === 0)
      void this.#deps.mutex.run(() => this.#deps.announcing.run(() => this.#applyPending()));
    this.#pending.set(id, { id, receivedAtMs, evidence, facts });
  }

  /** Commitments were taken out of the store. */
  forgetAll(): void {
    this.#known.clear();
    this.#revision++;
  }

  async #applyPending(): Promise<void> {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    try {
      const ids = pending.map(({ id }) => id);
      const registered = await this.#deps.store.hotspotsById(ids);
      const accepted = await this.#deps.store.commitments(ids);
      for (const announcement of pending) {
        // Who is not registered yet repeats it.
        if (registered.has(announcement.id))
          await this.#apply(announcement, accepted.get(announcement.id) ?? []);
      }
    } catch (error) {
      // The next status packets repeat it.
      this.#deps.log.error("Cannot accept commitments", { err: error });
    }
  }

  async #apply(announcement: Announcement, accepted: readonly AcceptedCommitment[]): Promise<void> {
    const { progress, parameters, store, log } = this.#deps;
    const { id, evidence, facts } = announcement;
    const read = readCommitments(evidence);
    if (read === undefined) throw new TypeError(`The commitments of ${id} cannot be read`);
    const atMs = this.#timeOf(announcement, read);
    const inForce = parameters.inForce(epochAtMs(atMs, progress.parameters)).parameters;
    const times = { signedAtMs: read.atMs, atMs };
    const added: AcceptedCommitment[] = [];
    for (const commitment of read.commitments) {
      const problem = commitmentProblem(commitment, times, [...accepted, ...added], inForce);
      // A chain that ended while the packet was on its way is of no use.
      if (problem !== undefined && commitment.chain >= chainAtMs(atMs, inForce))
        this.#refuse(announcement, problem);
      const isKnown = [...accepted, ...added].some(({ chain }) => chain === commitment.chain);
      if (problem !== undefined || isKnown) continue;
      const fromEpoch = epochAtMs(atMs, progress.parameters) + 1;
      added.push({ ...commitment, atMs, fromEpoch, evidence });
    }
    if (added.length > 0) {
      // What the open epoch may be judged by stays.
      const open = firstChainOf(progress.openEpoch, progress.parameters);
      await store.addCommitments(id, added, Math.min(open, chainAtMs(atMs, inForce) - 1));
      this.#revision++;
      log.info("Hotspot committed to its beacons", { hotspot: id, epoch: added[0]?.fromEpoch });
    }
    this.#known.set(id, facts);
  }

  /** When it is accepted: not before it was signed, nor in an epoch that is over, even when the clock was set back. */
  #timeOf({ receivedAtMs }: Announcement, { atMs }: AnnouncedCommitments): number {
    const { clock, progress } = this.#deps;
    const nowMs = progress.receivedAtMs(Math.max(clock.now(), receivedAtMs));
    const { fromMs } = epochSpanMs(progress.openEpoch, progress.parameters);
    const skewMs = this.#deps.parameters.inForce(progress.openEpoch).parameters.clockSkewMs;
    const takenMs = Math.max(nowMs, fromMs);
    return progress.changeAtMs(atMs > takenMs && atMs - takenMs <= skewMs ? atMs : takenMs);
  }

  #refuse({ id, evidence }: Announcement, { reason, measurements }: EvidenceProblem): void {
    const numbers = Object.fromEntries(measurements.map(({ name, value }) => [name, value]));
    this.#deps.log.warn("Commitment is not accepted", { hotspot: id, reason, ...numbers });
    this.#deps.onRefused?.(id, sha256(evidence), reason, measurements);
  }
}

/** What a stored status packet commits to. */
export interface NotedCommitments extends Pick<Announcement, "id" | "receivedAtMs" | "evidence"> {
  commitments: AnnouncedCommitments["commitments"];
}
