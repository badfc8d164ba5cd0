import type { GatewayMetrics } from "../metrics.ts";
import type { StoredPacket } from "../store/store.ts";

interface Waiting {
  packet: StoredPacket;
  settle: PromiseWithResolvers<boolean>;
}

export interface BatcherDeps {
  /** Durable when it resolves, with the ids that are new. */
  addPackets(packets: readonly StoredPacket[]): Promise<ReadonlySet<string>>;
  metrics: Pick<GatewayMetrics, "batches" | "batchedPackets" | "largestBatch">;
  /**
   * Calls back soon, when what arrives together has been gathered. `queueMicrotask` by default; a server passes
   * `setImmediate`, so that all packets read in one turn of the event loop share a transaction.
   */
  gather?: (flush: () => void) => void;
  maxBatch?: number;
  maxQueued?: number;
}

/**
 * Group commit: while one transaction runs the next batch gathers. Who waits for an answer does not read on, so each
 * connection holds few packets here; should `maxQueued` wait all the same, further ones are turned away.
 */
export class Batcher {
  readonly #deps: BatcherDeps;
  readonly #maxBatch: number;
  readonly #maxQueued: number;
  #queue: Waiting[] = [];
  #storing: Promise<void> | undefined;
  #isRunning = false;

  constructor(deps: BatcherDeps) {
    this.#deps = deps;
    this.#maxBatch = deps.maxBatch ?? 1000;
    this.#maxQueued = deps.maxQueued ?? 50_000;
  }

  /**
   * Resolves once the packet is durable: true if it is new.
   * @throws {Error} if too many packets wait already, or if the store fails: then it is not known to be durable
   */
  async add(packet: StoredPacket): Promise<boolean> {
    if (this.#queue.length >= this.#maxQueued) {
      throw new Error(`Cannot take packet ${packet.id}: ${this.#queue.length} wait to be stored already`);
    }
    const settle = Promise.withResolvers<boolean>();
    this.#queue.push({ packet, settle });
    if (!this.#isRunning) this.#start();
    return settle.promise;
  }

  /** Resolves once all packets added before are durable or have failed. */
  async drained(): Promise<void> {
    await Promise.allSettled([this.#storing, ...this.#queue.map(({ settle }) => settle.promise)]);
  }

  #start(): void {
    this.#isRunning = true;
    const { gather = queueMicrotask } = this.#deps;
    gather(() => void this.#run());
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue.slice(0, this.#maxBatch);
      this.#queue = this.#queue.slice(this.#maxBatch);
      this.#storing = this.#store(batch);
      await this.#storing;
    }
    this.#isRunning = false;
  }

  async #store(batch: readonly Waiting[]): Promise<void> {
    const firsts = new Map<string, StoredPacket>();
    for (const { packet } of batch) if (!firsts.has(packet.id)) firsts.set(packet.id, packet);
    try {
      const added = await this.#deps.addPackets([...firsts.values()]);
      this.#count(batch.length);
      for (const { packet, settle } of batch) {
        settle.resolve(added.has(packet.id) && firsts.get(packet.id) === packet);
      }
    } catch (error) {
      for (const { settle } of batch) settle.reject(error);
    }
  }

  #count(packets: number): void {
    const { metrics } = this.#deps;
    metrics.batches++;
    metrics.batchedPackets += packets;
    metrics.largestBatch = Math.max(metrics.largestBatch, packets);
  }
}
