import {
  deadlineMs,
  type Log,
  MAX_PACKET_BYTES,
  type Measurement,
  parseUpTopic,
  sha256,
} from "@earshot/protocol";
import type { Limits } from "../access/hotspot-limits.ts";
import type { KeyCache } from "../access/key-cache.ts";
import { count, type GatewayMetrics } from "../monitoring/metrics.ts";
import type { StoredPacket } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import type { Arrival, Progress } from "../time/progress.ts";
import type { SteadyClock } from "../time/steady-clock.ts";
import { Batcher, type BatcherDeps } from "./batcher.ts";
import { type CheckedPacket, checkPacket, isWill, openSent } from "./check-packet.ts";
import { Quota } from "./quota.ts";
import { SenderCache } from "./sender-cache.ts";
import { SignatureQueue, type VerifyElsewhere, verifyNow } from "./signature-queue.ts";

/**
 * `stored` and `duplicate` mean that the packet is in the store. `noted`: an offline will, which leaves a mark and
 * no packet. A refused packet must be acknowledged too, or its sender repeats it for ever.
 */
export type IngestOutcome =
  | { ok: true; outcome: "stored" | "duplicate" | "noted"; packetId: string }
  | { ok: false; reason: string; packetId: string };

/** Packets whose signature is being checked, or that wait to be stored; further ones are refused. */
const MAX_WAITING = 50_000;

/** Reports that may wait for the entropy of the period that has just begun. */
const MAX_EARLY = 1000;

interface IngestDeps {
  progress: Progress;
  clock: Pick<SteadyClock, "now" | "elapsedMs" | "doubt" | "trusted">;
  limits: Limits;
  keys: KeyCache;
  metrics: GatewayMetrics;
  isAllowed(hotspotId: string): boolean;
  store: Pick<Store, "addPackets" | "packetsBySequence">;
  scheduleFlush: BatcherDeps["scheduleFlush"];
  /** Without it all signatures are checked here, at once, which keeps virtual time exact. */
  verifyElsewhere: VerifyElsewhere | undefined;
  /** A new packet is durable. */
  onStored(checked: CheckedPacket, stored: StoredPacket): void;
  /** A packet came again: as it was filed when it came first. */
  onKnown(checked: CheckedPacket, stored: StoredPacket): void;
  /** The broker published a hotspot's last will. */
  onWill(hotspotId: string): Promise<void>;
  /** Not stored. `hotspotId` is known when its owner is the authenticated sender. */
  onRefused(
    reason: string,
    packetId: Uint8Array,
    hotspotId: string | undefined,
    measurements: readonly Measurement[],
  ): void;
  log: Log;
}

interface RefusedPacket {
  topic?: string;
  bytes: Uint8Array;
  sender: string | undefined;
  measurements?: readonly Measurement[];
}

/** Ingest: checks a packet, files it under an epoch, stores it, and only then answers. */
export class Ingest {
  readonly #deps: IngestDeps;
  readonly #batcher: Batcher;
  readonly #senders: SenderCache;
  readonly #quota: Quota;
  #early = 0;
  readonly #signatures: SignatureQueue | undefined;

