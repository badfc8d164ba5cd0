import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { ManualClock } from "@earshot/protocol/testing";
import { type Allowed, type Downloaded, download } from "./download.ts";

/* Against real servers on the loopback that do not keep to HTTP, or to what they announce. */

let clock: ManualClock;
let server: Server;
let sockets: Socket[];
/** What the newest client asked, once its request is whole. */
let asked: Promise<string>;

beforeEach(async () => {
  clock = new ManualClock(Date.UTC(2026, 0, 1));
  sockets = [];
  const request = Promise.withResolvers<string>();
  asked = request.promise;
  server = createServer((socket) => {
    sockets.push(socket);
    let text = "";
    socket.on("error", () => undefined);
    socket.on("data", (part) => {
      text += part.toString("latin1");
      if (text.includes("\r\n\r\n")) request.resolve(text);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  server.close();
  await once(server, "close");
});

const get = (allowed: Allowed): Promise<Downloaded> => {
  const { port } = server.address() as AddressInfo;
  return download({ fetch, clock }, new URL(`http://127.0.0.1:${port}/file`), allowed);
};

const head = (...lines: string[]) => `${["HTTP/1.1 200 OK", ...lines].join("\r\n")}\r\n\r\n`;

/** Asks, answers with these bytes and then does what is left. */
async function answered(
  allowed: Allowed,
  bytes: string | Uint8Array,
  then?: (socket: Socket) => unknown,
): Promise<Downloaded> {
  const downloaded = get(allowed);
  await asked;
  const [socket] = sockets as [Socket];
  socket.write(bytes);
  await then?.(socket);
  return downloaded;
}

const problem = (text: string | RegExp) => ({
  ok: false as const,
  problem: typeof text === "string" ? expect.stringContaining(text) : expect.stringMatching(text),
});

describe("what is taken", () => {
  test("bytes as many as announced and allowed, asked for as they are", async () => {
    const downloaded = await answered({ bytes: 5 }, `${head("content-length: 5")}hello`);
    expect(downloaded).toEqual({ ok: true, bytes: new Uint8Array(Buffer.from("hello")) });
    expect(await asked).toMatch(/accept-encoding: identity\r\n/i);
  });

  test("up to a limit, where the length is not known", async () => {
    const chunked = `${head("transfer-encoding: chunked")}5\r\nhello\r\n0\r\n\r\n`;
    expect(await answered({ maxBytes: 5 }, chunked)).toMatchObject({ ok: true });
  });
});

describe("what is not", () => {
  test("an encoding that was not asked for, which would become gigabytes", async () => {
    const bomb = gzipSync(new Uint8Array(20_000_000));
    const encoded = Buffer.concat([
      Buffer.from(head("content-encoding: gzip", `content-length: ${bomb.length}`)),
      bomb,
    ]);
    expect(await answered({ maxBytes: 2 ** 30 }, encoded)).toEqual(problem('encoded as "gzip"'));
  });

  test("more than was announced: a body without end is cut off", async () => {
    let sent = 0;
    const pour = (socket: Socket) => {
      const part = Buffer.from(`10000\r\n${"x".repeat(65_536)}\r\n`);
      const fill = () => {
        do sent += part.length;
        while (!socket.destroyed && socket.write(part));
      };
      socket.on("drain", fill);
      fill();
    };
    const endless = await answered({ bytes: 1_000_000 }, head("transfer-encoding: chunked"), pour);
    expect(endless).toEqual(problem("more than 1000000 bytes"));
    const [socket] = sockets as [Socket];
    if (!socket.destroyed) await new Promise((resolve) => socket.once("close", resolve));
    // What lay in buffers of the system is lost to the sender.
    expect(sent).toBeLessThan(64_000_000);
  });

  test.each<[Allowed, string]>([
    [{ bytes: 9 }, "10 bytes instead of 9"],
    [{ bytes: 11 }, "10 bytes instead of 11"],
    [{ maxBytes: 9 }, "more than 9 bytes"],
  ])("another length than %o, before a byte of it is read", async (allowed, text) => {
    expect(await answered(allowed, `${head("content-length: 10")}`)).toEqual(problem(text));
  });

  test("less than was announced", async () => {
    const short = await answered({ bytes: 10 }, `${head("content-length: 10")}01234`, (socket) =>
      socket.end(),
    );
    expect(short.ok).toBe(false);
  });

  test("a chunked body that ends early", async () => {
    const chunked = `${head("transfer-encoding: chunked")}5\r\nhello\r\n0\r\n\r\n`;
    expect(await answered({ bytes: 6 }, chunked)).toEqual(problem("ended after 5 of 6 bytes"));
  });

  test("what another address has", async () => {
    const redirect = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    expect(await answered({ maxBytes: 9 }, redirect)).toEqual(
      problem("HTTP status 302: redirects are not followed"),
    );
  });

  test("what is no HTTP, or a connection that breaks", async () => {
    expect((await answered({ maxBytes: 9 }, "+OK ready\r\n", (socket) => socket.end())).ok).toBe(false);
  });
});

describe("nobody is waited for", () => {
  const silent = problem("nothing came for 30 s: given up after");

  test("who takes the connection and says nothing", async () => {
    const downloaded = get({ maxBytes: 9 });
    await asked;
    await clock.advance(30_000);
    expect(await downloaded).toEqual(silent);
  });

  test("who stops in the middle", async () => {
    const stopped = await answered({ bytes: 10 }, `${head("content-length: 10")}01234`, async () => {
      await clock.advance(33_000);
    });
    expect(stopped).toEqual(silent);
  });

  test("who sends a byte now and then", async () => {
    const dripping = await answered({ bytes: 1000 }, head("content-length: 1000"), async (socket) => {
      for (let i = 0; i < 8; i++) {
        socket.write("x");
        // Virtual time, but real bytes: some turns of the event loop bring them over.
        for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
        await clock.advance(9000);
      }
    });
    expect(dripping).toEqual(problem(/^(it came slower than 4096 bytes a second|nothing came for 30 s)/));
  });

  test("and nothing is left waiting when a download has ended", async () => {
    await answered({ bytes: 5 }, `${head("content-length: 5")}hello`);
    expect(clock.pending).toBe(0);
  });
});
