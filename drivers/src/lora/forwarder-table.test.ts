import { expect, test } from "bun:test";
import { DOWNLINK_EXPIRES_MS, ForwarderTable } from "./forwarder-table.ts";

const address = { host: "127.0.0.1", port: 39_690 };
const euiOf = (index: number) => index.toString(16).padStart(16, "0");

test("a table full of those that report refuses a newcomer until one falls silent", () => {
  const table = new ForwarderTable(2);
  const [first, second] = [table.add(euiOf(1), 2, 0), table.add(euiOf(2), 2, 0)];
  for (const forwarder of [first, second]) if (forwarder !== undefined) forwarder.hasReported = true;
  expect(table.add(euiOf(3), 2, DOWNLINK_EXPIRES_MS)).toBeUndefined();
  if (second !== undefined) second.lastSeenElapsedMs = 50_000;
  expect(table.add(euiOf(3), 2, DOWNLINK_EXPIRES_MS + 1)?.gatewayEui).toBe(euiOf(3));
  expect(table.all.map(({ gatewayEui }) => gatewayEui)).toEqual([euiOf(2), euiOf(3)]);
});

test("one that has told nothing yet gives its place to a newcomer", () => {
  const table = new ForwarderTable(2);
  const first = table.add(euiOf(1), 2, 0);
  if (first !== undefined) first.hasReported = true;
  for (const index of [2, 3, 4]) expect(table.add(euiOf(index), 2, index)?.gatewayEui).toBe(euiOf(index));
  expect(table.all.map(({ gatewayEui }) => gatewayEui)).toEqual([euiOf(1), euiOf(4)]);
});

test("the forwarder known longest transmits, as long as its way down is open", () => {
  const table = new ForwarderTable(4);
  table.add(euiOf(9), 2, 0);
  for (const [index, elapsedMs] of [
    [1, 0],
    [2, 60_000],
  ] as const) {
    const forwarder = table.add(euiOf(index), 2, 0);
    if (forwarder !== undefined) forwarder.downlink = { address, elapsedMs };
  }
  expect(table.forTransmit(90_000)?.gatewayEui).toBe(euiOf(1));
  expect(table.forTransmit(90_001)?.gatewayEui).toBe(euiOf(2));
  expect(table.forTransmit(150_001)).toBeUndefined();
});

test("a transmission may name its forwarder", () => {
  const table = new ForwarderTable(4);
  for (const index of [0xa, 0xb]) {
    const forwarder = table.add(euiOf(index), 2, 0);
    if (forwarder !== undefined) forwarder.downlink = { address, elapsedMs: 0 };
  }
  expect(table.forTransmit(0, euiOf(0xb).toUpperCase())?.gatewayEui).toBe(euiOf(0xb));
  expect(table.forTransmit(0, euiOf(0xc))).toBeUndefined();
});
