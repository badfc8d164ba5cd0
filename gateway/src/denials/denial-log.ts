import {
  type Clock,
  type Denial,
  denialMessage,
  denialSubject,
  denialsInForce,
  epochAtMs,
  type RoleSigners,
  type Signer,
} from "@earshot/protocol";
import { BoundedMap, type Mutex } from "@earshot/protocol/runtime";
import type { StoredDenial } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import type { Progress } from "../time/progress.ts";

interface DenialLogDeps {
  store: Pick<Store, "addDenial" | "denials">;
  progress: Progress;
  clock: Pick<Clock, "now">;
  signer: Signer | RoleSigners;
  /** Judging runs in it too, so that no denial appears in the middle of a judgement. */
  mutex: Mutex;
  /** Held while it is announced what there is, and while that changes. */
  announcing: Mutex;
}

/** A hotspot, or the edge between it and a peer; public keys. */
export type Denied = Pick<Denial, "hotspot" | "peer">;

/** Epochs whose denials are cached: the one being judged, and those that late reports are filed under. */
const MAX_EPOCHS = 4;

/** All denials that the network ever signed, and which hold in an epoch. */
export class DenialLog {
  readonly #deps: DenialLogDeps;
  #all: StoredDenial[];
  #inForce = new BoundedMap<number, ReadonlyMap<string, Denial>>(MAX_EPOCHS);

  private constructor(deps: DenialLogDeps, all: StoredDenial[]) {
    this.#deps = deps;
    this.#all = all;
  }

  static async load(deps: DenialLogDeps): Promise<DenialLog> {
    return new DenialLog(deps, await deps.store.denials());
  }

  /** After denials were taken out of the store. */
  async reload(): Promise<void> {
    this.#all = await this.#deps.store.denials();
    this.#inForce = new BoundedMap(MAX_EPOCHS);
  }

  /** In the order in which they were signed. */
  get all(): readonly StoredDenial[] {
    return this.#all;
  }

  /** Those that hold in an epoch, by `denialSubject`. */
  inForce(epoch: number): ReadonlyMap<string, Denial> {
    const known = this.#inForce.get(epoch);
    if (known !== undefined) return known;
    const found = denialsInForce(
      this.#all.map(({ denial }) => denial),
      epoch,
    );
    this.#inForce.set(epoch, found);
    return found;
  }

  /** Denies for so many epochs, from the next that has not begun. Replaces an earlier denial of the same subject. */
  deny(denied: Denied & Pick<Denial, "reason" | "evidence">, epochs: number): Promise<StoredDenial> {
    return this.#deps.mutex.run(() => this.#sign(denied, epochs));
  }

  /** Ends a denial with the epoch that runs now; `undefined` if none holds after it. */
  revoke(denied: Denied): Promise<StoredDenial | undefined> {
    return this.#deps.mutex.run(async () => {
      const subject = denialSubject(denied);
      const newest = this.#all.findLast(({ denial }) => denialSubject(denial) === subject)?.denial;
      if (newest === undefined || newest.untilEpoch <= this.#nextEpoch(this.#deps.clock.now()))
        return undefined;
      return this.#sign(newest, 0);
    });
  }

  async #sign(
    { hotspot, peer, reason, evidence }: Denied & Pick<Denial, "reason" | "evidence">,
    epochs: number,
  ): Promise<StoredDenial> {
    const { announcing } = this.#deps;
    return announcing.run(() => this.#signNow({ hotspot, peer, reason, evidence }, epochs));
  }

  async #signNow(
    { hotspot, peer, reason, evidence }: Denied & Pick<Denial, "reason" | "evidence">,
    epochs: number,
  ): Promise<StoredDenial> {
    const { clock, progress, signer, store } = this.#deps;
    // The newest counts: no two are of one moment, and each is signed before it begins to hold.
    const now = progress.changeAtMs(clock.now());
    const atMs = Math.max(now, (this.#all.at(-1)?.denial.atMs ?? 0) + 1);
    const fromEpoch = this.#nextEpoch(atMs);
    const fields = { reason, evidence, atMs, fromEpoch, untilEpoch: fromEpoch + epochs };
    const denial: Denial = { ...inOrder(hotspot, peer), ...fields };
    const message = denialMessage.seal(denial, signer, progress.parameters.network);
    await store.addDenial(denial, message);
    const stored = { denial, message };
    this.#all.push(stored);
    for (const [epoch] of [...this.#inForce]) if (epoch >= fromEpoch) this.#inForce.delete(epoch);
    return stored;
  }

  #nextEpoch(nowMs: number): number {
    const { openEpoch, parameters } = this.#deps.progress;
    return Math.max(epochAtMs(nowMs, parameters), openEpoch) + 1;
  }
}

/** The two ends of an edge, the smaller key first. */
const inOrder = (hotspot: Uint8Array, peer: Uint8Array | null): Denied =>
  peer !== null && peer.toHex() < hotspot.toHex() ? { hotspot: peer, peer: hotspot } : { hotspot, peer };
