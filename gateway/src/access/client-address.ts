import { BlockList, isIP, isIPv4, isIPv6 } from "node:net";

/** `address` or `address/bits`, of IPv4 or IPv6. */
export const isAddressRange = (text: string): boolean => parseRange(text) !== undefined;

function parseRange(text: string): { address: string; bits: number; family: "ipv4" | "ipv6" } | undefined {
  const [, address = "", bits] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  const most = version === 4 ? 32 : 128;
  if (version === 0 || Number(bits ?? most) > most) return undefined;
  return { address, bits: Number(bits ?? most), family: version === 4 ? "ipv4" : "ipv6" };
}

/** An IPv4 address as such also where the socket is one for both families. */
const plain = (address: string): string => /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;

/** A list of addresses and ranges. */
export class AddressRanges {
  readonly #list = new BlockList();

  /** @param ranges `address` or `address/bits` */
  constructor(ranges: readonly string[]) {
    for (const text of ranges) {
      const range = parseRange(text);
      if (range === undefined) throw new RangeError(`"${text}" is no address and no range of addresses`);
      this.#list.addSubnet(range.address, range.bits, range.family);
    }
  }

  has(address: string): boolean {
    const one = plain(address);
    return isIP(one) !== 0 && this.#list.check(one, isIPv4(one) ? "ipv4" : "ipv6");
  }
}

/** Who a request comes from where reverse proxies stand in between. */
export class ClientAddresses {
  readonly #proxies: AddressRanges;

  /** @param proxies whose X-Forwarded-For is believed: `address` or `address/bits` */
  constructor(proxies: readonly string[]) {
    this.#proxies = new AddressRanges(proxies);
  }

  isProxy(address: string): boolean {
    return this.#proxies.has(address);
  }

  /**
   * The client's own address: the last entry of X-Forwarded-For that is no trusted proxy. Each proxy appends the address
   * that it was asked by; entries before that may be forged.
   */
  of(peer: string, forwardedFor: string | undefined): string {
    let client = plain(peer);
    const hops = forwardedFor?.split(",").reverse() ?? [];
    for (const hop of hops) {
      if (!this.isProxy(client)) break;
      const before = plain(hop.trim());
      if (isIP(before) === 0) break;
      client = before;
    }
    return client;
  }
}

/** What is counted as one client: an IPv4 address, or the /64 that one IPv6 subscriber has at least. */
export function addressGroup(address: string): string {
  const one = plain(address);
  if (isIPv4(one)) return one;
  const bare = one.replace(/%.*$/, "");
  if (!isIPv6(bare)) return "unknown";
  // The URL parser writes any form of an address in the one way of RFC 5952.
  const [head = [], tail] = new URL(`http://[${bare}]/`).hostname
    .slice(1, -1)
    .split("::")
    .map((side) => side.split(":").filter((part) => part !== ""));
  const zeros = Array<string>(8 - head.length - (tail?.length ?? 8 - head.length)).fill("0");
  return `${[...head, ...zeros, ...(tail ?? [])].slice(0, 4).join(":")}::/64`;
}
