import { expect, test } from "bun:test";
import fc from "fast-check";
import { addressGroup, ClientAddresses, isAddressRange } from "./client-address.ts";

test("an IPv4 address counts by itself, in IPv6 dress too; IPv6 by its /64", () => {
  const groups: [string, string][] = [
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::FFFF:192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:0001:2::", "2001:db8:1:2::/64"],
    ["2001:db8::6", "2001:db8:0:0::/64"],
    ["1::2:3:4:5:6:7", "1:0:2:3::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["", "unknown"],
    ["no address", "unknown"],
    ["2001:db8::g", "unknown"],
  ];
  for (const [address, group] of groups) expect([address, addressGroup(address)]).toEqual([address, group]);
});

test("any two addresses of one /64 are one client, and of two /64 are two", () => {
  const part = fc.nat(0xffff);
  const net = fc.tuple(part, part, part, part);
  const text = (parts: readonly number[]) => parts.map((each) => each.toString(16)).join(":");
  fc.assert(
    fc.property(net, net, net, net, (one, other, low, high) => {
      // An IPv4 address in IPv6 dress is the one exception.
      fc.pre([one, other].every((each) => each.some((value) => value !== 0)));
      const group = addressGroup(`${text(one)}:${text(low)}`);
      expect(addressGroup(`${text(one)}:${text(high)}`)).toBe(group);
      expect(addressGroup(`${text(other)}:${text(high)}`) === group).toBe(text(one) === text(other));
    }),
  );
});

test("only a trusted proxy's word is believed, and of it only what a trusted one wrote", () => {
  const addresses = new ClientAddresses(["10.0.0.0/8", "::1", "2001:db8::/32"]);
  const cases: [string, string | undefined, string][] = [
    ["203.0.113.5", "198.51.100.1", "203.0.113.5"],
    ["10.1.2.3", undefined, "10.1.2.3"],
    ["10.1.2.3", "198.51.100.1", "198.51.100.1"],
    ["::ffff:10.1.2.3", "198.51.100.1", "198.51.100.1"],
    ["::1", "1.1.1.1, 198.51.100.1", "198.51.100.1"],
    ["::1", "198.51.100.1, 10.9.9.9,2001:db8::7", "198.51.100.1"],
    ["::1", "10.9.9.9", "10.9.9.9"],
    ["::1", "unknown", "::1"],
    ["::1", "198.51.100.1, <script>", "::1"],
    ["::1", "", "::1"],
    ["::1", ",,,", "::1"],
  ];
  for (const [peer, header, client] of cases) {
    expect([peer, header, addresses.of(peer, header)]).toEqual([peer, header, client]);
  }
  expect(new ClientAddresses([]).isProxy("::1")).toBe(false);
  expect(addresses.isProxy("not an address")).toBe(false);
});

test("ranges are checked before they are used", () => {
  for (const good of ["10.0.0.1", "10.0.0.0/8", "::1", "2001:db8::/32", "0.0.0.0/0"]) {
    expect([good, isAddressRange(good)]).toEqual([good, true]);
  }
  for (const bad of ["", "10.0.0", "10.0.0.0/33", "::1/129", "localhost", "10.0.0.1/", "10.0.0.1/8 "]) {
    expect([bad, isAddressRange(bad)]).toEqual([bad, false]);
    expect(() => new ClientAddresses([bad])).toThrow(bad);
  }
});
