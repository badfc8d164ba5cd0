import type { RxpkRefusal } from "./rxpk.ts";
import type { ForwarderStat } from "./stat.ts";

/**
 * Receptions of one concentrator since its forwarder was first heard of. Two sources, and each can only miss some:
 * the rxpk that arrive (a forwarder as shipped does not pass on those with a bad CRC) and the sums of the
 * per-interval counters in `stat` (a lost datagram loses an interval). The larger counts.
 */
export class RadioCounters {
  transmitted = 0;
  #seenOk = 0;
  #seenBad = 0;
  #seenNoCrc = 0;
  #toldOk = 0;
  #toldOther = 0;
  #rxBad = 0;

  get rxOk(): number {
    return Math.max(this.#seenOk, this.#toldOk);
  }

  /** A `stat` does not distinguish a bad CRC from none: what it reports beyond the frames seen without a CRC counts as bad. */
  get rxBad(): number {
    this.#rxBad = Math.max(this.#rxBad, this.#seenBad, this.#toldOther - this.#seenNoCrc);
    return this.#rxBad;
  }

  get rxNoCrc(): number {
    return this.#seenNoCrc;
  }

  addFrame(): void {
    this.#seenOk += 1;
  }

  addRefusal(code: RxpkRefusal): void {
    if (code === "crc-bad") this.#seenBad += 1;
    if (code === "crc-none") this.#seenNoCrc += 1;
  }

  addInterval(stat: ForwarderStat): void {
    const ok = stat.receivedOk ?? 0;
    this.#toldOk += ok;
    this.#toldOther += Math.max(0, (stat.received ?? 0) - ok);
  }
}
