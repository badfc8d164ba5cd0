import type { WrittenStat } from "@earshot/drivers";

/** What a forwarder counts between two `stat`: they start again from 0 each time. */
export class ForwarderCounters {
  received = 0;
  receivedOk = 0;
  pushed = 0;
  acknowledged = 0;
  downlinks = 0;
  transmitted = 0;

  /** The interval that ends now; the next one begins. */
  takeInterval(atMs: number): WrittenStat {
    const { received, receivedOk, pushed, acknowledged, downlinks, transmitted } = this;
    const ackPercent = pushed === 0 ? 0 : Math.min(100, Math.round((1000 * acknowledged) / pushed) / 10);
    Object.assign(this, new ForwarderCounters());
    return { atMs, received, receivedOk, forwarded: receivedOk, ackPercent, downlinks, transmitted };
  }
}
