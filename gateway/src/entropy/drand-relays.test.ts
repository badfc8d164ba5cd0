import { afterEach, beforeEach, expect, test } from "bun:test";
import { drandChecker } from "@earshot/protocol/drand";
import { testChain } from "@earshot/protocol/drand-testing";
import { ManualClock } from "@earshot/protocol/testing";
import { DrandRelays, type RoundAnswer } from "./drand-relays.ts";

/* Against real relays on the loopback, some of which are slow, wrong or hostile. */

const chain = testChain();
const checker = drandChecker(chain.publicKey);
const ROUND = 77;
const answer = (round: number, signature = chain.sign(round)) =>
  JSON.stringify({ round, randomness: "00", signature: signature.toHex() });

type Answer = (request: Request) => Response | Promise<Response>;
let servers: Bun.Server<undefined>[];
let clock: ManualClock;
let asked: string[];

beforeEach(() => {
  [servers, asked] = [[], []];
  clock = new ManualClock(Date.UTC(2026, 5, 1));
});
afterEach(async () => {
  for (const server of servers) await server.stop(true);
});

/** @returns its address */
function relay(answerWith: Answer): string {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      asked.push(new URL(request.url).pathname);
      return answerWith(request);
    },
  });
  servers.push(server);
  return server.url.href;
}

const ask = (...urls: string[]): Promise<RoundAnswer> =>
  new DrandRelays({ urls, chain, checker, clock, entropyPeriodMs: 60_000, fetch }).signatureOf(
    ROUND,
    new AbortController().signal,
  );

const why = async (...urls: string[]): Promise<string> => {
  const answered = await ask(...urls);
  return answered.ok ? "ok" : answered.problems.join("\n");
};

const good: Answer = () => new Response(answer(ROUND));

test("a relay that has the round is enough, asked for this chain and round", async () => {
  expect(await ask(relay(good))).toEqual({ ok: true, signature: chain.sign(ROUND) });
  expect(asked).toEqual([`/${chain.hash}/public/${ROUND}`]);
  const [address] = servers.map((server) => server.url.href);
  expect(await ask(`${address}relay`)).toMatchObject({ ok: true });
  expect(asked[1]).toBe(`/relay/${chain.hash}/public/${ROUND}`);
});

test("one after the other is asked until one gives what the chain's key signed", async () => {
  const wrong = relay(() => new Response(answer(ROUND, chain.sign(ROUND + 1))));
  const missing = relay(() => new Response("not yet", { status: 404 }));
  expect(await ask(wrong, missing, relay(good))).toMatchObject({ ok: true });
  expect(asked).toHaveLength(3);
});

test.each<[string, Answer, string]>([
  ["a wrong signature", () => new Response(answer(ROUND, chain.sign(5))), "is not the chain's"],
  [
    "another round",
    () => new Response(answer(ROUND + 1)),
    `it answered with round ${ROUND + 1} when asked for ${ROUND}`,
  ],
  ["too early", () => new Response("", { status: 425 }), "HTTP status 425"],
  ["a redirect", () => Response.redirect("http://127.0.0.1:9/"), "redirects are not followed"],
  ["no JSON", () => new Response("<html>"), "its answer is no JSON"],
  ["JSON of another form", () => new Response("[]"), "no round and signature in hex"],
  [
    "a signature that is no hex",
    () => new Response(`{"round":${ROUND},"signature":"zz"}`),
    "no round and signature",
  ],
  ["a short signature", () => new Response(answer(ROUND, new Uint8Array(10))), "is not the chain's"],
  ["a huge answer", () => new Response("x".repeat(5000)), "more than 4096 bytes"],
])("%s is told with the relay's address", async (_what, answerWith, told) => {
  const url = relay(answerWith);
  const problem = await why(url);
  expect(problem).toContain(told);
  expect(problem).toStartWith(url);
});

test("an answer that never ends is cut off", async () => {
  const url = relay(() => {
    const { readable, writable } = new TransformStream();
    const writer = writable.getWriter();
    const fill = (): Promise<void> => writer.write(new Uint8Array(1000)).then(fill, () => undefined);
    void fill();
    return new Response(readable);
  });
  expect(await why(url)).toContain("more than 4096 bytes");
});

test("a relay that is away is told, and the next is asked", async () => {
  const url = relay(good);
  await servers.pop()?.stop(true);
  expect(await why(url)).toStartWith(url);
  expect(await ask(url, relay(good))).toMatchObject({ ok: true });
});

test("a slow one is left after 3 s, and nothing waits on", async () => {
  const reached = Promise.withResolvers<void>();
  const slow = relay(() => {
    reached.resolve();
    return new Promise(() => undefined);
  });
  const answered = ask(slow, relay(good));
  await reached.promise;
  await clock.advance(2999);
  expect(asked).toHaveLength(1);
  await clock.advance(1);
  expect(await answered).toMatchObject({ ok: true });
  expect(clock.pending).toBe(0);
});

test("it ends at once when it is told to", async () => {
  const reached = Promise.withResolvers<void>();
  const slow = relay(() => {
    reached.resolve();
    return new Promise(() => undefined);
  });
  const stop = new AbortController();
  const relays = new DrandRelays({ urls: [slow], chain, checker, clock, entropyPeriodMs: 60_000, fetch });
  const answered = relays.signatureOf(ROUND, stop.signal);
  await reached.promise;
  stop.abort(new Error("Stopped"));
  expect(answered).rejects.toThrow("Stopped");
  await answered.catch(() => undefined);
  expect(clock.pending).toBe(0);
});
