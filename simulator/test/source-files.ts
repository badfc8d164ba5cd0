import { Glob } from "bun";
import { parseSync, Visitor } from "oxc-parser";

/** The five packages and whom each may import. */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  drivers: ["protocol"],
  agent: ["protocol", "drivers"],
  gateway: ["protocol"],
  simulator: ["protocol", "drivers", "agent", "gateway"],
};

export const PACKAGES = Object.keys(MAY_IMPORT);

const ROOT = new URL("../..", import.meta.url).pathname;

export interface SourceFile {
  /** From the top of the project: `agent/src/mod.ts`. */
  path: string;
  package: string;
  text: string;
}

/** Text of each file by its path from the top of the project; in order of the paths. */
export type Tree = ReadonlyMap<string, string>;

const FOLDERS = `{${PACKAGES}}/{src,test,bench,package}/**/*`;

/** TypeScript, scripts of pages, Markdown and package files: all that the rules of the house are about. */
export const projectTree = (): Promise<Tree> =>
  readTree(["*.md", `{${PACKAGES}}/{*.md,package.json}`, `${FOLDERS}.{ts,js,md}`]);

async function readTree(patterns: readonly string[]): Promise<Tree> {
  const found = patterns.map((pattern) => Array.fromAsync(new Glob(pattern).scan(ROOT)));
  const paths = (await Promise.all(found)).flat().sort();
  return new Map(
    await Promise.all(paths.map(async (path) => [path, await Bun.file(ROOT + path).text()] as const)),
  );
}

export const typescriptOf = (tree: Tree): SourceFile[] =>
  [...tree].flatMap(([path, text]) => {
    const name = path.slice(0, path.indexOf("/"));
    return path.endsWith(".ts") && PACKAGES.includes(name) ? [{ path, package: name, text }] : [];
  });

const parsed = new Map<string, ReturnType<typeof parseSync>>();

/** Each text is parsed once. */
function parse(text: string): ReturnType<typeof parseSync> {
  const found = parsed.get(text) ?? parseSync("file.ts", text);
  parsed.set(text, found);
  return found;
}

/** The code without what is in comments; lines stay where they are. */
export function withoutComments(text: string): string {
  let code = "";
  let from = 0;
  for (const { start, end } of parse(text).comments) {
    code += text.slice(from, start) + text.slice(start, end).replace(/[^\n]/g, " ");
    from = end;
  }
  return code + text.slice(from);
}

/** What a file imports, exports from elsewhere, or imports when it runs; types too. */
export function importsOf(text: string): string[] {
  const { staticImports, staticExports, dynamicImports } = parse(text).module;
  const named = staticImports.map(({ moduleRequest }) => moduleRequest.value);
  const passedOn = staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest }) => (moduleRequest ? [moduleRequest.value] : [])),
  );
  const later = dynamicImports.flatMap(
    ({ moduleRequest: { start, end } }) => /^["'](.+)["']$/.exec(text.slice(start, end))?.slice(1) ?? [],
  );
  return [...new Set([...named, ...passedOn, ...later])];
}

/** A circle of what `edges` ties together, in its order. */
export function circleIn(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const visit = (from: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(from)) return [...trail.slice(trail.indexOf(from)), from];
    if (done.has(from)) return undefined;
    for (const next of edges.get(from) ?? []) {
      const circle = visit(next, [...trail, from]);
      if (circle !== undefined) return circle;
    }
    done.add(from);
    return undefined;
  };
  for (const from of edges.keys()) {
    const circle = visit(from, []);
    if (circle !== undefined) return circle;
  }
  return [];
}

/** Where functions with more lines begin. */
export function longFunctions(text: string, maxLines: number): string[] {
  const found: string[] = [];
  const measure = ({ start, end }: { start: number; end: number }): void => {
    const lines = text.slice(start, end).split("\n").length;
    const at = text.slice(0, start).split("\n").length;
    if (lines > maxLines) found.push(`the function at line ${at} has ${lines} lines`);
  };
  new Visitor({
    FunctionDeclaration: measure,
    FunctionExpression: measure,
    ArrowFunctionExpression: measure,
  }).visit(parse(text).program);
  return found;
}
