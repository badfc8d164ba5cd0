import type { GatewayMetrics } from "../monitoring/metrics.ts";
import type { StoredPacket } from "../store/records.ts";

/** Packets that one transaction will store. One promise serves them all: a promise for each costs more than its row. */
class Batch {
  /** By id: of packets that come twice in a batch the first is stored. */
  readonly packets = new Map<string, StoredPacket>();
  readonly stored = Promise.withResolvers<ReadonlySet<string>>();
}

export interface BatcherDeps {
  /** Durable when it resolves, with the ids that are new. */
  addPackets(packets: readonly StoredPacket[]): Promise<ReadonlySet<string>>;
  metrics: Pick<GatewayMetrics, "batches" | "batchedPackets" | "largestBatch">;
  /**
   * Calls back soon, when what arrives together has been gathered. `queueMicrotask` by default; a server passes
   * `setImmediate`, so that all packets read in one turn of the event loop share a transaction.
   */
  scheduleFlush?: (flush: () => void) => void;
  maxBatch?: number;
  maxQueued: number;
}

/**
 * Group commit: while one transaction runs the next batch gathers. Who waits for an answer does not read on, so each
 * connection holds few packets here; beyond `maxQueued` further ones are refused.
 */
export class Batcher {
  readonly #deps: BatcherDeps;
  readonly #maxBatch: number;
  readonly #maxQueued: number;
  #queue: Batch[] = [];
  #storing: Promise<unknown> | undefined;
  #isRunning = false;

  constructor(deps: BatcherDeps) {
    this.#deps = deps;
    this.#maxBatch = deps.maxBatch ?? 1000;
    this.#maxQueued = deps.maxQueued;
  }

  /**
   * Resolves once the packet is durable: true if it is new.
   * @throws {Error} if too many packets wait already, or if the store fails: then it is not known to be durable
   */
  async add(packet: StoredPacket): Promise<boolean> {
    const batch = this.#batchFor(packet);
    const isFirst = !batch.packets.has(packet.id);
    if (isFirst) batch.packets.set(packet.id, packet);
    if (!this.#isRunning) this.#start();
    const added = await batch.stored.promise;
    return isFirst && added.has(packet.id);
  }

  /** Nothing waits, and no transaction runs. */
  get isIdle(): boolean {
    return !this.#isRunning;
  }

  /** Resolves once all packets added before are durable or have failed. */
  async drained(): Promise<void> {
    await Promise.allSettled([this.#storing, ...this.#queue.map(({ stored }) => stored.promise)]);
  }

  #batchFor({ id }: StoredPacket): Batch {
    const last = this.#queue.at(-1);
    if (last !== undefined && last.packets.size < this.#maxBatch) return last;
    if (this.#queue.length * this.#maxBatch >= this.#maxQueued) {
      throw new Error(`Cannot take packet ${id}: ${this.#maxQueued} wait to be stored already`);
    }
    const batch = new Batch();
    this.#queue.push(batch);
    return batch;
  }

  #start(): void {
    this.#isRunning = true;
    const { scheduleFlush = queueMicrotask } = this.#deps;
    scheduleFlush(() => void this.#run());
  }

  async #run(): Promise<void> {
    for (let batch = this.#queue.shift(); batch !== undefined; batch = this.#queue.shift()) {
      this.#storing = batch.stored.promise;
      await this.#store(batch);
    }
    this.#isRunning = false;
  }

  async #store({ packets, stored }: Batch): Promise<void> {
    try {
      const added = await this.#deps.addPackets([...packets.values()]);
      this.#count(packets.size);
      stored.resolve(added);
    } catch (error) {
      stored.reject(error);
    }
  }

  #count(packets: number): void {
    const { metrics } = this.#deps;
    metrics.batches++;
    metrics.batchedPackets += packets;
    metrics.largestBatch = Math.max(metrics.largestBatch, packets);
  }
}
