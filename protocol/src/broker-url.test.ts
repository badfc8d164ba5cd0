import { describe, expect, test } from "bun:test";
import { isBrokerUrl, shownValue } from "./broker-url.ts";

describe("a broker's URL", () => {
  test.each([
    "mqtt://broker.example.net",
    "mqtts://broker.example.net:8883/",
    "mqtt://10.0.0.1:1883",
    "mqtt://[::1]:1",
  ])("%s may be", (url) => expect(isBrokerUrl(url)).toBe(true));

  test.each([
    "ws://broker.example.net",
    "broker.example.net:1883",
    "mqtt://",
    "mqtt://:1883",
    "mqtt://h/path",
    "mqtt://h?x",
    "mqtt://h#x",
    "",
  ])("%p may not be", (url) => expect(isBrokerUrl(url)).toBe(false));
});

/** Each holds the password `S3cr3t`, as people write it. */
const WITH_LOGIN = [
  "mqtt://operator:S3cr3t@broker.example.net:1883",
  "mqtt://:S3cr3t@broker.example.net",
  "mqtt://S3cr3t@broker.example.net",
  "mqtt://operator:S3cr3t",
  "mqtt:operator:S3cr3t@broker.example.net",
  "mqtt://operator:p@S3cr3t/x@broker.example.net",
  "mqtt://operator%3AS3cr3t%40broker.example.net",
  "mqtt://operator:S3cr3t%40broker.example.net",
  "mqtt://broker.example.net/?password=S3cr3t",
  "mqtt://broker.example.net/#S3cr3t",
  "operator:S3cr3t@broker.example.net",
  "mqtt://operator:S3cr3t:1@[::1]",
  " mqtt://operator:S3cr3t@h",
];

test.each(WITH_LOGIN)("%s is refused and not shown", (url) => {
  expect(isBrokerUrl(url)).toBe(false);
  expect(shownValue("broker.url", url)).not.toContain("S3cr3t");
});

test("keys that are secrets are not shown, whatever they hold; others are", () => {
  for (const key of ["broker.password", "http.admin_token", "http.metrics_token", "lora.token", "token"]) {
    expect(shownValue(key, 12345)).toBe("not shown, as it may hold a secret");
  }
  expect(shownValue("store_url", "mysql://root:S3cr3t@db/x")).not.toContain("S3cr3t");
  expect(shownValue("broker.url", "wss://broker.example.net:443/mqtt")).toBe(
    '"wss://broker.example.net:443/mqtt"',
  );
  expect(shownValue("hotspot.region", "EU999")).toBe('"EU999"');
  expect(shownValue("hotspot.region", undefined)).toBe("undefined");
  expect(shownValue("broker", "mqtt://me:S3cr3t@host")).not.toContain("S3cr3t");
  expect(shownValue("lora", [{ token: "S3cr3t" }])).toBe("a list");
  expect(shownValue("gps", { token: "S3cr3t" })).toBe("a table");
});
