import { expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import { Hono } from "hono";
import { EventHub } from "../monitoring/events.ts";
import { KEEP_MS, ResponseCache } from "./response-cache.ts";

/** An app whose answers are counted; `/api/v1/hotspots/…` waits until it is let when `gate` is there. */
function bench() {
  const clock = new ManualClock(1_000_000);
  const events = new EventHub();
  const state = { made: 0, size: 10, gate: undefined as Promise<void> | undefined };
  const app = new Hono();
  app.use("/api/v1/*", new ResponseCache({ clock, events }).middleware);
  app.get("/api/v1/none", (c) => c.json({ error: { code: "none" } }, 404));
  app.get("/api/v1/stream", (c) => c.body("data: 1\n\n", 200, { "Content-Type": "text/event-stream" }));
  app.post("/api/v1/list", (c) => c.json({}, 201));
  app.get("/api/v1/*", async (c) => {
    const made = ++state.made;
    await state.gate;
    return c.json({ nowMs: clock.now(), text: "x".repeat(state.size), made: state.size === 10 ? 0 : made });
  });
  const get = (path: string, headers: Record<string, string> = {}) =>
    app.request(`/api/v1/${path}`, { headers });
  return { app, clock, events, state, get };
}

test("an answer is given again for a moment, to each path and query its own", async () => {
  const { clock, state, get } = bench();
  for (const path of ["list", "list", "list?after=1", "list?after=1", "other"]) await get(path);
  expect(state.made).toBe(3);
  await clock.advance(KEEP_MS - 1);
  await get("list");
  expect(state.made).toBe(3);
  await clock.advance(1);
  await get("list");
  expect(state.made).toBe(4);
  expect((await get("none")).status).toBe(404);
  expect((await get("stream")).headers.get("etag")).toBeNull();
});

test("an event or a change ends that at once; who comes and goes only where it is told of", async () => {
  const { app, events, state, get } = bench();
  const madeAgain = async (path: string, happens: () => unknown) => {
    await get(path);
    const before = state.made;
    await happens();
    await get(path);
    return state.made > before;
  };
  const presence = (hotspotId: string) => () =>
    events.emit({ kind: "hotspot", hotspotId, online: true, atMs: 1 });
  expect(await madeAgain("list", () => undefined)).toBe(false);
  expect(
    await madeAgain("list", () => events.emit({ kind: "verdicts", entropyIndex: 1, verdicts: [] })),
  ).toBe(true);
  expect(await madeAgain("list", () => app.request("/api/v1/list", { method: "POST" }))).toBe(true);
  expect(await madeAgain("hotspots/z6MkA", presence("z6MkA"))).toBe(true);
  expect(await madeAgain("hotspots/z6MkA", presence("z6MkB"))).toBe(false);
  expect(await madeAgain("hotspots", presence("z6MkA"))).toBe(false);
  const entropy = () => events.emit({ kind: "entropy", index: 1, atMs: 1 });
  expect(await madeAgain("network", entropy)).toBe(true);
  expect(await madeAgain("list", entropy)).toBe(false);
});

test("who ask at the same time share one answer, but none from before an event", async () => {
  const { events, state, get } = bench();
  const gate = Promise.withResolvers<void>();
  state.gate = gate.promise;
  const asked = [get("list"), get("list"), get("list")];
  while (state.made === 0) await new Promise((resolve) => setImmediate(resolve));
  events.emit({ kind: "verdicts", entropyIndex: 1, verdicts: [] });
  const later = get("list");
  gate.resolve();
  const all = await Promise.all([...asked, later]);
  expect(all.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(state.made).toBe(2);
  await get("list");
  expect(state.made).toBe(2);
});

test("what cannot be shared is made for each: refusals and streams", async () => {
  const { get } = bench();
  const refused = await Promise.all([get("none"), get("none"), get("none")]);
  expect(refused.map(({ status }) => status)).toEqual([404, 404, 404]);
  const streams = await Promise.all([get("stream"), get("stream"), get("stream")]);
  expect(await Promise.all(streams.map((response) => response.text()))).toEqual(Array(3).fill("data: 1\n\n"));
});

test("the tag says what is told, whenever it is told", async () => {
  const { clock, state, get } = bench();
  const etag = (await get("list")).headers.get("etag") ?? "";
  expect(etag).toMatch(/^W\/"[0-9a-f]{32}"$/);
  await clock.advance(KEEP_MS);
  expect((await get("list", { "if-none-match": etag })).status).toBe(304);
  expect(state.made).toBe(2);
  state.size = 11;
  await clock.advance(KEEP_MS);
  expect((await get("list", { "if-none-match": etag })).status).toBe(200);
});

test("a long answer is compressed for who takes that, and its length is told", async () => {
  const { state, get } = bench();
  state.size = 5000;
  const plain = await get("list");
  const text = await plain.text();
  expect(plain.headers.get("content-encoding")).toBeNull();
  expect(plain.headers.get("vary")).toBe("Accept-Encoding");
  for (const accepted of ["gzip", "br, gzip;q=0.5", "deflate, GZIP", "*"]) {
    const packed = await get("list", { "accept-encoding": accepted });
    expect([accepted, packed.headers.get("content-encoding")]).toEqual([accepted, "gzip"]);
    const bytes = new Uint8Array(await packed.arrayBuffer());
    expect(packed.headers.get("content-length")).toBe(String(bytes.length));
    expect(bytes.length).toBeLessThan(500);
    expect(new TextDecoder().decode(Bun.gunzipSync(bytes))).toBe(text);
  }
  for (const refused of ["", "br", "gzip;q=0", "identity", "gzip;q=0.000, br"]) {
    const response = await get("list", { "accept-encoding": refused });
    expect([refused, response.headers.get("content-encoding")]).toEqual([refused, null]);
  }
  expect(state.made).toBe(1);
  state.size = 10;
  expect((await get("short", { "accept-encoding": "gzip" })).headers.get("content-encoding")).toBeNull();
});

test("what is kept is bounded: the oldest goes first", async () => {
  const { state, get } = bench();
  state.size = 3_000_000;
  for (let i = 0; i < 8; i++) await get(`list?n=${i}`);
  expect(state.made).toBe(8);
  await get("list?n=7");
  expect(state.made).toBe(8);
  await get("list?n=0");
  expect(state.made).toBe(9);
  await get(`list?n=${"9".repeat(400)}`);
  await get(`list?n=${"9".repeat(400)}`);
  expect(state.made).toBe(11);
});
