import { describe, expect, test } from "bun:test";
import { LOGINS, LoginRates, NEW_KEYS_PER_SECOND } from "./login-rates.ts";

const from = (address: string) => ({ address, group: address });
const ATTACKER = from("192.0.2.1");

describe("keys that an address brings", () => {
  test("as many at once as it may have connections, then one in a while; those seen before are not new", () => {
    const rates = new LoginRates(3);
    const taken = (key: string, nowMs = 0) => rates.take(key, ATTACKER, nowMs);
    expect(["a", "b", "c", "d", "a"].map((key) => taken(key))).toEqual([true, true, true, false, true]);
    const waitMs = 1000 / NEW_KEYS_PER_SECOND;
    expect([taken("d", waitMs - 1), taken("d", waitMs), taken("e", waitMs)]).toEqual([false, true, false]);
  });

  test("cost other addresses nothing", () => {
    const rates = new LoginRates(1);
    expect(rates.take("a", ATTACKER, 0)).toBe(true);
    expect(rates.take("b", ATTACKER, 0)).toBe(false);
    expect(rates.take("b", from("2001:db8::1"), 0)).toBe(true);
  });

  test("are not counted where the address is this machine's, and so a proxy's", () => {
    const rates = new LoginRates(1);
    for (const address of ["127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1"]) {
      for (let i = 0; i < 5; i++) expect(rates.take(`${address} ${i}`, from(address), 0)).toBe(true);
    }
  });
});

test("a hotspot logs in only so often, from wherever", () => {
  const rates = new LoginRates(10);
  for (let i = 0; i < LOGINS.burst; i++) expect(rates.take("a", ATTACKER, 0)).toBe(true);
  expect(rates.take("a", from("198.51.100.7"), 0)).toBe(false);
  expect(rates.take("a", ATTACKER, 1000 / LOGINS.perSecond)).toBe(true);
});
