import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { type ByteLink, LinkLostError } from "../src/driver.ts";
import { openTcp } from "../src/link/tcp-link.ts";
import { bindUdp } from "../src/link/udp-socket.ts";

const LOCAL = { host: "127.0.0.1", port: 0 };
const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

/** What TCP links and UDP sockets must do, run under Bun by `network.test.ts` and under Deno by `network-checks-main.ts`. */
export const networkChecks: Record<string, () => Promise<void>> = {
  "udp: datagrams travel both ways and keep their sender's address": async () => {
    const server = await bindUdp(LOCAL);
    const client = await bindUdp(LOCAL);
    await client.send(bytesOf("push"), server.local);
    for await (const { bytes, from } of server) {
      assert.equal(textOf(bytes), "push");
      assert.deepEqual(from, client.local);
      await server.send(bytesOf("ack"), from);
      break;
    }
    for await (const { bytes } of client) {
      assert.equal(textOf(bytes), "ack");
      break;
    }
  },

  "udp: whoever is gone before the answer comes ends nothing, and costs others no datagram": async () => {
    const server = await bindUdp(LOCAL);
    const other = await bindUdp(LOCAL);
    const heard = server[Symbol.asyncIterator]();
    const answers = other[Symbol.asyncIterator]();
    for (let count = 0; count < 50; count += 1) {
      const gone = await bindUdp(LOCAL);
      await gone.send(bytesOf("push"), server.local);
      await gone.close();
      const { value } = await heard.next();
      assert.ok(value !== undefined);
      await server.send(bytesOf("ack"), value.from);
      await server.send(bytesOf(`for the other ${count}`), other.local);
      assert.equal(textOf((await answers.next()).value?.bytes), `for the other ${count}`);
    }
    await Promise.all([server.close(), other.close()]);
  },

  "udp: close() ends a waiting iteration, twice is once, and forbids sending": async () => {
    const socket = await bindUdp(LOCAL);
    const next = socket[Symbol.asyncIterator]().next();
    await Promise.all([socket.close(), socket.close()]);
    assert.equal((await next).done, true);
    await assert.rejects(socket.send(new Uint8Array(1), socket.local), LinkLostError);
  },

  "udp: a port in use is a LinkLostError that names the address": async () => {
    const first = await bindUdp(LOCAL);
    await assert.rejects(bindUdp(first.local), lostNaming(`udp 127.0.0.1:${first.local.port}`));
    await first.close();
  },

  "tcp: bytes travel both ways": () =>
    withPeer(async (link, peer) => {
      await link.write(bytesOf("watch"));
      const [heard] = await once(peer, "data");
      assert.equal(textOf(heard), "watch");
      peer.write("answer");
      assert.equal(textOf((await link[Symbol.asyncIterator]().next()).value), "answer");
    }),

  "tcp: close() ends a waiting iteration": () =>
    withPeer(async (link) => {
      const next = link[Symbol.asyncIterator]().next();
      await Promise.all([link.close(), link.close()]);
      assert.equal((await next).done, true);
      await assert.rejects(link.write(new Uint8Array(1)), LinkLostError);
    }),

  "tcp: a peer that hangs up is a LinkLostError that names it": () =>
    withPeer(async (link, peer, port) => {
      peer.end();
      await assert.rejects(
        link[Symbol.asyncIterator]().next(),
        lostNaming(`Lost tcp 127.0.0.1:${port}: the other end closed it`),
      );
    }),

  "tcp: a refused or abandoned connection is a LinkLostError that names it": async () => {
    const { server, port } = await listen();
    server.close();
    await once(server, "close");
    const address = { host: "127.0.0.1", port };
    await assert.rejects(openTcp(address), lostNaming(`Cannot connect to tcp 127.0.0.1:${port}`));
    await assert.rejects(openTcp({ ...address, signal: AbortSignal.abort() }), LinkLostError);
  },
};

function lostNaming(text: string): (error: unknown) => boolean {
  return (error) => error instanceof LinkLostError && error.message.includes(text);
}

async function listen(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

async function withPeer(check: (link: ByteLink, peer: Socket, port: number) => Promise<void>): Promise<void> {
  const { server, port } = await listen();
  const accepted = once(server, "connection");
  const link = await openTcp({ host: "127.0.0.1", port });
  const [peer] = (await accepted) as [Socket];
  await check(link, peer, port);
  await link.close();
  peer.destroy();
  server.close();
}
