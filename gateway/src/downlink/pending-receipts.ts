import { MAX_RECEIPT_PACKETS, type StoredPacketNotice } from "@earshot/protocol";

interface PendingReceipt {
  /** The newest status packet, that receipts answer; null before the first. */
  answers: Uint8Array | null;
  stored: StoredPacketNotice[];
}

/** Enough for every hotspot of a large network between two of its status packets; more costs memory for nothing. */
const MAX_NOTICES = 200_000;
const MAX_HOTSPOTS = 50_000;

/**
 * Packets stored since each hotspot's last receipt. In memory only, and bounded: the hotspot publishes again what no
 * receipt covered, and the duplicate is noted once more.
 */
export class PendingReceipts {
  /** By hotspot id, the one longest not noted first. */
  readonly #receipts = new Map<string, PendingReceipt>();
  #notices = 0;

  /** The packets of a full receipt, once there are enough for one and a status to answer. */
  note(
    hotspotId: string,
    notice: StoredPacketNotice,
  ): { answers: Uint8Array; stored: StoredPacketNotice[] } | undefined {
    const receipt = this.#receiptOf(hotspotId);
    receipt.stored.push(notice);
    this.#notices += 1;
    const { answers } = receipt;
    if (receipt.stored.length < MAX_RECEIPT_PACKETS) {
      this.#dropExcess();
      return undefined;
    }
    if (answers !== null) return { answers, stored: this.#take(receipt) };
    receipt.stored.shift();
    this.#notices -= 1;
    return undefined;
  }

  /** A status came: the packets of its receipt. */
  answer(hotspotId: string, statusId: Uint8Array): StoredPacketNotice[] {
    const receipt = this.#receiptOf(hotspotId);
    receipt.answers = statusId;
    this.#dropExcess();
    return this.#take(receipt);
  }

  #receiptOf(hotspotId: string): PendingReceipt {
    const receipt = this.#receipts.get(hotspotId) ?? { answers: null, stored: [] };
    this.#receipts.delete(hotspotId);
    this.#receipts.set(hotspotId, receipt);
    return receipt;
  }

  #take(receipt: PendingReceipt): StoredPacketNotice[] {
    const { stored } = receipt;
    receipt.stored = [];
    this.#notices -= stored.length;
    return stored;
  }

  #dropExcess(): void {
    while (this.#notices > MAX_NOTICES || this.#receipts.size > MAX_HOTSPOTS) {
      const [oldest] = this.#receipts;
      if (oldest === undefined) return;
      this.#take(oldest[1]);
      this.#receipts.delete(oldest[0]);
    }
  }
}
