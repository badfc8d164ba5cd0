import { describe, expect, test } from "bun:test";
import { posix } from "node:path";
import {
  type Import,
  importsOf,
  MAY_IMPORT,
  PACKAGES,
  type SourceFile,
  sourceFiles,
} from "./source-files.ts";

const files = await sourceFiles();
const entries = await publicEntries();

/** What each package offers: `@earshot/protocol`, `@earshot/protocol/testing`, … */
async function publicEntries(): Promise<Set<string>> {
  const all = PACKAGES.map(async (name) => {
    const path = new URL(`../../${name}/package.json`, import.meta.url);
    const { exports } = (await Bun.file(path).json()) as { exports: Record<string, string> };
    return Object.keys(exports).map((entry) => `@earshot/${name}${entry.slice(1)}`);
  });
  return new Set((await Promise.all(all)).flat());
}

/** Every import of every file that `isWrong`, as `file → specifier`. */
const offenders = (isWrong: (file: SourceFile, imported: Import) => boolean): string[] =>
  files.flatMap((file) =>
    importsOf(file.text)
      .filter((imported) => isWrong(file, imported))
      .map(({ specifier }) => `${file.path} → ${specifier}`),
  );

const packageOf = (specifier: string): string | undefined => /^@earshot\/([a-z]+)/.exec(specifier)?.[1];
const target = (file: SourceFile, specifier: string) =>
  posix.join(posix.dirname(file.path), specifier.split("?")[0] ?? "");

describe("imports", () => {
  test("the check sees files and tells imports apart", () => {
    expect(files.length).toBeGreaterThan(100);
    const text = `import type { A } from "a";\n// import "no"\nimport {\n  b,\n} from "b";\nexport * from "c";\nawait import("d");\nimport "e";`;
    expect(importsOf(text)).toEqual([
      { specifier: "a", isTypeOnly: true },
      { specifier: "b", isTypeOnly: false },
      { specifier: "c", isTypeOnly: false },
      { specifier: "d", isTypeOnly: false },
      { specifier: "e", isTypeOnly: false },
    ]);
  });

  test("go one way: protocol ← drivers ← agent, protocol ← gateway, simulator may use all", () => {
    const wrong = offenders((file, { specifier }) => {
      const name = packageOf(specifier);
      return name !== undefined && name !== file.package && !MAY_IMPORT[file.package]?.includes(name);
    });
    expect(wrong).toEqual([]);
  });

  test("enter another package by its public entries only", () => {
    const deep = offenders(
      (_, { specifier }) => packageOf(specifier) !== undefined && !entries.has(specifier),
    );
    expect(deep).toEqual([]);
    const sideways = offenders(
      (file, { specifier }) =>
        specifier.startsWith(".") && !target(file, specifier).startsWith(`${file.package}/`),
    );
    expect(sideways).toEqual([]);
  });

  test("a package's source does not import itself by name", () => {
    const own = offenders(
      ({ path, package: name }, { specifier }) => path.includes("/src/") && packageOf(specifier) === name,
    );
    expect(own).toEqual([]);
  });

  test("form no cycle between files", () => {
    expect(findCycle()).toBeUndefined();
  });

  test("what also runs under Deno uses nothing of Bun's own", () => {
    const shared = files.filter(
      ({ package: name, path }) =>
        ["protocol", "drivers", "agent"].includes(name) &&
        path.includes("/src/") &&
        !/\.test\.ts$/.test(path),
    );
    const named = shared.filter(({ text }) => importsOf(text).some(({ specifier }) => specifier === "bun"));
    expect(named.map(({ path }) => path)).toEqual([]);
  });
});

/** Files of a cycle in order, or undefined. Types count too: they tie files as tightly for a reader. */
function findCycle(): string[] | undefined {
  const edges = new Map(
    files.map((file) => [
      file.path,
      importsOf(file.text)
        .filter(({ specifier }) => specifier.startsWith("."))
        .map(({ specifier }) => target(file, specifier)),
    ]),
  );
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const next of edges.get(path) ?? []) {
      const cycle = visit(next, [...trail, path]);
      if (cycle !== undefined) return cycle;
    }
    done.add(path);
    return undefined;
  };
  return files.map(({ path }) => visit(path, [])).find((cycle) => cycle !== undefined);
}
