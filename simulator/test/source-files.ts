import { Glob } from "bun";

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

/** All TypeScript of the project. */
export async function sourceFiles(): Promise<SourceFile[]> {
  const files: SourceFile[] = [];
  for (const name of PACKAGES) {
    for await (const path of new Glob(`${name}/{src,test,bench,package}/**/*.ts`).scan(ROOT)) {
      files.push({ path, package: name, text: await Bun.file(ROOT + path).text() });
    }
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The code without what is in comments. */
export const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|[^:"'`])\/\/.*$/gm, "$1");

export interface Import {
  specifier: string;
  /** Erased when the program runs. */
  isTypeOnly: boolean;
}

const STATIC = /^\s*(import|export)\s+(type\s)?[^"';]*?from\s*"([^"]+)"/gm;
const BARE_OR_DYNAMIC = /\bimport\s*\(?\s*"([^"]+)"/g;

export function importsOf(text: string): Import[] {
  const code = withoutComments(text);
  const found = [...code.matchAll(STATIC)].map(([, , type, specifier]) => ({
    specifier: specifier ?? "",
    isTypeOnly: type !== undefined,
  }));
  const others = [...code.matchAll(BARE_OR_DYNAMIC)].map(([, specifier]) => ({
    specifier: specifier ?? "",
    isTypeOnly: false,
  }));
  return [...found, ...others];
}
