import { expect, test } from "bun:test";
import { baseUriOf } from "./station-discovery.ts";

test("the address is the one the station used, always with a port", () => {
  expect(baseUriOf("localhost:6038", false, 3001)).toBe("ws://localhost:6038");
  expect(baseUriOf("lns.example", true, 3001)).toBe("wss://lns.example:3001");
  expect(baseUriOf("[fe80::1]:443", true, 3001)).toBe("wss://[fe80::1]:443");
  expect(baseUriOf("[::1]", false, 3001)).toBe("ws://[::1]:3001");
});

test("a header that is no host is not handed back", () => {
  for (const host of [undefined, "", "a b", 'x"', "host:port", "evil/../path", "user@host", "h:123456"]) {
    expect(baseUriOf(host, false, 3001)).toBeUndefined();
  }
});
