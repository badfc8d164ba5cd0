/**
 * Leaves and root of an epoch's tree, beside @openzeppelin/merkle-tree over the same leaves.
 *
 *   bun protocol/bench/tree.ts [leaves, 1000000 by default]
 *
 * Every measurement is one build in a new process: a gateway builds one tree per epoch, so code is not warm there
 * either. Comparisons take the median of `ROUNDS` builds of each, in turn. Time is from leaves in memory to the root;
 * memory is the process's peak, leaves included.
 */
import { fileURLToPath } from "node:url";
import type { OutputRun, TreeRun } from "./tree-run.ts";

const RATIO_AIM = 10;
const PEAK_AIM_MIB = 1024;
const COMPARED_LEAVES = [10_000, 100_000];
const ROUNDS = 3;

const leaves = Number(process.argv[2] ?? 1_000_000);
if (!Number.isSafeInteger(leaves) || leaves < COMPARED_LEAVES[0]!)
  throw new RangeError(`leaves is ${process.argv[2]}, must be a whole number from ${COMPARED_LEAVES[0]}`);

function run<T extends TreeRun>(what: "openzeppelin" | "earshot" | "output", count: number): T {
  const script = fileURLToPath(new URL("tree-run.ts", import.meta.url));
  const { stdout, exitCode } = Bun.spawnSync([process.execPath, script, what, `${count}`], {
    stderr: "inherit",
  });
  if (exitCode !== 0) throw new Error(`${what} with ${count} leaves ended with code ${exitCode}`);
  return JSON.parse(stdout.toString());
}

const number = (value: number, digits = 0): string =>
  value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });

const usPerLeaf = ({ buildMs }: TreeRun, count: number): number => (buildMs * 1000) / count;

function median(runs: readonly TreeRun[]): TreeRun {
  return runs.toSorted((a, b) => a.buildMs - b.buildMs)[runs.length >> 1] as TreeRun;
}

/** How many times as fast per leaf. */
function compare(count: number): number {
  const rounds = Array.from({ length: ROUNDS }, () => ({
    theirs: run("openzeppelin", count),
    ours: run("earshot", count),
  }));
  const [theirs, ours] = [median(rounds.map((r) => r.theirs)), median(rounds.map((r) => r.ours))];
  if (theirs.root !== ours.root) throw new Error(`${count} leaves: root ${ours.root}, theirs ${theirs.root}`);
  console.log(`${number(count)} leaves, root ${ours.root.slice(0, 18)}… identical; median of ${ROUNDS}`);
  for (const [name, one] of Object.entries({ "@openzeppelin/merkle-tree": theirs, earshot: ours })) {
    const us = number(usPerLeaf(one, count), 2).padStart(8);
    console.log(`  ${name.padEnd(26)}${us} µs per leaf  ${number(one.peakMiB).padStart(6)} MiB at most`);
  }
  const ratio = theirs.buildMs / ours.buildMs;
  console.log(`  ratio                     ${number(ratio, 1).padStart(8)}\n`);
  return ratio;
}

const ratios = COMPARED_LEAVES.filter((count) => count <= leaves).map(compare);
const built = run("earshot", leaves);
console.log(`${number(leaves)} leaves, root ${built.root.slice(0, 18)}…`);
console.log(
  `  leaves and root  ${number(built.buildMs)} ms, ${number(usPerLeaf(built, leaves), 2)} µs per leaf`,
);
console.log(`  peak memory      ${number(built.peakMiB)} MiB`);
const output = run<OutputRun>("output", leaves);
console.log(`  one proof        ${number(output.proofUs, 1)} µs`);
console.log(
  `  dump, in chunks  ${number(output.dumpMs)} ms for ${number(output.dumpMiB)} MiB; peak memory ${number(output.peakMiB)} MiB\n`,
);
console.log(
  `Tree of claims: at least ${number(Math.min(...ratios), 1)} times @openzeppelin/merkle-tree's speed per leaf ` +
    `(aim: ${RATIO_AIM}), ${number(leaves)} leaves in ${number(built.peakMiB)} MiB (aim: under ${number(PEAK_AIM_MIB)})`,
);
