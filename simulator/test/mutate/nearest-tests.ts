import { posix } from "node:path";
import { importsOf } from "../source-files.ts";

/** Beyond these a fault is not near to any test. */
const NEAREST_TESTS = 30;
const NEAREST_OF_PROCESSES = 6;

/** What is imported as text is not run. */
const OF_ANOTHER_TYPE = /^import .* with \{ type: .*$/gm;

export const isTest = (path: string): boolean => /\.test\.[jt]s$/.test(path);

/**
 * For each file those that import it, directly.
 * @param files their texts, by path
 * @param entries `@earshot/agent/testing` and the like, with the file that each stands for
 */
export function importersOf(
  files: ReadonlyMap<string, string>,
  entries: ReadonlyMap<string, string>,
): Map<string, string[]> {
  const importers = new Map<string, string[]>();
  for (const [path, text] of files) {
    for (const specifier of importsOf(text.replace(OF_ANOTHER_TYPE, ""))) {
      const target = specifier.startsWith(".")
        ? posix.join(posix.dirname(path), specifier.split("?")[0] ?? "")
        : entries.get(specifier);
      if (target !== undefined) importers.set(target, [...(importers.get(target) ?? []), path]);
    }
  }
  return importers;
}

/** Files of `<package>/test/` that start programs, by themselves or through others there: they take long, and are asked last. */
export function filesOfProcesses(
  files: ReadonlyMap<string, string>,
  importers: ReadonlyMap<string, readonly string[]>,
): Set<string> {
  const isThere = (path: string): boolean => /^[a-z]+\/test\//.test(path);
  const starts = [...files].filter(
    ([path, text]) => isThere(path) && /node:child_process|\bspawn/.test(text),
  );
  const found = new Set(starts.map(([path]) => path));
  for (const file of found)
    for (const importer of importers.get(file) ?? []) if (isThere(importer)) found.add(importer);
  return found;
}

/**
 * Tests that reach a file by their imports, in the order in which they should be asked: the one beside it, then by the
 * number of imports between, those of processes last.
 */
export function nearestTests(
  path: string,
  importers: ReadonlyMap<string, readonly string[]>,
  ofProcesses: ReadonlySet<string>,
  hasProcesses: boolean,
): string[] {
  const seen = new Set([path]);
  // A set goes on to what is added meanwhile: so this walks from near to far.
  for (const file of seen) for (const importer of importers.get(file) ?? []) seen.add(importer);
  const beside = path.replace(/\.([jt]s)$/, ".test.$1");
  const isElsewhere = (test: string) => Number(posix.dirname(test) !== posix.dirname(path));
  const tests = [...seen].filter(isTest).sort((one, other) => isElsewhere(one) - isElsewhere(other));
  const here = tests.filter((test) => !ofProcesses.has(test) && test !== beside).slice(0, NEAREST_TESTS);
  const last = hasProcesses
    ? tests.filter((test) => ofProcesses.has(test)).slice(0, NEAREST_OF_PROCESSES)
    : [];
  return [...(seen.has(beside) ? [beside] : []), ...here, ...last];
}
