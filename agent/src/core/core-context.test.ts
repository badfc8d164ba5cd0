import { expect, test } from "bun:test";
import { logTo, sha256 } from "@earshot/protocol";
import { testContext } from "../testing/core-context.ts";
import { makePacket, storePacket } from "./core-context.ts";

test("each packet that is made can be followed by its id", async () => {
  const lines: [string, unknown][] = [];
  const { context } = testContext();
  const log = logTo((_level, message, fields) => lines.push([message, fields]));
  const atMs = context.clock.now();
  const reading = { type: "reading" as const, source: "gps", atMs, periodMs: 1000, quantities: [] };
  const store = (own: typeof context) =>
    storePacket(own, "reading", (sequence) => makePacket(own, { ...reading, sequence }));
  const entry = await store({ ...context, log });
  const packet = sha256(entry?.bytes ?? new Uint8Array()).toHex();
  expect(lines).toEqual([["Packet made", { packet, type: "reading", sequence: 1 }]]);
});
