import { afterEach, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { systemClock } from "@earshot/protocol/runtime";
import { type HttpOptions, type HttpServer, paced, serveHttp } from "./serve.ts";

/** Real sockets, with limits of milliseconds where the program has seconds. */

const opened: { destroy(): void }[] = [];
const servers: HttpServer[] = [];
afterEach(async () => {
  for (const socket of opened.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) await server.close();
});

const LONG = { idleMs: 60_000, headMs: 60_000, requestMs: 60_000 };

async function serve(change: Partial<HttpOptions> = {}): Promise<HttpServer> {
  const server = await serveHttp({
    host: "127.0.0.1",
    port: 0,
    limits: { max: 100, maxPerAddress: 100 },
    trustedProxies: [],
    timeouts: LONG,
    fetch: (_request, { clientGroup }) => new Response(clientGroup),
    ...change,
  });
  servers.push(server);
  return server;
}

interface Client {
  socket: Socket;
  /** All that was received until the connection ended. */
  ended: Promise<string>;
  /** Resolves with what has been received when it contains this. */
  until(text: string): Promise<string>;
}

async function open({ port }: HttpServer, text: string): Promise<Client> {
  const socket = connect(port, "127.0.0.1");
  opened.push(socket);
  let received = "";
  socket.on("data", (bytes) => {
    received += bytes.toString("latin1");
  });
  socket.on("error", () => undefined);
  const ended = new Promise<string>((resolve) => socket.once("close", () => resolve(received)));
  await once(socket, "connect");
  socket.write(text);
  return {
    socket,
    ended,
    async until(wanted) {
      while (!received.includes(wanted)) await once(socket, "data");
      return received;
    },
  };
}

/** A byte every few milliseconds, for as long as it is let. */
async function drip(socket: Socket): Promise<void> {
  while (!socket.destroyed) {
    socket.write("a");
    await systemClock.sleep(5);
  }
}

const GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

describe("a connection ends", () => {
  test("when it has been answered and stays silent", async () => {
    const server = await serve({ timeouts: { ...LONG, idleMs: 50 } });
    const { ended } = await open(server, GET);
    expect(await ended).toContain("200 OK");
  });

  test("when a request's head comes too slowly, however often a byte of it comes", async () => {
    const server = await serve({ timeouts: { ...LONG, headMs: 50 } });
    const { socket, ended } = await open(server, "GET / HTTP/1.1\r\nHost: x\r\nX: ");
    void drip(socket);
    expect(await ended).toMatch(/^HTTP\/1\.1 408 /);
  });

  test("when its body does", async () => {
    const reading = Promise.withResolvers<string>();
    const server = await serve({
      timeouts: { ...LONG, headMs: 40, requestMs: 80 },
      fetch: async (request) => {
        await request.text().then(
          () => reading.resolve("read"),
          () => reading.resolve("given up"),
        );
        return new Response("ok");
      },
    });
    const { socket, ended } = await open(
      server,
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n",
    );
    void drip(socket);
    await ended;
    expect(await reading.promise).toBe("given up");
  });

  test("when it says what is no HTTP, with one line", async () => {
    const server = await serve();
    for (const [text, status] of [
      ["\u0016\u0003\u0001\r\n\r\n", 400],
      ["GET / HTTP/1.1\r\n\r\n", 400],
      ["POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400],
      [`GET / HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(40_000)}\r\n\r\n`, 431],
    ] as const) {
      const { ended } = await open(server, text);
      expect((await ended).split("\r\n")[0]).toStartWith(`HTTP/1.1 ${status} `);
    }
  });

  test("when the server does, in the middle of an answer", async () => {
    const endless = () => new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(9)) }));
    const server = await serve({ fetch: endless });
    const client = await open(server, GET);
    await client.until("\r\n\r\n");
    await server.close();
    await client.ended;
  });
});

test("a long answer goes out in pieces, each with the whole of the time that a connection may be silent", async () => {
  let rearmed = 0;
  const before = () => void rearmed++;
  const body = new Uint8Array(200_000).map((_, i) => i % 251);
  const reader = paced(new Response(body), before).body?.getReader();
  const pieces: Uint8Array[] = [];
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true };
    if (done || value === undefined) break;
    pieces.push(value);
    expect(rearmed).toBe(pieces.length);
  }
  expect(Math.max(...pieces.map(({ length }) => length))).toBe(65_536);
  expect(new Uint8Array(Buffer.concat(pieces))).toEqual(body);
  const short = new Response("x", { headers: { "content-length": "1" } });
  expect(paced(short, before)).toBe(short);
});

test("who does not read on is cut off, and the answer is told", async () => {
  const cancelled = Promise.withResolvers<void>();
  const server = await serve({
    timeouts: { ...LONG, idleMs: 50 },
    fetch: () =>
      new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(1_000_000)),
          cancel: () => cancelled.resolve(),
        }),
      ),
  });
  const { socket } = await open(server, GET);
  socket.pause();
  await cancelled.promise;
});

describe("of an address with too many connections", () => {
  const limits = { max: 100, maxPerAddress: 3 };

  test("those that waited longest go, and a new one is answered", async () => {
    const server = await serve({ limits });
    const slow = await Promise.all(Array.from({ length: 10 }, () => open(server, "GET / HTTP/1.1\r\nX: ")));
    const last = await open(server, GET);
    expect(await last.until("127.0.0.1")).toContain("200 OK");
    await Promise.all(slow.slice(0, 3).map(({ ended }) => ended));
    expect(server.dropped).toBe(8);
  });

  test("one that is answered stays: then the new one is turned away", async () => {
    const server = await serve({
      limits,
      fetch: () => new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array([65])) })),
    });
    const followers = await Promise.all(Array.from({ length: 3 }, () => open(server, GET)));
    for (const each of followers) await each.until("A");
    expect(await (await open(server, GET)).ended).toBe("");
    expect(followers.some(({ socket }) => socket.destroyed)).toBe(false);
  });

  test("one that has been answered waits again, and makes room", async () => {
    const server = await serve({ limits });
    const clients: Client[] = [];
    for (let i = 0; i < 3; i++) {
      const client = await open(server, GET);
      await client.until("127.0.0.1");
      clients.push(client);
    }
    const fresh = await open(server, GET);
    expect(await fresh.until("127.0.0.1")).toContain("200 OK");
    await clients[0]?.ended;
    expect([server.dropped, clients[1]?.socket.destroyed]).toEqual([1, false]);
  });

  test("a trusted proxy's have no such limit, and the client is whom it names", async () => {
    const server = await serve({ limits, trustedProxies: ["127.0.0.0/8"] });
    const forwarded = "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 6.6.6.6, 2001:db8::5\r\n\r\n";
    const clients = await Promise.all(Array.from({ length: 6 }, () => open(server, forwarded)));
    for (const client of clients) await client.until("2001:db8:0:0::/64");
    expect(server.dropped).toBe(0);
    const distrusting = await serve();
    await (await open(distrusting, forwarded)).until("127.0.0.1");
  });
});

test("a taken port is an error with its code", async () => {
  const { port } = await serve();
  const error = await serve({ port }).catch((cause: { code: string }) => cause.code);
  expect(error).toBe("EADDRINUSE");
});
