import { expect, test } from "bun:test";
import { LinkLostError } from "../driver.ts";
import { bindUdp } from "./udp-socket.ts";

const LOCAL = { host: "127.0.0.1", port: 0 };
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test("datagrams travel both ways and keep their sender's address", async () => {
  const server = await bindUdp(LOCAL);
  const client = await bindUdp(LOCAL);
  await client.send(new TextEncoder().encode("push"), server.local);
  for await (const { bytes, from } of server) {
    expect(text(bytes)).toBe("push");
    expect(from).toEqual(client.local);
    await server.send(new TextEncoder().encode("ack"), from);
    break;
  }
  for await (const { bytes } of client) {
    expect(text(bytes)).toBe("ack");
    break;
  }
});

test("close() ends a waiting iteration, is idempotent, and forbids sending", async () => {
  const socket = await bindUdp(LOCAL);
  const next = socket[Symbol.asyncIterator]().next();
  await Promise.all([socket.close(), socket.close()]);
  expect((await next).done).toBe(true);
  await expect(socket.send(new Uint8Array(1), socket.local)).rejects.toBeInstanceOf(LinkLostError);
});

test("a port in use is a LinkLostError that names the address", async () => {
  const first = await bindUdp(LOCAL);
  await expect(bindUdp(first.local)).rejects.toThrow(`udp 127.0.0.1:${first.local.port}`);
  await first.close();
});
