import type { Log } from "@earshot/protocol";
import { type ReceivedStatus, sentAtMs } from "../store/records.ts";
import type { Store } from "../store/store.ts";

interface StatusIntakeDeps {
  store: Pick<Store, "putStatuses">;
  /** Tells the hotspot, in answer to this status packet, which of its packets are stored. */
  sendReceipt(hotspotId: string, statusId: string): Promise<void>;
  log: Log;
}

export interface NotedStatus extends ReceivedStatus {
  /** SHA-256 of the packet, hex. */
  packetId: string;
}

/**
 * What follows a stored status packet: the table of newest statuses and a receipt. Done after the PUBACK and for many
 * at once; at most one status per hotspot waits.
 */
export class StatusIntake {
  readonly #deps: StatusIntakeDeps;
  readonly #waiting = new Map<string, NotedStatus>();
  #running: Promise<void> | undefined;

  constructor(deps: StatusIntakeDeps) {
    this.#deps = deps;
  }

  note(report: NotedStatus): void {
    const other = this.#waiting.get(report.hotspotId);
    if (other === undefined || sentAtMs(report) >= sentAtMs(other)) {
      this.#waiting.set(report.hotspotId, report);
    }
    this.#running ??= this.#run();
  }

  /** Resolves once nothing waits. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    await Promise.resolve();
    while (this.#waiting.size > 0) {
      const reports = [...this.#waiting.values()];
      this.#waiting.clear();
      try {
        await this.#deps.store.putStatuses(reports);
        for (const { hotspotId, packetId } of reports) await this.#deps.sendReceipt(hotspotId, packetId);
      } catch (error) {
        // Both come again with the next status packet.
        this.#deps.log.error("Cannot follow up status packets", { err: error });
      }
    }
    this.#running = undefined;
  }
}
