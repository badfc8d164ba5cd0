import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import type { Gateway } from "@earshot/gateway";
import type { Downlink } from "../src/downlink/downlink.ts";
import { makeHotspots, makeLoad } from "./load.ts";
import { type BenchGateway, bareVerifier, openBenchGateway } from "./measured.ts";
import type { SenderRound, SenderSetup } from "./mqtt-sender.ts";

/** A broker between the hotspots and the gateway. */
export interface BrokerUnderTest extends AsyncDisposable {
  downlink: Downlink;
  serve(gateway: Gateway): Promise<void>;
  /** Where hotspots connect, once it serves. */
  port: number;
}

const HOTSPOTS = 512;
const PACKETS_PER_ROUND = 32_768;
/** Not counted: keys are admitted and code is compiled. */
const WARM_UP_ROUNDS = 1;
const VERIFIED_PER_ROUND = 8192;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

/**
 * Stored packets per second over real MQTT, from another process, divided by bare Ed25519 verifications per second on
 * one core, both by the clock on the wall and in turn in each round.
 */
export async function measureOverMqtt(
  name: string,
  rounds: number,
  aim: number,
  open: () => Promise<BrokerUnderTest>,
): Promise<void> {
  const folder = mkdtempSync(join(process.env.EARSHOT_BENCH_DIR ?? tmpdir(), "earshot-bench-"));
  try {
    await using broker = await open();
    await using gateway = await openBenchGateway(join(folder, "store.sqlite"), {
      downlink: broker.downlink,
      threads: Math.min(2, availableParallelism() - 1),
    });
    await broker.serve(gateway.gateway);
    using sender = await startSender({ port: broker.port, hotspots: HOTSPOTS });
    const results: { stored: number; bare: number }[] = [];
    for (let round = 0; round < WARM_UP_ROUNDS + rounds; round++) {
      const work = { packets: PACKETS_PER_ROUND, firstSequence: round * PACKETS_PER_ROUND + 1 };
      const result = { bare: bareRate(), stored: await storedRate(gateway, sender, work) };
      if (round >= WARM_UP_ROUNDS) results.push(result);
    }
    report(name, results, aim);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function report(name: string, results: readonly { stored: number; bare: number }[], aim: number): void {
  const ratios = results.map(({ stored, bare }) => stored / bare);
  const [lowest, highest] = [Math.min(...ratios).toFixed(2), Math.max(...ratios).toFixed(2)];
  console.log(
    `${name}, ${HOTSPOTS} hotspots, ${results.length} rounds of ${PACKETS_PER_ROUND} packets; medians`,
  );
  console.log(
    `  stored per second                   ${median(results.map(({ stored }) => stored)).toFixed(0)}`,
  );
  console.log(`  bare Ed25519 verify per second      ${median(results.map(({ bare }) => bare)).toFixed(0)}`);
  console.log(`  ratio (lowest to highest)           ${median(ratios).toFixed(2)} (${lowest} to ${highest})`);
  console.log(
    `\n${name} ÷ bare verification on one core: ${median(ratios).toFixed(2)} (aim: at least ${aim})`,
  );
}

function bareRate(): number {
  const hotspots = makeHotspots(64);
  const verify = bareVerifier(
    makeLoad({ types: ["witness"], hotspots, packets: VERIFIED_PER_ROUND, firstSequence: 1 }),
  );
  Bun.gc(true);
  const began = performance.now();
  verify();
  return (VERIFIED_PER_ROUND * 1000) / (performance.now() - began);
}

/** From the word to send until every packet is stored; throws unless all are new. */
async function storedRate(gateway: BenchGateway, sender: Sender, round: SenderRound): Promise<number> {
  await sender.ask({ prepare: round });
  Bun.gc(true);
  const stored = gateway.untilStored(round.packets);
  const began = performance.now();
  const sent = sender.ask("send");
  await Promise.race([stored, sender.failed]);
  const elapsedMs = performance.now() - began;
  await sent;
  return (round.packets * 1000) / elapsedMs;
}

interface Sender extends Disposable {
  ask(what: { prepare: SenderRound } | "send"): Promise<void>;
  failed: Promise<never>;
}

async function startSender(setup: SenderSetup): Promise<Sender> {
  let answered = Promise.withResolvers<void>();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  const child = Bun.spawn([process.execPath, new URL("mqtt-sender.ts", import.meta.url).pathname], {
    stdio: ["ignore", "inherit", "inherit"],
    ipc: () => answered.resolve(),
    onExit: () => failed.reject(new Error("The process that sends has ended")),
  });
  const ask = (what: { setup: SenderSetup } | { prepare: SenderRound } | "send") => {
    answered = Promise.withResolvers();
    child.send(what);
    return Promise.race([answered.promise, failed.promise]);
  };
  await ask({ setup });
  return { ask, failed: failed.promise, [Symbol.dispose]: () => child.kill() };
}
