import { expect, test } from "bun:test";
import type { AgentStatus } from "../board/agent-status.ts";
import { outboxPart, packetParts } from "./delivery.ts";

test.each([
  ["atMs", "Set the clock"],
  ["gnss.latE7", "look at the part GPS"],
  ["assertion.elevationM", "Check [hotspot]"],
  ["radio.rxOk", "look at the part Radio"],
  ["machine.uptimeS", "Set health = false in [machine]"],
  ["source", "Shorten the sensor's name"],
  ["quantities.3.mean", "look at the sensors' values"],
  ["sequence", "Update the agent"],
  ["sourcery", "Update the agent"],
])("a packet whose field %s cannot be written is told with who can mend it", (field, advice) => {
  const parts = packetParts({ unmade: [{ type: "status", field, why: "why" }] } as unknown as AgentStatus);
  expect(parts).toHaveLength(1);
  expect(parts[0]).toMatchObject({ health: "broken", title: "Packets (status)" });
  expect(parts[0]?.advice).toContain(advice);
});

test("what waits is told in KiB begun, and what waits for longer beside it", () => {
  const outbox = { queued: 3, acknowledged: 2, postponed: 0, writes: 9, dropped: 0, bytes: 2049 };
  const text = (change = {}) =>
    outboxPart({ outbox: { ...outbox, ...change }, atMs: 0 } as unknown as AgentStatus).text;
  expect(text()).toBe("3 packets wait, 2 await a receipt, 3 KiB");
  expect(text({ bytes: 2048, postponed: 1 })).toMatch(/2 KiB; 1 go later/);
});

test("an outbox of a newer agent beside it is told, with what becomes of its packets", () => {
  const outbox = { queued: 3, acknowledged: 2, postponed: 0, writes: 9, dropped: 0, bytes: 2048 };
  const newer = { path: "/s/outbox.db", version: 3, knownVersion: 2 };
  const part = (more: object) =>
    outboxPart({ outbox: { ...outbox, newer: [{ ...newer, ...more }] }, atMs: 0 } as unknown as AgentStatus);
  const text =
    "3 packets wait, 2 await a receipt, 2 KiB. /s/outbox.db is a newer agent's (schema 3; this one knows 2) and stays as it is";
  expect(part({ packets: 7 })).toMatchObject({
    health: "attention",
    text: `${text}; its 7 packets are sent from here too`,
    advice: expect.stringContaining("Nothing to do"),
  });
  expect(part({ unreadable: "no such table: waiting" })).toMatchObject({
    health: "attention",
    text: `${text}; its packets cannot be read here (no such table: waiting) and wait`,
    advice: expect.stringContaining("Install that version of the agent again"),
  });
});
