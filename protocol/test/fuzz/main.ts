/**
 * `bun run fuzz [SECONDS] [SEED]`: mutated bytes at every door, under Bun and Deno, each in a process of its own that is
 * watched: one that prints nothing for a while hangs, and is killed. Exits with 1 and prints how to see the input again.
 */
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** Far longer than a batch takes on the slowest machine. */
const SILENCE_LIMIT_MS = 30_000;
const DOORS = fileURLToPath(new URL("doors.ts", import.meta.url));
/** The npm package holds a launcher for Node.js; run by Bun it starts the same binary. */
export const RUNTIMES: Readonly<Record<"bun" | "deno", readonly string[]>> = {
  bun: [],
  deno: [createRequire(import.meta.url).resolve("deno/bin.cjs"), "run", "-A"],
};

/** Runs a program to its end, or ends it once it has said nothing for `silenceMs`: then `hung`. */
export async function watched(
  args: readonly string[],
  silenceMs = SILENCE_LIMIT_MS,
): Promise<{ code: number | null; hung: boolean; lines: string[] }> {
  // A group of its own: the launcher's child goes with it.
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
  let text = "";
  let hung = false;
  const end = () => {
    hung = true;
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  };
  let timer = setTimeout(end, silenceMs);
  const heard = (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-10_000);
    clearTimeout(timer);
    timer = setTimeout(end, silenceMs);
  };
  child.stdout.on("data", heard);
  child.stderr.on("data", heard);
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once("error", reject);
  child.once("close", resolve);
  try {
    const code = await promise;
    return { code, hung, lines: text.trimEnd().split("\n") };
  } finally {
    clearTimeout(timer);
  }
}

/** Tries batches `first` to `last` of `seed` on one runtime. Returns what went wrong, if anything did. */
export async function fuzz(
  runtime: keyof typeof RUNTIMES,
  seed: number,
  first: number,
  last: number,
): Promise<string | undefined> {
  const { code, hung, lines } = await watched([
    ...RUNTIMES[runtime],
    DOORS,
    `${seed}`,
    `${first}`,
    `${last}`,
  ]);
  if (code === 0 && lines.at(-1)?.startsWith("tried ")) return undefined;
  const batch = lines.findLast((line) => line.startsWith("batch "))?.slice(6) ?? first;
  const what = hung ? "never came back" : lines.slice(-12).join("\n");
  return `${runtime}: ${what}\nsee it again: ${runtime} ${runtime === "deno" ? "run -A " : ""}protocol/test/fuzz/doors.ts ${seed} ${batch} ${batch} show`;
}

async function main([seconds = "60", given]: string[]): Promise<void> {
  const seed = given === undefined ? randomInt(2 ** 31) : Number(given);
  const until = performance.now() + Number(seconds) * 1000;
  let batches = 0;
  console.log(`seed ${seed}`);
  for (const STEP = 20; performance.now() < until; batches += STEP) {
    for (const runtime of ["bun", "deno"] as const) {
      const problem = await fuzz(runtime, seed, batches, batches + STEP - 1);
      if (problem === undefined) continue;
      console.log(problem);
      process.exitCode = 1;
      return;
    }
  }
  console.log(`${batches} batches of 500 on Bun and Deno: none hung, threw, or was taken for genuine`);
}

if (import.meta.main) await main(process.argv.slice(2));
