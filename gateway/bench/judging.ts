/**
 * Judging from a store with more and more registered hotspots: beacons per second and core, and memory.
 *
 *   bun gateway/bench/judging.ts [periods [largest]]
 *
 * Measured is what the gateway does with a period whose reports are stored: read them and all that the rules ask,
 * judge, write the verdicts, durable in SQLite on disk. Signatures are apart: a packet's is checked when it comes in.
 * Each size runs in a process of its own.
 */
import type { JudgingRun } from "./judging-run.ts";

const PERIODS = Number(process.argv[2] ?? 20);
const LARGEST = Number(process.argv[3] ?? 1_000_000);
const SIZES = [10_000, 100_000, 1_000_000].filter((size) => size <= LARGEST);
const CORES = 2;
/** A day of a million hotspots: four beacons each, fourteen witnesses each. */
const DAY = { beacons: 4_000_000, witnesses: 14 };

function start(registered: number, least: number, most: number): Promise<JudgingRun> {
  const script = new URL("judging-run.ts", import.meta.url).pathname;
  const args = [registered, PERIODS, least, most].map(String);
  const child = Bun.spawn([process.execPath, script, ...args], { stdout: "pipe", stderr: "inherit" });
  return new Response(child.stdout).json() as Promise<JudgingRun>;
}

const perCore = ({ beacons, cpuMs }: JudgingRun): number => (1000 * beacons) / cpuMs;

console.log(
  `${PERIODS - 1} periods of 100 beacons, each with 14 to 40 witnesses; µs and rates are CPU time\n`,
);
console.log("registered   beacons   reports   beacons/s/core   µs/report   RSS MiB before, after");
const runs: JudgingRun[] = [];
for (const size of SIZES) {
  const run = await start(size, 14, 40);
  runs.push(run);
  const cells = [
    String(size).padStart(10),
    String(run.beacons).padStart(9),
    String(run.reports).padStart(9),
    perCore(run).toFixed(0).padStart(16),
    ((1000 * run.cpuMs) / run.reports).toFixed(1).padStart(11),
    `${run.rssBeforeMiB.toFixed(0)}, ${run.rssAfterMiB.toFixed(0)}`.padStart(23),
  ];
  console.log(cells.join(" "));
}
const rates = runs.map(perCore);
const flatness = (rates.at(-1) ?? Number.NaN) / (rates[0] ?? Number.NaN);
console.log(`\nRate with ${LARGEST} registered ÷ with ${SIZES[0]}: ${flatness.toFixed(2)} (flat is 1)`);

const shares = await Promise.all(
  Array.from({ length: CORES }, () => start(LARGEST, DAY.witnesses, DAY.witnesses)),
);
const together = shares.reduce((sum, run) => sum + perCore(run), 0);
const minutes = DAY.beacons / together / 60;
console.log(
  `\n${CORES} processes at once, each with a store of its own and ${DAY.witnesses} witnesses a beacon: ` +
    `${together.toFixed(0)} beacons per second of CPU on ${CORES} cores`,
);
console.log(
  `Projection from this slice, not a run: a day of 1,000,000 hotspots (${DAY.beacons} beacons) is judged in ` +
    `${minutes.toFixed(0)} minutes of ${CORES} cores, its periods shared out between processes (aim: under 60)`,
);
