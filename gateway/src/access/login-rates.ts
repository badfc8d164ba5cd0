import { BlockList, isIPv6 } from "node:net";
import { TokenBuckets } from "@earshot/protocol/runtime";

/** Logins of one hotspot: each is an event, and at its end a will to be stored. */
export const LOGINS = { burst: 256, perSecond: 1 } as const;
export const MAX_COUNTED_HOTSPOTS = 16_384;
/** Hotspots not seen before that one address may bring once it has brought as many as it may have connections. */
export const NEW_KEYS_PER_SECOND = 0.1;
const MAX_COUNTED_ADDRESSES = 16_384;

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

/**
 * How often a hotspot may log in, and how many keys that were not seen before one address may bring: a key costs nothing,
 * and each is registered by its first status. This machine's own address, which is a proxy's, is not counted.
 */
export class LoginRates {
  readonly #logins = new TokenBuckets(LOGINS, MAX_COUNTED_HOTSPOTS);
  readonly #newKeys: TokenBuckets;

  /** @param newKeysAtOnce of one address: as many as it may have connections, for all are new after a start */
  constructor(newKeysAtOnce: number) {
    this.#newKeys = new TokenBuckets(
      { burst: newKeysAtOnce, perSecond: NEW_KEYS_PER_SECOND },
      MAX_COUNTED_ADDRESSES,
    );
  }

  /** @param address the socket's; counted as `group` */
  take(
    hotspotId: string,
    { address, group }: { address: string; group: string },
    elapsedMs: number,
  ): boolean {
    const isNew = !this.#logins.has(hotspotId) && !isLoopback(address);
    if (isNew && !this.#newKeys.take(group, elapsedMs)) return false;
    return this.#logins.take(hotspotId, elapsedMs);
  }
}

const isLoopback = (address: string): boolean => loopback.check(address, isIPv6(address) ? "ipv6" : "ipv4");
