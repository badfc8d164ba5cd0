import { expect, test } from "bun:test";
import { namesThisMachine } from "./allowed-hosts.ts";

const MACHINE = {
  hostname: () => "Hotspot-7.example.net",
  addresses: () => ["127.0.0.1", "192.168.1.7", "fe80::1%eth0", "2001:db8::7"],
  configured: ["0.0.0.0", "roof.lan", "203.0.113.5"],
};

test.each([
  "localhost:4480",
  "LOCALHOST",
  "localhost.",
  "127.0.0.1",
  "127.8.8.8:80",
  "[::1]:4480",
  "192.168.1.7:4480",
  "[fe80::1]:4480",
  "[2001:DB8::7]",
  "hotspot-7:4480",
  "hotspot-7.local",
  "hotspot-7.example.net",
  "Roof.lan:4480",
  "203.0.113.5",
])("%s is this machine", (host) => {
  expect(namesThisMachine(host, MACHINE)).toBe(true);
});

test.each([
  "evil.example",
  "evil.example:4480",
  "localhost.evil.example",
  "127.0.0.1.evil.example",
  "hotspot-7.local.evil.example",
  "192.168.1.8",
  "[2001:db8::8]",
  "::1",
  "",
  ":80",
  "local host",
  "a@127.0.0.1",
])("%p is not", (host) => {
  expect(namesThisMachine(host, MACHINE)).toBe(false);
});
