import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drandEntropy, drandRoundAt, drandRoundTimeMs, entropyMessage } from "@earshot/protocol";
import { testChain } from "@earshot/protocol/drand-testing";
import { systemClock } from "@earshot/protocol/runtime";

/* The program itself, configured for a chain of our own, with real relays on the loopback. */

const MAIN = new URL("../src/main.ts", import.meta.url).pathname;
const PERIOD_MS = 8000;
/** It began on the 1st of November 2026, and makes a round every 2 s. */
const chain = testChain(Date.UTC(2026, 10, 1) / 1000, 2);
let folder: string;
let servers: Bun.Server<undefined>[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "earshot-gateway-drand-"));
  servers = [];
});
afterEach(async () => {
  for (const server of servers) await server.stop(true);
  rmSync(folder, { recursive: true, force: true });
});

function relay(answer: (round: number) => Response): string {
  const fetch = (request: Request) => answer(Number(new URL(request.url).pathname.split("/").at(-1)));
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch });
  servers.push(server);
  return server.url.href;
}

const rounds = (sign: (round: number) => Uint8Array) =>
  relay((round) =>
    drandRoundTimeMs(round, chain) > systemClock.now()
      ? new Response("too early", { status: 425 })
      : Response.json({ round, signature: sign(round).toHex() }),
  );

const config = (urls: readonly string[]) => `
network = "drand-test"
broker.port = 0
http.port = 0
[entropy]
source = "drand"
urls = ${JSON.stringify(urls)}
chain_hash = "${chain.hash}"
chain_public_key = "${chain.publicKey.toHex()}"
chain_genesis_s = ${chain.genesisS}
chain_period_s = ${chain.periodS}
[parameters]
entropy_period_ms = ${PERIOD_MS}
entropy_validity_ms = 16000
report_deadline_ms = 24000
`;

/** Its page's address, as soon as it says so. */
async function pageOf(output: ReadableStream<Uint8Array>): Promise<string> {
  let said = "";
  for await (const part of output) {
    said += new TextDecoder().decode(part);
    const page = /Fleet page {3}(http:\S+)/.exec(said)?.[1];
    if (page !== undefined && said.includes("public key")) return page;
  }
  throw new Error(`The gateway ended: ${said}`);
}

interface NetworkView {
  entropy: { index: number; source: { round: number; isProven: boolean } } | null;
}

test("a gateway takes its entropy from the chain, whatever its first relays say", async () => {
  const lying = rounds((round) => chain.sign(round + 1));
  const away = relay(() => new Response("", { status: 503 }));
  const file = join(folder, "gateway.toml");
  writeFileSync(file, config([lying, away, rounds(chain.sign)]));
  const program = Bun.spawn([process.execPath, MAIN, "--config", file], {
    cwd: folder,
    stdout: "pipe",
    stderr: "ignore",
  });
  const page = await pageOf(program.stdout);
  const read = async () => (await (await fetch(`${page}api/v1/network`)).json()) as NetworkView;
  let { entropy } = await read();
  const events = await fetch(`${page}api/v1/events`);
  for await (const _ of events.body ?? []) {
    ({ entropy } = await read());
    if (entropy?.source.isProven === true) break;
  }
  program.kill("SIGTERM");
  expect(await program.exited).toBe(0);
  const { index, source } = entropy as NonNullable<NetworkView["entropy"]>;
  expect(source.round).toBe(drandRoundAt(index * PERIOD_MS, chain));
  const store = new Database(join(folder, ".earshot/gateway/gateway.db"), { readonly: true });
  const [row] = store
    .query<{ message: Uint8Array }, [number]>("SELECT message FROM entropy WHERE entropy_index = ?")
    .all(index);
  store.close();
  const opened = entropyMessage.open(new Uint8Array(row?.message ?? []), "drand-test");
  const signature = chain.sign(source.round);
  expect(opened.ok && opened.value).toMatchObject({
    source: { signature, counts: true },
    value: drandEntropy(signature, "drand-test", index),
  });
}, 60_000);
