/**
 * How fast `verify-epoch` checks an epoch's bundle.
 *
 *   bun gateway/bench/verify.ts [packets]
 *
 * First all of it but the signatures of hotspots, in this thread: packets per second of CPU time of one core. Then
 * everything, with the signatures in this thread, and with the pool of threads that the command uses: by the clock.
 */
import { availableParallelism } from "node:os";
import { PhaseTimes } from "../src/verify/progress-line.ts";
import { openSignaturePool } from "../src/verify/signature-pool.ts";
import { InlineChecker, type SignatureChecker, VALID } from "../src/verify/signatures.ts";
import { type BundleOutcome, verifyFiles, verifyFilesLater } from "../src/verify/verify-bundle.ts";
import { benchBundle } from "./verify-bundle.ts";

const AIM_PER_SECOND = 5000;
const ROUNDS = 3;
const packets = Number(process.argv[2] ?? 30_000);
const threads = Number(process.argv[3] ?? availableParallelism());

/** Says of every signature that it holds: what is left is the work beside them. */
const believing: SignatureChecker = {
  start: (jobs) => ({ isReady: true, answers: () => new Uint8Array(jobs.length).fill(VALID) }),
};

console.log(`Making and signing an epoch of ${packets} packets`);
const bundle = benchBundle(packets);
const bytes = Object.values(bundle).reduce((sum, file) => sum + file.length, 0);
const { manifest, judgement } = held(verifyFiles(bundle, { signatures: believing }));
const { counts } = manifest;
const paid = judgement.verdicts.filter(({ outcome }) => outcome === "paid").length;
console.log(
  `${counts.packets} packets of ${counts.hotspots} hotspots, ${paid} paid; bundle of ${(bytes / 2 ** 20).toFixed(1)} MiB\n`,
);

const beside = await measured("beside the signatures, CPU of all threads", cpuMs, () =>
  verifyFiles(bundle, { signatures: believing }),
);
console.log(`  phases ${phasesOf()}`);
await measured("with all signatures in this thread, elapsed", elapsedMs, () =>
  verifyFiles(bundle, { signatures: new InlineChecker() }),
);
const knowing = new InlineChecker();
verifyFiles(bundle, { signatures: knowing });
await measured("  where all keys are known already", elapsedMs, () =>
  verifyFiles(bundle, { signatures: knowing }),
);
await measured(
  `with all signatures in a pool of ${threads} threads that start, elapsed`,
  elapsedMs,
  async () => {
    const pool = openSignaturePool(threads);
    try {
      return await verifyFilesLater(bundle, { signatures: pool });
    } finally {
      pool.close();
    }
  },
);
const pool = openSignaturePool(threads);
await verifyFilesLater(bundle, { signatures: pool });
await measured("  where all keys are known already", elapsedMs, () =>
  verifyFilesLater(bundle, { signatures: pool }),
);
pool.close();
console.log(
  `\nPackets per second of one core beside the signatures: ${Math.round(beside)} (aim: ${AIM_PER_SECOND})`,
);

function held(outcome: BundleOutcome) {
  if (outcome.ok) return outcome.verified;
  throw new Error(`The bundle differs: ${JSON.stringify(outcome.difference)}`);
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function elapsedMs(): number {
  return performance.now();
}

/** @returns packets per second in the median round */
async function measured(
  name: string,
  nowMs: () => number,
  verify: () => BundleOutcome | Promise<BundleOutcome>,
): Promise<number> {
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    Bun.gc(true);
    const began = nowMs();
    held(await verify());
    rates.push((counts.packets * 1000) / (nowMs() - began));
  }
  rates.sort((a, b) => a - b);
  const [lowest = 0, median = 0, highest = 0] = rates.map(Math.round);
  console.log(`${name}: ${median} packets/s (${lowest} to ${highest})`);
  return median;
}

function phasesOf(): string {
  const times = new PhaseTimes(elapsedMs);
  held(verifyFiles(bundle, { signatures: believing, onProgress: (phase) => void times.enter(phase) }));
  return [...times.take()].map(([phase, ms]) => `${phase} ${Math.round(ms)} ms`).join(", ");
}
