import { expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import { CLOSE_LIMIT_MS, MAX_BACKLOG_BYTES, READY_BYTES, STALL_LIMIT_MS } from "./endpoint-limits.ts";
import { settle, TestSocket } from "./test-socket.ts";
import { Wire } from "./wire.ts";

const PING = Uint8Array.of(0xc0, 0);

function openWire(socket = new TestSocket()) {
  const clock = new ManualClock();
  const seen: string[] = [];
  const wire = new Wire(socket.asSocket, clock, {
    onFrame: (frame) => void seen.push(frame.toHex()),
    onReady: () => void seen.push("ready"),
    onFailure: (reason) => void seen.push(reason),
    onClosed: () => void seen.push("closed"),
  });
  return { socket, clock, seen, wire };
}

test("nothing is read before it is wanted, nor while it is held", async () => {
  const { socket, seen, wire } = openWire();
  socket.push(PING);
  await settle();
  expect(seen).toEqual([]);
  wire.release();
  await settle();
  expect(seen).toEqual(["c000"]);
  wire.hold();
  socket.push(PING);
  await settle();
  wire.release();
  await settle();
  expect(seen).toEqual(["c000", "c000"]);
});

test("what is written in one turn goes out in one write", async () => {
  const { socket, wire } = openWire();
  for (let i = 0; i < 100; i++) wire.write(Uint8Array.of(i));
  await settle();
  expect(socket.writes).toHaveLength(1);
});

test("while the other side takes nothing it is not read, and after a while it is given up", async () => {
  const { socket, clock, seen, wire } = openWire(new TestSocket(false));
  wire.release();
  wire.write(new Uint8Array(READY_BYTES));
  await settle();
  expect([wire.isReady, wire.isPaused]).toEqual([false, true]);
  socket.push(PING);
  await clock.advance(STALL_LIMIT_MS - 1);
  wire.tick(clock.elapsedMs());
  expect(seen).toEqual([]);
  await clock.advance(1);
  wire.tick(clock.elapsedMs());
  expect(seen).toEqual(["slow_reader"]);
});

test("when it takes again, more is sent and read", async () => {
  const { socket, seen, wire } = openWire(new TestSocket(false));
  wire.release();
  wire.write(new Uint8Array(READY_BYTES));
  await settle();
  socket.push(PING);
  socket.takeAll();
  await settle();
  expect(seen).toEqual(["ready", "c000"]);
  expect([wire.isReady, wire.isPaused]).toEqual([true, false]);
});

test("more than a bound is not kept for it", async () => {
  const { seen, wire } = openWire(new TestSocket(false));
  wire.write(new Uint8Array(MAX_BACKLOG_BYTES));
  await settle();
  expect(seen).toEqual([]);
  wire.write(new Uint8Array(1));
  await settle();
  expect(seen).toEqual(["slow_reader"]);
});

test("an end that the other side does not answer is made one", async () => {
  const { socket, clock, seen, wire } = openWire();
  wire.release();
  wire.write(Uint8Array.of(1));
  wire.end();
  wire.write(Uint8Array.of(2));
  socket.push(PING);
  await clock.advance(CLOSE_LIMIT_MS);
  wire.tick(clock.elapsedMs());
  await settle();
  expect(socket.writes.map((bytes) => bytes.toHex())).toEqual(["01"]);
  expect(seen).toEqual(["closed"]);
});
