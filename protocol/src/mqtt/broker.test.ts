import { describe, expect, test } from "bun:test";
import { ManualClock } from "../time/manual-clock.ts";
import { detectNonMqtt, isBrokerUrl, MqttVersions, shownValue } from "./broker.ts";

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

const bytes = (text: string) => new TextEncoder().encode(text);

test("a CONNACK is accepted, whatever follows", () => {
  expect(detectNonMqtt(Uint8Array.of(0x20))).toBeUndefined();
  expect(detectNonMqtt(Uint8Array.of(0x20, 2, 0, 5))).toBeUndefined();
});

test.each([
  ["HTTP/1.1 302 Found\r\nLocation: /\r\n", "http", '"HTTP/1.1 302 Found"'],
  ["HTTP/1.0 400 Bad Request\n", "http", '"HTTP/1.0 400 Bad Request"'],
  ["<html>\n<head>", "http", '"<html>"'],
  ["220 mail.example.net ESMTP\r\n", "other", '"220 mail.example.net ESMTP"'],
  ["SSH-2.0-OpenSSH_9.2\r\n", "other", '"SSH-2.0-OpenSSH_9.2"'],
  ["AMQP\0\0\t\u0001", "other", '"AMQP\\u0000\\u0000\\t\\u0001"'],
])("%p is of kind %s", (text, kind, excerpt) => {
  expect(detectNonMqtt(bytes(text))).toEqual({ kind, excerpt } as never);
});

test("a TLS alert and a handshake are TLS, also one byte of them", () => {
  for (const first of [Uint8Array.of(0x15, 3, 1), Uint8Array.of(0x16, 3, 3), Uint8Array.of(0x15)]) {
    expect(detectNonMqtt(first)?.kind).toBe("tls");
  }
});

test("an answer without an end is not shown whole", () => {
  expect(detectNonMqtt(bytes("x".repeat(5000)))?.excerpt.length).toBeLessThan(50);
});

const HOUR_MS = 3_600_000;

test("5 is asked for first, 3.1.1 once that worked, and 5 again after six hours, whatever the wall clock shows", async () => {
  const clock = new ManualClock();
  const versions = new MqttVersions(undefined, clock);
  expect(versions.next()).toEqual([5, 4]);
  expect(versions.worked(4)).toBe(true);
  clock.stepWall(30 * HOUR_MS);
  await clock.advance(6 * HOUR_MS - 1);
  expect(versions.next()).toEqual([4, 5]);
  expect(versions.worked(4)).toBe(false);
  await clock.advance(1);
  expect(versions.next()).toEqual([5, 4]);
  expect(versions.worked(4)).toBe(false);
  expect(versions.next()).toEqual([4, 5]);
  expect(versions.worked(5)).toBe(false);
  expect(versions.next()).toEqual([5, 4]);
});

test("a fixed version is the only one, and no news", async () => {
  for (const fixed of [4, 5] as const) {
    const clock = new ManualClock();
    const versions = new MqttVersions(fixed, clock);
    await clock.advance(7 * HOUR_MS);
    expect(versions.next()).toEqual([fixed]);
    expect(versions.worked(fixed)).toBe(false);
  }
});
