/**
 * CPU time of gateway ingest per accepted packet, divided by CPU time of one bare native Ed25519 verification.
 *
 *   bun run bench [rounds]
 *
 * Ingest is the gateway's own, from topic and bytes to "durable" in SQLite on disk (WAL, each commit synced), on
 * packets signed beforehand. Both sides are measured in turn in each round, in this process, over the same packets:
 * user and system time of all threads. Packets are handed in by the group, as one turn of the event loop reads them.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type GatewayLoad, makeHotspots, makeLoad } from "./load.ts";
import { bareVerifier, openBenchGateway } from "./measured.ts";

const ROUNDS = Number(process.argv[2] ?? 7);
/** Not counted: a gateway runs for months, its first second does not matter. */
const WARM_UP_ROUNDS = 5;
const PACKETS_PER_ROUND = 8192;
const HOTSPOTS = makeHotspots(64);

interface Case {
  name: string;
  types: GatewayLoad["types"];
  groupSize: number;
  /** Beside this one, to check signatures. */
  threads: number;
}

const REPORTS = ["witness", "beacon", "witness", "reading"] as const;
const CASES: readonly Case[] = [
  { name: "reports, 256 at a time", types: REPORTS, groupSize: 256, threads: 0 },
  {
    name: "reports, 256 at a time, signatures in another thread",
    types: REPORTS,
    groupSize: 256,
    threads: 1,
  },
  { name: "reports, 32 at a time", types: REPORTS, groupSize: 32, threads: 0 },
  { name: "statuses with receipts, 256 at a time", types: ["status"], groupSize: 256, threads: 0 },
];

/** µs of CPU per packet that `work` takes. */
async function cpuUs(packets: number, work: () => Promise<void> | void): Promise<number> {
  // What making the packets left behind is not what taking them in costs.
  Bun.gc(true);
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / packets;
}

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
const median = (values: readonly number[]): number => sorted(values)[values.length >> 1] ?? Number.NaN;

function spread(values: readonly number[], digits: number): string {
  const [low, high] = [sorted(values)[0] ?? Number.NaN, sorted(values).at(-1) ?? Number.NaN];
  return `${median(values).toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}

async function measure({ name, types, groupSize, threads }: Case, folder: string): Promise<number> {
  await using gateway = await openBenchGateway(join(folder, `${name}.sqlite`), { threads });
  const [ingestUs, verifyUs]: [number[], number[]] = [[], []];
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
    const load = makeLoad({
      types,
      hotspots: HOTSPOTS,
      packets: PACKETS_PER_ROUND,
      firstSequence: round * PACKETS_PER_ROUND + 1,
    });
    const verify = bareVerifier(load);
    const bare = await cpuUs(PACKETS_PER_ROUND, verify);
    const ingest = await cpuUs(PACKETS_PER_ROUND, () => gateway.take(load, groupSize));
    if (round >= WARM_UP_ROUNDS) {
      verifyUs.push(bare);
      ingestUs.push(ingest);
    }
  }
  const ratios = ingestUs.map((us, i) => us / (verifyUs[i] ?? Number.NaN));
  console.log(`${name}, ${ROUNDS} rounds of ${PACKETS_PER_ROUND} packets; median (lowest to highest)`);
  console.log(`  ingest, µs CPU per packet     ${spread(ingestUs, 1)}`);
  console.log(`  bare Ed25519 verify, µs CPU   ${spread(verifyUs, 1)}`);
  console.log(`  ratio                         ${spread(ratios, 2)}\n`);
  return median(ratios);
}

const folder = mkdtempSync(join(process.env.EARSHOT_BENCH_DIR ?? tmpdir(), "earshot-bench-"));
try {
  const ratios: number[] = [];
  for (const one of CASES) ratios.push(await measure(one, folder));
  console.log(
    `CPU of ingest ÷ CPU of one bare Ed25519 verification: ${ratios[0]?.toFixed(2)} (aim: at most 1.3)`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
