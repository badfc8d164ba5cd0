import { expect, test } from "bun:test";
import { type TestApp, testApp } from "../testing/test-app.ts";
import { HEARTBEAT_MS, MAX_QUEUED_CHUNKS } from "./event-stream.ts";
import { MAX_STREAMS_PER_CLIENT } from "./routes/events.ts";

interface Follower {
  response: Response;
  /** The next event; `undefined` once the stream has ended. */
  next(): Promise<{ event: string; data: Record<string, unknown> } | undefined>;
  abort(): void;
}

async function follow(t: TestApp): Promise<Follower> {
  const abort = new AbortController();
  const response = await t.app.request(new Request("http://gateway/api/v1/events", { signal: abort.signal }));
  const reader = response.body?.getReader();
  if (reader === undefined) throw new Error("no body");
  return {
    response,
    abort: () => abort.abort(),
    async next() {
      const { value, done } = await reader.read();
      if (done) return undefined;
      const text = new TextDecoder().decode(value);
      const event = /^event: (.*)$/m.exec(text)?.[1] ?? "";
      return { event, data: JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? "{}") };
    },
  };
}

test("a follower is greeted, told what happens, and kept awake", async () => {
  await using t = await testApp();
  const follower = await follow(t);
  const { headers } = follower.response;
  expect(headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  // No cache keeps it, and no proxy collects events before it passes them on.
  expect([headers.get("cache-control"), headers.get("x-accel-buffering")]).toEqual(["no-store", "no"]);
  expect(await follower.next()).toEqual({ event: "hello", data: { nowMs: t.clock.now() } });
  t.deps.events.emit({ kind: "entropy", index: 5, atMs: 300_000 });
  expect(await follower.next()).toEqual({ event: "entropy", data: { index: 5, atMs: 300_000 } });
  await t.clock.advance(HEARTBEAT_MS);
  expect(await follower.next()).toEqual({ event: "heartbeat", data: { nowMs: t.clock.now() } });
  follower.abort();
});

test("verdicts come with counts and sentences, epochs with amounts as text", async () => {
  await using t = await testApp();
  const follower = await follow(t);
  await follower.next();
  const [beacon] = await t.store.recentBeacons({ limit: 1 });
  const verdicts = await t.store.verdictsOfBeacon(beacon?.beaconKey ?? "");
  t.deps.events.emit({ kind: "verdicts", entropyIndex: beacon?.entropyIndex ?? 0, verdicts });
  const judged = await follower.next();
  const counted = (of: string) => verdicts.filter(({ outcome }) => outcome === of).length;
  const counts = { paid: counted("paid"), unpaid: counted("unpaid"), refused: counted("refused") };
  expect(judged).toMatchObject({ event: "verdicts", data: counts });
  expect(judged?.data.verdicts).toHaveLength(verdicts.length);
  const epoch = await t.store.latestEpoch();
  if (epoch === undefined) throw new Error("no epoch");
  t.deps.events.emit({ kind: "epoch", epoch });
  const closed = await follower.next();
  expect(closed).toMatchObject({ event: "epoch", data: { epoch: epoch.epoch, paid: epoch.paid.toString() } });
  follower.abort();
});

test("an abort ends the stream and leaves no timer and no listener", async () => {
  await using t = await testApp();
  const follower = await follow(t);
  await follower.next();
  await t.clock.advance(0);
  expect(t.clock.pending).toBe(1);
  follower.abort();
  expect(await follower.next()).toBeUndefined();
  await t.clock.advance(0);
  expect(t.clock.pending).toBe(0);
  expect(await (await t.app.request("/metrics")).text()).toContain("earshot_event_followers 0\n");
});

test("a reader that goes away leaves nothing either", async () => {
  await using t = await testApp();
  const response = await t.app.request("/api/v1/events");
  await response.body?.cancel();
  await t.clock.advance(0);
  expect(t.clock.pending).toBe(0);
});

test("the gateway's own signal ends all streams", async () => {
  const stop = new AbortController();
  await using t = await testApp({ signal: stop.signal });
  const followers = [await follow(t), await follow(t)];
  for (const follower of followers) await follower.next();
  stop.abort();
  for (const follower of followers) expect(await follower.next()).toBeUndefined();
});

test("a follower that does not read is cut off; the others go on", async () => {
  await using t = await testApp();
  const slow = await follow(t);
  const quick = await follow(t);
  await quick.next();
  for (let index = 0; index < MAX_QUEUED_CHUNKS * 2; index++) {
    t.deps.events.emit({ kind: "entropy", index, atMs: index });
    expect((await quick.next())?.data.index).toBe(index);
  }
  let received = 0;
  while ((await slow.next()) !== undefined) received++;
  expect(received).toBeLessThanOrEqual(MAX_QUEUED_CHUNKS + 1);
  expect(received).toBeGreaterThan(1);
  quick.abort();
});

test("one address has a few streams, all together a limit; what has ended makes room", async () => {
  await using t = await testApp({ maxEventStreams: MAX_STREAMS_PER_CLIENT + 2 });
  const asked: Response[] = [];
  const open = async (clientGroup: string) => {
    const response = await t.app.request("/api/v1/events", {}, { clientGroup });
    if (response.ok) asked.push(response);
    return response.status;
  };
  for (let i = 0; i < MAX_STREAMS_PER_CLIENT; i++) expect(await open("192.0.2.1")).toBe(200);
  expect(await open("192.0.2.1")).toBe(429);
  expect(await open("192.0.2.2")).toBe(200);
  await asked[0]?.body?.cancel();
  expect(await open("192.0.2.1")).toBe(200);
  expect(await open("192.0.2.3")).toBe(200);
  expect(await open("192.0.2.4")).toBe(503);
  const head = await t.app.request("/api/v1/events", { method: "HEAD" }, { clientGroup: "192.0.2.1" });
  expect(head.status).toBe(503);
  for (const { body } of asked) await body?.cancel().catch(() => undefined);
  for (let i = 0; i < MAX_STREAMS_PER_CLIENT; i++) expect(await open("192.0.2.1")).toBe(200);
  for (const { body } of asked) await body?.cancel().catch(() => undefined);
});
