import { expect, test } from "bun:test";
import { LinkLostError } from "../driver.ts";
import { MemoryNetwork } from "./memory-network.ts";

const anyPort = { host: "10.0.0.1", port: 0 };

test("datagrams arrive in the order sent, with their sender's address", async () => {
  const network = new MemoryNetwork();
  const server = network.bind({ host: "0.0.0.0", port: 1680 });
  const first = network.bind(anyPort);
  const second = network.bind(anyPort);
  const to = { host: "10.0.0.9", port: 1680 };
  for (const [at, socket] of [first, second, first].entries()) await socket.send(new Uint8Array([at]), to);
  const heard: [number | undefined, number][] = [];
  for await (const { bytes, from } of server) {
    heard.push([bytes[0], from.port]);
    if (heard.length === 3) break;
  }
  expect(heard).toEqual([
    [0, first.local.port],
    [1, second.local.port],
    [2, first.local.port],
  ]);
});

test("queues are bounded, and a datagram to nobody is lost", async () => {
  const network = new MemoryNetwork({ capacity: 2 });
  const server = network.bind(anyPort);
  const client = network.bind(anyPort);
  for (const byte of [1, 2, 3]) await client.send(new Uint8Array([byte]), server.local);
  await client.send(new Uint8Array([4]), { host: "10.0.0.9", port: 9 });
  expect(server.overruns).toBe(1);
  for await (const { bytes } of server) {
    expect(bytes[0]).toBe(2);
    break;
  }
});

test("an address is bound once and free again after close() or loss", async () => {
  const network = new MemoryNetwork();
  const address = { host: "127.0.0.1", port: 1700 };
  const socket = network.bind(address);
  expect(() => network.bind(address)).toThrow(LinkLostError);
  await socket.close();
  const next = network.bind(address);
  next.lose();
  await expect(next[Symbol.asyncIterator]().next()).rejects.toBeInstanceOf(LinkLostError);
  await expect(next.send(new Uint8Array(1), address)).rejects.toBeInstanceOf(LinkLostError);
  expect(network.bound).toBe(0);
});

test("drained() waits for the reader to come back for more", async () => {
  const network = new MemoryNetwork();
  const server = network.bind(anyPort);
  const client = network.bind(anyPort);
  const seen: number[] = [];
  const reading = (async () => {
    for await (const { bytes } of server) {
      await Promise.resolve();
      seen.push(...bytes);
    }
  })();
  for (const byte of [1, 2]) await client.send(new Uint8Array([byte]), server.local);
  await server.drained();
  expect(seen).toEqual([1, 2]);
  await server.close();
  await reading;
});
