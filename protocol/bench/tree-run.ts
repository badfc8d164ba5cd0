/** One measurement of `tree.ts` in a process of its own, so that neither memory nor warmed-up code is shared. */
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { buildTree, LEAF_ENCODING, type Leaf, type MerkleTree } from "../src/merkle/merkle-tree.ts";
import { seededRandom } from "../src/virtual-time.ts";

export interface TreeRun {
  root: string;
  /** Time to build the tree from leaves that are in memory. */
  buildMs: number;
  /** The most that the process ever held, its leaves included. */
  peakMiB: number;
}

export interface OutputRun extends TreeRun {
  /** The mean over `PROOFS` leaves spread over the tree. */
  proofUs: number;
  dumpMs: number;
  dumpMiB: number;
}

const MIB = 2 ** 20;
const PROOFS = 1000;
const CONTRACT_SEED = 0;

/** Leaves as a settlement makes them: own key, own payee account, an amount in units of 10^-18. */
function benchLeaves(count: number): Leaf[] {
  const contract = randomBytes(seededRandom(CONTRACT_SEED), 20);
  const random = seededRandom(count);
  return Array.from({ length: count }, () => ({
    chainId: 8453n,
    contract,
    hotspot: randomBytes(random, 32),
    payee: randomBytes(random, 20),
    cumulative: BigInt(Math.floor(random() * 2 ** 52)) * 1_000_000_007n,
  }));
}

/** Filled in place: a typed array made from a buffer takes four times the memory of one made by its length. */
function randomBytes(random: () => number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = random() * 256;
  return bytes;
}

const hex = (bytes: Uint8Array): string => `0x${bytes.toHex()}`;

function timed<T>(work: () => T): [result: T, ms: number] {
  const start = performance.now();
  const result = work();
  return [result, performance.now() - start];
}

/** On Linux and macOS alike; in KiB, as Node.js defines it. */
const peakMiB = (): number => (process.resourceUsage().maxRSS * 1024) / MIB;

function runOpenZeppelin(count: number): TreeRun {
  const values = benchLeaves(count).map((leaf) => [
    `${leaf.chainId}`,
    hex(leaf.contract),
    hex(leaf.hotspot),
    hex(leaf.payee),
    `${leaf.cumulative}`,
  ]);
  const [tree, buildMs] = timed(() => StandardMerkleTree.of(values, [...LEAF_ENCODING]));
  return { root: tree.root, buildMs, peakMiB: peakMiB() };
}

function runEarshot(count: number): [TreeRun, MerkleTree] {
  const leaves = benchLeaves(count);
  const [tree, buildMs] = timed(() => buildTree(leaves));
  return [{ root: hex(tree.root), buildMs, peakMiB: peakMiB() }, tree];
}

/** Also what comes after the build: proofs, and the dump written chunk by chunk. */
function runOutput(count: number): OutputRun {
  const [run, tree] = runEarshot(count);
  const [, proofsMs] = timed(() => {
    for (let i = 0; i < PROOFS; i++) tree.proof(Math.floor((i * count) / PROOFS));
  });
  const [length, dumpMs] = timed(() => {
    let characters = 0;
    for (const chunk of tree.dumpText()) characters += chunk.length;
    return characters;
  });
  return { ...run, proofUs: (proofsMs * 1000) / PROOFS, dumpMs, dumpMiB: length / MIB, peakMiB: peakMiB() };
}

if (import.meta.main) {
  const [what, count] = [process.argv[2], Number(process.argv[3])];
  if (what === "openzeppelin") console.log(JSON.stringify(runOpenZeppelin(count)));
  else if (what === "earshot") console.log(JSON.stringify(runEarshot(count)[0]));
  else console.log(JSON.stringify(runOutput(count)));
}
