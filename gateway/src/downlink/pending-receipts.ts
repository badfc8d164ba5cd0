import { MAX_RECEIPT_PACKETS, type StoredPacketNotice } from "@earshot/protocol";

interface Page {
  /** The newest status packet, that receipts answer; null before the first. */
  answers: Uint8Array | null;
  stored: StoredPacketNotice[];
}

/** Enough for every hotspot of a large network between two of its status packets; more costs memory for nothing. */
const MAX_NOTICES = 200_000;
const MAX_HOTSPOTS = 50_000;

/**
 * What came since each hotspot's last receipt. Only in memory, and bounded: what is lost of it is published again by
 * the hotspot, comes as known already, and is noted once more.
 */
export class PendingReceipts {
  /** By hotspot id, the one longest not noted first. */
  readonly #pages = new Map<string, Page>();
  #notices = 0;

  /** What a full receipt tells, when there is enough for one and a status to answer. */
  note(
    hotspotId: string,
    notice: StoredPacketNotice,
  ): { answers: Uint8Array; stored: StoredPacketNotice[] } | undefined {
    const page = this.#pageOf(hotspotId);
    page.stored.push(notice);
    this.#notices += 1;
    const { answers } = page;
    if (page.stored.length < MAX_RECEIPT_PACKETS) {
      this.#dropExcess();
      return undefined;
    }
    if (answers !== null) return { answers, stored: this.#take(page) };
    page.stored.shift();
    this.#notices -= 1;
    return undefined;
  }

  /** A status came: what its receipt tells, fewer than fill one. */
  answer(hotspotId: string, statusId: Uint8Array): StoredPacketNotice[] {
    const page = this.#pageOf(hotspotId);
    page.answers = statusId;
    this.#dropExcess();
    return this.#take(page);
  }

  #pageOf(hotspotId: string): Page {
    const page = this.#pages.get(hotspotId) ?? { answers: null, stored: [] };
    this.#pages.delete(hotspotId);
    this.#pages.set(hotspotId, page);
    return page;
  }

  #take(page: Page): StoredPacketNotice[] {
    const { stored } = page;
    page.stored = [];
    this.#notices -= stored.length;
    return stored;
  }

  #dropExcess(): void {
    while (this.#notices > MAX_NOTICES || this.#pages.size > MAX_HOTSPOTS) {
      const [oldest] = this.#pages;
      if (oldest === undefined) return;
      this.#take(oldest[1]);
      this.#pages.delete(oldest[0]);
    }
  }
}
