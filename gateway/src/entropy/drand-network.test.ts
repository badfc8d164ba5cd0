import { expect, test } from "bun:test";
import { join } from "node:path";
import { drandRoundTimeMs, type NetworkParameters } from "@earshot/protocol";
import { testChain } from "@earshot/protocol/drand-testing";
import { assertions, registeredStore, startTestGateway, type TestGateway } from "../testing/test-gateway.ts";
import { PARAMETERS } from "../testing/test-network.ts";
import { runVerifyEpoch } from "../verify/verify-command.ts";

/* A whole gateway on a chain of our own, in virtual time, down to what an auditor is told. */

const PERIOD_MS = 4000;
const chain = testChain();
const parameters: NetworkParameters = {
  ...PARAMETERS,
  ...{ entropyPeriodMs: PERIOD_MS, entropyValidityMs: 8000, reportDeadlineMs: 12_000 },
  ...{ revealDeadlineMs: 20_000, drandChain: chain },
};
const EPOCH_MS = PERIOD_MS * parameters.epochPeriods;
const startMs = Math.ceil(Date.UTC(2026, 0, 1) / EPOCH_MS) * EPOCH_MS;

interface Relay {
  /** Rounds that it does not give. */
  isAway(round: number): boolean;
}

async function start(relay: Relay, rules: Partial<NetworkParameters> = {}): Promise<TestGateway> {
  const run: TestGateway = await startTestGateway(startMs + 10, {
    store: await registeredStore(),
    parameters: { ...parameters, ...rules },
    drand: {
      urls: ["http://relay.test"],
      async fetch(url) {
        const round = Number(url.pathname.split("/").at(-1));
        const isMade = drandRoundTimeMs(round, chain) <= run.clock.now();
        if (relay.isAway(round) || !isMade) return new Response("", { status: 404 });
        return Response.json({ round, signature: chain.sign(round).toHex() });
      },
    },
  });
  return run;
}

async function verified({ bundlesDir, store }: TestGateway): Promise<{ code: number; text: string }> {
  const text: string[] = [];
  const say = (line: string) => void text.push(line);
  // Of the whole series: epochs in order.
  expect((await store.epochs({ limit: 10 })).length).toBeGreaterThan(0);
  const code = await runVerifyEpoch([join(bundlesDir)], { out: say, err: say, isTerminal: false });
  return { code, text: text.join("") };
}

test("each value is proven, and an auditor sees it", async () => {
  await using run = await start({ isAway: () => false });
  await run.play(assertions(startMs + 20), startMs + 3 * EPOCH_MS);
  const { code, text } = await verified(run);
  expect(code).toBe(0);
  expect(text).toContain(`drand chain ${chain.hash}, key ${chain.publicKey.toHex()}`);
  expect(text).toContain("the signatures of 4 values hold\n");
  expect(run.gateway.metrics.entropyUnproven).toBe(0);
  const { body } = await json(run, "/api/v1/network");
  expect(body).toMatchObject({
    parameters: { drandChain: { hash: chain.hash, periodS: 1 } },
    entropy: { source: { isProven: true, counts: true } },
  });
});

test("periods in which the chain is away are published without proof, told, and do not count", async () => {
  const away = { from: startMs + EPOCH_MS + PERIOD_MS, to: startMs + EPOCH_MS + 3 * PERIOD_MS };
  const isAway = (round: number) => {
    const atMs = drandRoundTimeMs(round, chain);
    return atMs >= away.from && atMs < away.to;
  };
  await using run = await start({ isAway });
  await run.play(assertions(startMs + 20), away.to - 1);
  const health = await json(run, "/healthz");
  expect(health.body.problems).toContain(
    "drand gave no entropy for the last 2 periods: published without proof",
  );
  await run.clock.advance(3 * EPOCH_MS);
  expect(run.gateway.metrics.entropyUnproven).toBe(2);
  const { code, text } = await verified(run);
  expect(code).toBe(0);
  expect(text).toContain("the signatures of 2 values hold; 2 have no signature");
  expect(text).toContain("2 entropy values came without a signature of the chain");
  expect((await json(run, "/healthz")).body.problems).not.toContainEqual(expect.stringContaining("drand"));
});

test("while the chain is away nothing is drawn with the operator's own values", async () => {
  let isAway = false;
  await using run = await start({ isAway: () => isAway });
  await run.play(assertions(startMs + 20), startMs + EPOCH_MS);
  isAway = true;
  await run.clock.advance(4 * EPOCH_MS);
  expect(await run.store.epochs({ limit: 10 })).toEqual([]);
  isAway = false;
  await run.clock.advance(EPOCH_MS);
  expect((await run.store.epochs({ limit: 10 })).length).toBeGreaterThan(2);
  expect((await verified(run)).code).toBe(0);
});

test("where the parameters let them count, they draw", async () => {
  await using run = await start({ isAway: () => true }, { unprovenEntropyCounts: 1 });
  await run.play(assertions(startMs + 20), startMs + 3 * EPOCH_MS);
  const { code, text } = await verified(run);
  expect(code).toBe(0);
  expect(text).toContain("the signatures of 0 values hold; 4 have no signature");
});

test("a network goes over to a chain, and back, with an epoch that was announced", async () => {
  await using run = await start({ isAway: () => false }, { drandChain: null });
  await run.play(assertions(startMs + 20), startMs + PERIOD_MS);
  await run.restart({ parameters });
  await run.clock.advance(3 * EPOCH_MS);
  await run.restart({ parameters: { ...parameters, drandChain: null } });
  await run.clock.advance(4 * EPOCH_MS);
  const { code, text } = await verified(run);
  expect(code).toBe(0);
  const sources = [...text.matchAll(/^ {2}entropy +(local|drand)/gm)].map(([, name]) => name);
  expect(new Set(sources)).toEqual(new Set(["local", "drand"]));
  expect(sources[0]).toBe("local");
  expect(text).toContain("Other parameters follow: the values that drew the epoch's last witnesses");
});

async function json({ gateway }: TestGateway, path: string) {
  const response = await gateway.app.request(path);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
