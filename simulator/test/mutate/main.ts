/**
 * `bun run mutate [FOLDER] [COUNT] [SEED]`: how many small faults in the code would a test notice? Makes COUNT of them, one
 * at a time, in a copy of the project, and runs the tests nearest to each until one fails. Those that live are listed; the
 * last line is the score. FOLDER is one of the packages or a folder within (all when absent).
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix, relative } from "node:path";
import { seededRandom } from "@earshot/protocol/testing";
import { importsOf, PACKAGES, type SourceFile, sourceFiles } from "../source-files.ts";
import { apply, type Mutant, mutantsOf } from "./mutants.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
/** Beyond these a fault is not near to any test. */
const NEAREST_TESTS = 20;
/** A mutant that hangs is noticed too. */
const RUN_LIMIT_MS = 120_000;

const isTest = (path: string): boolean => /\.test\.ts$/.test(path);
/** Tools of tests are not what is tested. */
const isTried = (path: string): boolean =>
  /^[a-z]+\/src\//.test(path) &&
  !isTest(path) &&
  !/(^|\/)(testing|test-[^/]*|arbitraries|samples|scenario|properties)(\/|\.ts$)/.test(path);

/** `@earshot/agent/testing` and the like, with the file that each stands for. */
function packageEntries(): Map<string, string> {
  const entries = PACKAGES.flatMap((name) => {
    const { exports = {} } = JSON.parse(readFileSync(join(ROOT, name, "package.json"), "utf8"));
    return Object.entries(exports).map(
      ([entry, file]) => [posix.join(`@earshot/${name}`, entry), posix.join(name, String(file))] as const,
    );
  });
  return new Map(entries);
}

/** For each file those that import it, directly. */
function importersOf(files: readonly SourceFile[]): Map<string, string[]> {
  const entries = packageEntries();
  const importers = new Map<string, string[]>();
  for (const { path, text } of files) {
    for (const specifier of importsOf(text)) {
      const target = specifier.startsWith(".")
        ? posix.join(posix.dirname(path), specifier.split("?")[0] ?? "")
        : entries.get(specifier);
      if (target !== undefined) importers.set(target, [...(importers.get(target) ?? []), path]);
    }
  }
  return importers;
}

const packageOf = (path: string): string => path.split("/", 1)[0] ?? "";

/** Tests that reach a file by their imports, nearest first: the one beside it, those in its folder, its package, the rest. */
function testsOf(path: string, importers: ReadonlyMap<string, readonly string[]>): string[] {
  const seen = new Set([path]);
  for (const file of seen) for (const importer of importers.get(file) ?? []) seen.add(importer);
  const beside = path.replace(/\.ts$/, ".test.ts");
  const farness = (test: string) =>
    Number(test !== beside) +
    Number(posix.dirname(test) !== posix.dirname(path)) +
    Number(packageOf(test) !== packageOf(path));
  const tests = [...seen].filter(isTest);
  return tests.sort((one, other) => farness(one) - farness(other)).slice(0, NEAREST_TESTS);
}

function passes(folder: string, test: string): boolean {
  const { exitCode } = Bun.spawnSync(
    [process.execPath, "test", "--bail", "--timeout", "20000", `./${test}`],
    { cwd: folder, stdio: ["ignore", "ignore", "ignore"], timeout: RUN_LIMIT_MS },
  );
  return exitCode === 0;
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

const [folder = "", count = "60", seed = String(Date.now() % 10_000)] = process.argv.slice(2);
const files = await sourceFiles();
const tried = files.filter(({ path }) => isTried(path) && `${path}/`.startsWith(folder.replace(/^\.\//, "")));
const texts = new Map(tried.map(({ path, text }) => [path, text]));
const mutants = tried.flatMap(({ path, text }) => mutantsOf(path, text));
const importers = importersOf(files);
const copy = mkdtempSync(join(tmpdir(), "earshot-mutate-"));
console.log(`${mutants.length} possible in ${tried.length} files; trying ${count}, seed ${seed}`);
try {
  cpSync(ROOT, copy, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => ![".git", "dist"].includes(relative(ROOT, path)),
  });
  const sound = new Map<string, boolean>();
  let noticed = 0;
  const chosen = sample(mutants, Number(count), Number(seed));
  for (const mutant of chosen) {
    const text = texts.get(mutant.path) ?? "";
    const tests = testsOf(mutant.path, importers);
    for (const test of tests) {
      if (sound.has(test)) continue;
      sound.set(test, passes(copy, test));
      if (!sound.get(test)) console.log(`left out, for it fails without any fault: ${test}`);
    }
    writeFileSync(join(copy, mutant.path), apply(text, mutant));
    const isKilled = tests.some((test) => sound.get(test) && !passes(copy, test));
    writeFileSync(join(copy, mutant.path), text);
    if (isKilled) noticed++;
    else console.log(`lives  ${mutant.path}:${mutant.line}  ${mutant.was.trim()} → ${mutant.becomes.trim()}`);
  }
  console.log(`${noticed} of ${chosen.length} noticed: ${Math.round((100 * noticed) / chosen.length)} %`);
} finally {
  rmSync(copy, { recursive: true, force: true });
}
