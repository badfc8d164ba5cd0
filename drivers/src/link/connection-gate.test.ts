import { expect, test } from "bun:test";
import { EventEmitter } from "node:events";
import { ManualClock } from "@earshot/protocol/testing";
import { ConnectionGate } from "./connection-gate.ts";

const LIMIT_MS = 10_000;

class FakeSocket extends EventEmitter {
  readonly remoteAddress = "10.0.0.2";
  readonly remotePort: number;
  isOpen = true;

  constructor(remotePort: number) {
    super();
    this.remotePort = remotePort;
  }

  destroy(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.emit("close");
  }
}

function gateOf(maxWaiting: number) {
  const clock = new ManualClock();
  const gate = new ConnectionGate({ clock, maxWaiting, limitMs: LIMIT_MS });
  const enter = (count: number) =>
    Array.from({ length: count }, (_, i) => {
      const socket = new FakeSocket(1000 + i);
      gate.enter(socket);
      return socket;
    });
  return { clock, gate, enter };
}

const openOf = (sockets: readonly FakeSocket[]) => sockets.map(({ isOpen }) => isOpen);

test("one too many ends the one that waited longest, never the newcomer or one that passed", () => {
  const { gate, enter } = gateOf(2);
  const [first, ...rest] = enter(1);
  if (first === undefined) throw new Error("none entered");
  gate.pass(first);
  const later = Array.from({ length: 300 }, (_, i) => new FakeSocket(5000 + i));
  for (const socket of later) gate.enter(socket);
  expect(rest).toEqual([]);
  expect(first.isOpen).toBe(true);
  expect(later.filter(({ isOpen }) => isOpen)).toEqual(later.slice(-2));
});

test("who has not passed is ended after the limit, however slowly it goes on, and no timer is left", async () => {
  const { clock, gate, enter } = gateOf(10);
  const sockets = enter(3);
  gate.pass(sockets[1] as FakeSocket);
  await clock.advance(LIMIT_MS - 1);
  expect(openOf(sockets)).toEqual([true, true, true]);
  await clock.advance(1);
  expect(openOf(sockets)).toEqual([false, true, false]);
  expect(clock.pending).toBe(0);
});

test("a socket over another one of the same connection passes for it", async () => {
  const { clock, gate, enter } = gateOf(10);
  const [below] = enter(1);
  gate.pass(new FakeSocket(1000));
  await clock.advance(LIMIT_MS);
  expect(below?.isOpen).toBe(true);
});

test("closing ends all, and a connection that ends by itself leaves nothing", async () => {
  const { clock, gate, enter } = gateOf(10);
  const sockets = enter(3);
  sockets[0]?.destroy();
  gate.pass(sockets[1] as FakeSocket);
  gate.endAll();
  expect(openOf(sockets)).toEqual([false, false, false]);
  await clock.advance(0);
  expect(clock.pending).toBe(0);
});
