import { afterEach, expect, test } from "bun:test";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { ManualClock } from "@earshot/protocol/testing";
import { StatusBoard } from "../board/status-board.ts";
import { boardSource } from "./app.ts";
import { type RunningPage, servePage } from "./serve.ts";

const sockets: Socket[] = [];
let page: RunningPage | undefined;
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await page?.stop();
});

async function setUp() {
  const clock = new ManualClock();
  const board = new StatusBoard();
  const hotspot = { id: "z6MkTest", name: "angry-purple-tiger" };
  const counts = { queued: 0, acknowledged: 0, postponed: 0, writes: 0, dropped: 0, bytes: 0 };
  board.begin(
    { startedElapsedMs: clock.elapsedMs(), version: "1", network: "test", hotspot, hasGps: false },
    () => counts,
  );
  page = await servePage(
    boardSource(board, clock),
    { listen: { host: "127.0.0.1", port: 0 }, names: [] },
    clock,
  );
  return { clock, url: page.url, port: Number(new URL(page.url).port) };
}

async function silentOn(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  sockets.push(socket);
  await once(socket, "connect");
  return socket;
}

test("a browser and a program are answered, beside 300 idle connections", async () => {
  const { url, port } = await setUp();
  for (let i = 0; i < 300; i++) (await silentOn(port)).write("GET / HTTP/1.1\r\n");
  const response = await fetch(url);
  expect(response.status).toBe(200);
  expect(response.headers.get("connection")).toBe("close");
  expect(await response.text()).toContain("angry-purple-tiger");
  expect((await fetch(`${url}status.json`, { method: "HEAD" })).status).toBe(200);
});

test("who is slow to ask is ended after 10 s, and stopping ends everybody", async () => {
  const { clock, port } = await setUp();
  const slow = await silentOn(port);
  const ended = once(slow.resume(), "close");
  while (clock.pending === 0) await new Promise(setImmediate);
  await clock.advance(10_000);
  await ended;
  const other = once((await silentOn(port)).resume(), "close");
  await page?.stop();
  await other;
  await clock.advance(0);
  expect(clock.pending).toBe(0);
});
