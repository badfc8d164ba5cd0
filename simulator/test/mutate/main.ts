/**
 * `bun run mutate [FOLDER...] [COUNT] [SEED] [--in-process]`: how many small faults in the code would a test notice? Makes
 * COUNT of them, one at a time, in a copy of the project, and runs those of the nearest tests that run its line until one
 * fails. Those that live are listed; the last line is the score. FOLDER is one of the packages, or a folder or file within (all when absent).
 * With `--in-process` the tests of processes, which take long, are not asked.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { seededRandom } from "@earshot/protocol/testing";
import { PACKAGES, projectTree } from "../source-files.ts";
import { apply, type Mutant, mutantsOf } from "./mutants.ts";
import { filesOfProcesses, importersOf, isTest, nearestTests } from "./nearest-tests.ts";
import { isRun, type RunLines, runLines } from "./run-lines.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
/** A mutant that hangs is noticed too: when tests take this, and so many times as long as without any fault. */
const RUN_LIMIT_MS = 15_000;
const RUN_LIMIT_TIMES = 2;
const TEST_LIMIT_MS = 15_000;

/** Tools of tests are not what is tested. */
const isTried = (path: string): boolean =>
  /^[a-z]+\/src\//.test(path) &&
  !isTest(path) &&
  !/(^|\/)(testing|test-[^/]*|arbitraries|samples|scenario|properties|[^/]*-contract[^/]*)(\/|\.[jt]s$)/.test(
    path,
  );

/** `@earshot/agent/testing` and the like, with the file that each stands for. */
function packageEntries(): Map<string, string> {
  const entries = PACKAGES.flatMap((name) => {
    const { exports = {} } = JSON.parse(readFileSync(join(ROOT, name, "package.json"), "utf8"));
    return Object.entries(exports).map(
      ([entry, file]) => [join(`@earshot/${name}`, entry), join(name, String(file))] as const,
    );
  });
  return new Map(entries);
}

/** Runs tests in one process, in this order, until one fails: whether all pass, in time. */
async function pass(
  tests: readonly string[],
  limitMs: number,
  options: readonly string[] = [],
): Promise<boolean> {
  const command = [process.execPath, "test", "--bail", "--timeout", `${TEST_LIMIT_MS}`, ...options];
  const running = Bun.spawn([...command, ...tests.map((test) => `./${test}`)], {
    cwd: copy,
    stdio: ["ignore", "ignore", "ignore"],
    timeout: Math.ceil(limitMs),
    killSignal: "SIGKILL",
  });
  return (await running.exited) === 0;
}

interface Sound {
  durationMs: number;
  /** The lines that it runs in this process, by file. */
  lines: Map<string, RunLines>;
}

/** How tests fare without any fault: undefined for one that fails. Each is asked once. */
const sounds = new Map<string, Sound | undefined>();
async function soundOf(test: string): Promise<Sound | undefined> {
  if (sounds.has(test)) return sounds.get(test);
  const folder = join(copy, ".mutate-lines");
  const began = performance.now();
  const options = ["--coverage", "--coverage-reporter=lcov", `--coverage-dir=${folder}`];
  const isSound = await pass([test], 120_000, options);
  const lines = isSound ? runLines(readFileSync(join(folder, "lcov.info"), "utf8")) : new Map();
  sounds.set(test, isSound ? { durationMs: performance.now() - began, lines } : undefined);
  if (!isSound) console.log(`left out, for it fails without any fault: ${test}`);
  return sounds.get(test);
}

/** The tests worth asking about a mutant: quick ones first, and of those in this process the ones that run its line. */
async function testsFor({ path, line }: Mutant): Promise<string[]> {
  const near: (readonly [string, number])[] = [];
  for (const test of nearestTests(path, importers, ofProcesses, hasProcesses)) {
    const sound = await soundOf(test);
    if (sound === undefined || !(ofProcesses.has(test) || isRun(sound.lines.get(path), line))) continue;
    near.push([test, sound.durationMs]);
  }
  return near.sort(([, one], [, other]) => one - other).map(([test]) => test);
}

/** Tests in this process are all asked in one run; those of processes after them, each in a run of its own. */
async function isNoticed(tests: readonly string[]): Promise<boolean> {
  const inProcess = tests.filter((test) => !ofProcesses.has(test));
  for (const run of [inProcess, ...tests.filter((test) => ofProcesses.has(test)).map((test) => [test])]) {
    if (run.length === 0) continue;
    const usualMs = run.reduce((sum, test) => sum + (sounds.get(test)?.durationMs ?? 0), 0);
    if (!(await pass(run, RUN_LIMIT_MS + RUN_LIMIT_TIMES * usualMs))) return true;
  }
  return false;
}

function sample(mutants: Mutant[], count: number, seed: number): Mutant[] {
  const random = seededRandom(seed);
  const left = [...mutants];
  const chosen: Mutant[] = [];
  while (chosen.length < count && left.length > 0) {
    chosen.push(...left.splice(Math.floor(random() * left.length), 1));
  }
  return chosen;
}

const words = process.argv.slice(2);
const hasProcesses = !words.includes("--in-process");
const folders = words
  .filter((word) => !/^(\d+|--.*)$/.test(word))
  .map((word) => word.replace(/^\.\/|\/$/g, ""));
const [count = 60, seed = Date.now() % 10_000] = words.filter((word) => /^\d+$/.test(word)).map(Number);
const isAsked = (path: string): boolean =>
  folders.length === 0 || folders.some((folder) => path === folder || path.startsWith(`${folder}/`));

const texts = new Map([...(await projectTree())].filter(([path]) => /\.[jt]s$/.test(path)));
const importers = importersOf(texts, packageEntries());
const ofProcesses = filesOfProcesses(texts, importers);
const tried = [...texts].filter(([path]) => isTried(path) && isAsked(path));
const mutants = tried.flatMap(([path, text]) => mutantsOf(path, text));
console.log(`${mutants.length} possible in ${tried.length} files; trying ${count}, seed ${seed}`);

const copy = mkdtempSync(join(tmpdir(), "earshot-mutate-"));
process.on("exit", () => rmSync(copy, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
cpSync(ROOT, copy, {
  recursive: true,
  verbatimSymlinks: true,
  filter: (path) => ![".git", "dist"].includes(relative(ROOT, path)),
});
const chosen = sample(mutants, count, seed);
let noticed = 0;
for (const mutant of chosen) {
  const tests = await testsFor(mutant);
  const text = texts.get(mutant.path) ?? "";
  writeFileSync(join(copy, mutant.path), apply(text, mutant));
  const isKilled = await isNoticed(tests);
  writeFileSync(join(copy, mutant.path), text);
  if (isKilled) noticed++;
  else {
    const { path, line, was, becomes } = mutant;
    const asked = tests.length === 0 ? "no test runs it" : `${tests.length} tests`;
    console.log(`lives  ${path}:${line}  ${was.trim()} → ${becomes.trim()}  (${asked})`);
  }
}
console.log(`${noticed} of ${chosen.length} noticed: ${Math.round((100 * noticed) / chosen.length)} %`);
