import { expect, test } from "bun:test";
import type { IPublishPacket } from "mqtt-packet";
import { parser } from "mqtt-packet";
import { Outgoing, type OutgoingLimits } from "./outgoing.ts";

function outgoing(changes: Partial<OutgoingLimits> = {}) {
  const written: IPublishPacket[] = [];
  const reader = parser({ protocolVersion: 5 });
  reader.on("packet", (packet) => void written.push(packet as IPublishPacket));
  const limits = { version: 5, receiveMaximum: 65_535, maximumPacketSize: 1_000_000, ...changes } as const;
  const made = new Outgoing(limits, (bytes) => void reader.parse(bytes));
  const publish = (topic: string, size = 1, retain = false) =>
    made.publish(topic, new Uint8Array(size), retain).then(
      () => "sent",
      (error: Error) => error.message,
    );
  return { made, written, publish, topics: () => written.map(({ topic }) => topic) };
}

test("a bounded number is in flight, fewer if the broker says so; what is retained goes first", async () => {
  const { made, publish, topics, written } = outgoing({ receiveMaximum: 2 });
  const sent = ["a", "b", "c", "d"].map((topic) => publish(topic));
  sent.push(publish("entropy", 1, true));
  expect(topics()).toEqual(["a", "b"]);
  for (let i = 0; i < 5; i++) made.acknowledge(written[i]?.messageId ?? 0, 0);
  expect(topics()).toEqual(["a", "b", "entropy", "c", "d"]);
  expect(await Promise.all(sent)).toEqual(Array(5).fill("sent"));
  const many = outgoing();
  for (let i = 0; i < 100; i++) void many.publish("t");
  expect(many.written).toHaveLength(64);
});

test("what the broker refuses, what is too large for it and what waits when it goes fails", async () => {
  const { made, publish } = outgoing({ maximumPacketSize: 100 });
  const sent = Promise.all([publish("t"), publish("t", 200), publish("t")]);
  made.acknowledge(1, 0x87);
  made.close(new Error("gone"));
  expect(await sent).toEqual([
    "The broker refused a message: reason 0x87",
    "The broker takes packets of at most 100 bytes",
    "gone",
  ]);
  expect(await publish("t")).toBe("gone");
});

test("a bounded number of bytes waits", async () => {
  const { made, publish } = outgoing();
  const size = 16 * 1024;
  const sent = Array.from({ length: 2000 }, () => publish("t", size));
  made.close(new Error("gone"));
  const ends = Map.groupBy(await Promise.all(sent), (message) => message.replace(/\d+/, "N"));
  expect([...ends.keys()].sort()).toEqual(["N messages wait for the broker already", "gone"]);
  expect((ends.get("gone")?.length ?? 0) * size).toBeLessThan(18 * 2 ** 20);
});

test("very small messages cost room too, and give it back when they go", async () => {
  const { made, publish } = outgoing({ receiveMaximum: 1 });
  const waiting = Array.from({ length: 70_000 }, () => publish("t"));
  made.acknowledge(1, 0);
  const next = publish("t");
  made.close(new Error("gone"));
  const ends = Map.groupBy(await Promise.all(waiting), (message) => message.replace(/\d+/, "N"));
  expect(ends.get("gone")?.length).toBeWithin(50_000, 68_000);
  expect(ends.get("N messages wait for the broker already")?.length).toBeGreaterThan(1000);
  expect(await next).toBe("gone");
});

test("ids of messages in flight are not given twice, and a stray PUBACK is nothing", async () => {
  const { made, publish, written } = outgoing({ receiveMaximum: 1 });
  const first = publish("first");
  made.acknowledge(77, 0);
  made.acknowledge(1, 0);
  expect(await first).toBe("sent");
  for (let i = 0; i < 65_535; i++) {
    void publish("t");
    made.acknowledge(written.at(-1)?.messageId ?? 0, 0);
  }
  const ids = written.map(({ messageId }) => messageId);
  expect([ids[0], ids[65_534], ids[65_535], new Set(ids).size]).toEqual([1, 65_535, 1, 65_535]);
});