  constructor(deps: IngestDeps) {
    this.#deps = deps;
    this.#senders = new SenderCache(deps.progress.parameters.network, deps.keys);
    this.#quota = new Quota(deps);
    const { store, metrics, scheduleFlush, verifyElsewhere } = deps;
    this.#signatures =
      verifyElsewhere &&
      new SignatureQueue({
        verifyElsewhere,
        scheduleFlush: scheduleFlush ?? queueMicrotask,
        maxWaiting: MAX_WAITING,
        onFailure: (error) => deps.log.error("Signature threads failed", { err: error }),
      });
    this.#batcher = new Batcher({
      addPackets: (packets) => store.addPackets(packets),
      metrics,
      maxQueued: MAX_WAITING,
      ...(scheduleFlush === undefined ? {} : { scheduleFlush }),
    });
  }

  async ingest(topic: string, bytes: Uint8Array, sender?: string): Promise<IngestOutcome> {
    const { clock, isAllowed, progress } = this.#deps;
    const nowMs = clock.doubt === undefined ? clock.now() : await this.#trustedMs();
    const arrival = progress.arrival(nowMs);
    const { network, entropyPeriodMs } = progress.parameters;
    const checks = {
      network,
      senders: this.#senders,
      isAllowed,
      latestIndex: Math.max(progress.publishedThrough, Math.floor(nowMs / entropyPeriodMs)),
      quota: this.#quota,
    };
    const opened = openSent(topic, bytes, checks, sender);
    const job = opened.ok ? opened.sent : undefined;
    // A single packet is checked here, which is faster; beside others it waits for its turn, also to be refused.
    const isSigned = this.#isBusy()
      ? await this.#signatures?.check(job)
      : job !== undefined && verifyNow(job);
    if (!opened.ok) return this.#refuse(opened.reason, { topic, bytes, sender });
    const result = checkPacket(opened.sent, isSigned === true, checks);
    if (!result.ok) return this.#refuse(result.reason, { topic, bytes, sender });
    const index = result.checked.about?.entropyIndex;
    if (index === undefined || index <= progress.publishedThrough)
      return this.#accept(result.checked, arrival);
    if (!(await this.#publication(index))) return this.#refuse("from_future", { topic, bytes, sender });
    return this.#accept(result.checked, progress.arrival(clock.now()));
  }

  #isBusy(): boolean {
    return this.#signatures !== undefined && !(this.#signatures.isEmpty && this.#batcher.isIdle);
  }

  /**
   * Waits for the entropy of a period that has just begun (it is being made, or cannot be while the disk is full): a report
   * that names it is not refused, and counts as received afterwards. False if too many wait.
   */
  async #publication(index: number): Promise<boolean> {
    const { progress } = this.#deps;
    if (this.#early >= MAX_EARLY) return false;
    this.#early++;
    while (progress.publishedThrough < index) await progress.nextPublication;
    this.#early--;
    return true;
  }

  /** Resolves once all packets that were taken in before are durable or have failed. */
  async drained(): Promise<void> {
    if (this.#signatures?.isEmpty === false) await this.#signatures.check(undefined);
    await this.#batcher.drained();
  }

  /** The receive time of a packet that came while the clock was in doubt, by the clock once trusted; its sender waits. */
  async #trustedMs(): Promise<number> {
    const { clock } = this.#deps;
    const arrivedMs = clock.elapsedMs();
    await clock.trusted();
    return Math.round(clock.now() - (clock.elapsedMs() - arrivedMs));
  }

  async #accept(checked: CheckedPacket, arrival: Arrival): Promise<IngestOutcome> {
    const { metrics, onStored, onWill } = this.#deps;
    const packetId = checked.decoded.id.toHex();
    if (isWill(checked.decoded)) {
      await onWill(checked.hotspotId);
      return { ok: true, outcome: "noted", packetId };
    }
    const stored = this.#file(checked, packetId, arrival);
    const isNew = await this.#batcher.add(stored).catch((error: unknown) => {
      this.#releaseReport(stored);
      throw error;
    });
    if (!isNew) return this.#notNew(checked, stored);
    count(metrics.accepted, stored.type);
    onStored(checked, stored);
    return { ok: true, outcome: "stored", packetId };
  }

  /** It is stored already, or two others with its number are. */
  async #notNew(checked: CheckedPacket, packet: StoredPacket): Promise<IngestOutcome> {
    const { metrics, onKnown, store } = this.#deps;
    const { bytes, hotspotId, id, sequence } = packet;
    const known = await store.packetsBySequence(hotspotId, [sequence]);
    const first = known.find((other) => other.id === id);
    if (first === undefined) {
      this.#releaseReport(packet);
      const measurements = [{ name: "sequence", value: sequence }];
      return this.#refuse("sequence_reused", { bytes, sender: hotspotId, measurements });
    }
    metrics.duplicates++;
    onKnown(checked, first);
    return { ok: true, outcome: "duplicate", packetId: id };
  }

  #releaseReport({ hotspotId, id, type, entropyIndex }: StoredPacket): void {
    if (entropyIndex === null) return;
    this.#quota.releaseReport(hotspotId, { id: Uint8Array.fromHex(id), type, entropyIndex });
  }

  #file({ decoded, hotspotId, about }: CheckedPacket, id: string, arrival: Arrival): StoredPacket {
    const { progress } = this.#deps;
    const { packet } = decoded;
    const { receivedAtMs } = arrival;
    return {
      id,
      hotspotId,
      type: packet.type,
      sequence: packet.sequence,
      receivedAtMs,
      bytes: decoded.bytes,
      entropyIndex: about?.entropyIndex ?? null,
      epoch: about === undefined ? null : progress.epochFor(about.entropyIndex, arrival),
      isLate:
        about !== undefined && receivedAtMs > deadlineMs(about.type, about.entropyIndex, progress.parameters),
      ...(packet.type === "reading" && { reading: { source: packet.source, atMs: packet.atMs } }),
    };
  }

  #refuse(reason: string, { topic = "", bytes, sender, measurements = [] }: RefusedPacket): IngestOutcome {
    const { log, metrics, onRefused } = this.#deps;
    count(metrics.refused, reason);
    // An oversized packet is named by its first bytes: hashing all of it would be free work for the sender.
    const id = sha256(bytes.length > MAX_PACKET_BYTES ? bytes.subarray(0, MAX_PACKET_BYTES) : bytes);
    const packetId = id.toHex();
    if (log.isDebug) {
      // Whose topic it came by, where no login says who sent it.
      const hotspot = sender ?? parseUpTopic(topic)?.hotspot;
      log.debug("Packet refused", { hotspot, packet: packetId, reason, byteLength: bytes.length });
    }
    onRefused(reason, id, sender, measurements);
    return { ok: false, reason, packetId };
  }
}
