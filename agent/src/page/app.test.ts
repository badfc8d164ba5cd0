import { expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import type { VerdictFacts } from "../board/agent-status.ts";
import { StatusBoard } from "../board/status-board.ts";
import { boardSource, createPage, type StatusDocument } from "./app.ts";

function pageOf(fill: (board: StatusBoard) => void = () => {}) {
  const clock = new ManualClock();
  const board = new StatusBoard();
  const hotspot = { id: "z6MkTest", name: "angry-purple-tiger" };
  board.begin(
    { startedElapsedMs: clock.elapsedMs(), version: "1.2.3", network: "test", hotspot, hasGps: true },
    () => ({
      queued: 3,
      acknowledged: 1,
      postponed: 0,
      writes: 0,
      dropped: 0,
      bytes: 1000,
    }),
  );
  fill(board);
  return { page: createPage(boardSource(board, clock), (host) => host === "127.0.0.1:4480"), clock, board };
}

test("the page needs no script and no other file, and nothing in it is executed", async () => {
  const { page } = pageOf((board) => {
    board.links.set("broker", "lost", 0, { reason: "<script>alert(1)</script>" });
  });
  const response = await page.request("/");
  const text = await response.text();
  expect(response.headers.get("content-type")).toStartWith("text/html");
  expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(text).not.toContain("<script");
  expect(text).toContain("&lt;script&gt;");
  expect(text).not.toMatch(/(src|href)="(?!\/status\.json")/);
  expect(text).toContain('http-equiv="refresh"');
  expect(text).toContain("angry-purple-tiger");
});

test("it shows how old its data is", async () => {
  const { page, clock, board } = pageOf();
  board.addBeacon(
    { entropyIndex: 1, freqHz: 868_100_000, spreadingFactor: 9, powerDbm: 13, isSent: true },
    clock.elapsedMs(),
  );
  await clock.advance(125_000);
  const text = await (await page.request("/")).text();
  expect(text).toContain("2 min ago");
  expect(text).toContain("868.10 MHz, SF9, 13 dBm, 00:00:00 UTC");
  expect(text).toContain("As of 00:02:05 UTC");
});

const VERDICT: Omit<VerdictFacts, "receivedAtMs"> = {
  packetId: "00",
  outcome: "refused",
  reason: "too_close",
  measurements: [],
  sentence: "The beaconer stands 120 m away; coverage is proven from 300 m.",
  parametersHash: "5a".repeat(32),
};

test("a verdict comes with its sentence and the rules that it was reached by", async () => {
  const { page } = pageOf((board) => board.addVerdict(VERDICT, 0));
  const text = await (await page.request("/")).text();
  expect(text).toContain("✕ refused");
  expect(text).toContain("stands 120 m away");
  expect(text).toContain(`by rules ${"5a".repeat(32)}`);
});

test("what is valid and not paid is shown as neither paid nor refused, with why", async () => {
  const sentence = "20 hotspots heard this beacon validly; others were drawn for payment.";
  const { page, board } = pageOf(() => {});
  board.addVerdict({ ...VERDICT, outcome: "unpaid", reason: "not_drawn", sentence }, 0);
  const text = await (await page.request("/")).text();
  expect(text).toContain("○ valid, not paid");
  expect(text).toContain(sentence);
  expect(text).not.toContain("refused");
  const { counters } = (await (await page.request("/status.json")).json()) as StatusDocument;
  expect(counters).toMatchObject({ verdictsPaid: 0, verdictsRefused: 0, verdictsUnpaid: 1 });
});

test("status.json has the facts and what they mean", async () => {
  const { page } = pageOf();
  const document = (await (await page.request("/status.json")).json()) as StatusDocument;
  expect(document).toMatchObject({ network: "test", outbox: { queued: 3 }, health: "attention" });
  expect(document.parts.map(({ title }) => title)).toEqual([
    "Radio",
    "GPS",
    "Broker",
    "Outbox",
    "Clock and entropy",
    "Beacon",
  ]);
});

test("it answers its own names only, and no other web page", async () => {
  const { page } = pageOf();
  const ask = async (headers: Record<string, string>) =>
    (await page.request("/status.json", { headers })).status;
  expect(await ask({ Host: "127.0.0.1:4480" })).toBe(200);
  expect(await ask({ Host: "127.0.0.1:4480", Origin: "http://127.0.0.1:4480" })).toBe(200);
  expect(await ask({ Host: "evil.example:4480" })).toBe(421);
  expect(await ask({ Host: "127.0.0.1:4480", Origin: "http://evil.example" })).toBe(421);
  expect(await ask({ Host: "127.0.0.1:4480", Origin: "null" })).toBe(421);
  const refused = await page.request("/", { headers: { Host: "evil.example" } });
  expect(await refused.text()).toStartWith('This page does not answer to "evil.example": use this machine');
});

test("no other page may frame it, embed it or read it", async () => {
  const { page } = pageOf();
  for (const path of ["/", "/status.json", "/nothing"]) {
    const { headers } = await page.request(path);
    expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
    expect(headers.has("access-control-allow-origin")).toBe(false);
  }
});

test("anything else is not found, and nothing can be changed", async () => {
  const { page } = pageOf();
  expect((await page.request("/config")).status).toBe(404);
  expect((await page.request("/", { method: "POST" })).status).toBe(404);
});
