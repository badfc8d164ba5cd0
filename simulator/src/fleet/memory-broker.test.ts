import { expect, test } from "bun:test";
import type { Uplink } from "@earshot/gateway";
import { MemoryBroker } from "./memory-broker.ts";

/** A gateway that accepts the password "secret" and lets each client publish below its own name. */
function stubGateway() {
  const seen: string[] = [];
  const uplink: Uplink = {
    async ingest(topic, _bytes, sender) {
      seen.push(`${sender} → ${topic}`);
      return { ok: true, outcome: "stored", packetId: "" };
    },
    login: (username, password) =>
      password === "secret" ? { ok: true, hotspotId: username } : { ok: false, code: "bad_signature" },
    mayPublish: (id, topic) => topic.startsWith(`${id}/`),
    maySubscribe: (id, filter) => filter === "entropy" || filter.startsWith(`${id}/`),
    presence: (id, online) => void seen.push(`${id} ${online ? "on" : "off"}`),
    announce: async () => {},
  };
  const broker = new MemoryBroker();
  broker.serve(uplink);
  const open = (username: string, password = "secret", subscriptions = ["entropy", `${username}/down/+`]) =>
    broker.openPublisher(
      { username, password, subscriptions, will: { topic: "", bytes: new Uint8Array() } },
      new AbortController().signal,
    );
  return { broker, open, seen };
}

const bytes = Uint8Array.of(1);

test("asks the gateway who may log in, subscribe and publish", async () => {
  const { open, seen } = stubGateway();
  await expect(open("a", "guess")).rejects.toThrow("bad_signature");
  await expect(open("a", "secret", ["b/down/+"])).rejects.toThrow("b/down/+");
  const session = await open("a");
  await session.publish("a/up/status", bytes);
  await expect(session.publish("b/up/status", bytes)).rejects.toThrow("May not publish");
  await session.close();
  await expect(session.publish("a/up/status", bytes)).rejects.toThrow("ended");
  expect(seen).toEqual(["a on", "a → a/up/status", "a off"]);
});

test("delivers by topic, retained messages also to those who come later", async () => {
  const { broker, open } = stubGateway();
  const [a, b] = [await open("a"), await open("b")];
  await broker.publish("entropy", bytes, { retain: true });
  await broker.publish("a/down/verdict", bytes);
  const c = await open("c");
  const topicsOf = async (session: Awaited<ReturnType<typeof open>>, count: number) => {
    const topics: string[] = [];
    for await (const { topic } of session) {
      topics.push(topic);
      if (topics.length === count) break;
    }
    return topics;
  };
  expect(await topicsOf(a, 2)).toEqual(["entropy", "a/down/verdict"]);
  expect(await topicsOf(b, 1)).toEqual(["entropy"]);
  expect(await topicsOf(c, 1)).toEqual(["entropy"]);
});

test("a hotspot that comes again replaces its session; before the gateway nobody gets in", async () => {
  const { open } = stubGateway();
  const first = await open("a");
  const second = await open("a");
  await expect(first.publish("a/up/status", bytes)).rejects.toThrow("ended");
  await second.publish("a/up/status", bytes);
  const session = { username: "a", password: "secret", subscriptions: [], will: { topic: "", bytes } };
  await expect(new MemoryBroker().openPublisher(session, new AbortController().signal)).rejects.toThrow(
    "not started",
  );
});
