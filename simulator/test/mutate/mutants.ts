/** One small change to a source file that some test should notice. */
export interface Mutant {
  path: string;
  /** From 1. */
  line: number;
  offset: number;
  was: string;
  becomes: string;
}

type Change = readonly [pattern: RegExp, becomes: (was: string) => string];

const swap = (...pairs: readonly (readonly [string, string])[]): ((was: string) => string) => {
  const other = new Map(pairs.flatMap(([one, two]) => [[one, two] as const, [two, one] as const]));
  return (was) => other.get(was) ?? was;
};

/** An index or an edge is off by one; a limit, by so much that it shows. */
function other(was: string): string {
  const number = Number(was.replaceAll("_", ""));
  return String(number < 4 ? number + 1 : number * 2);
}

/** What people get wrong: an edge, a sign, a condition, a call that is forgotten. */
const CHANGES: readonly Change[] = [
  [/ (?:<=|>=|<|>) /g, swap([" < ", " <= "], [" > ", " >= "])],
  [/ (?:===|!==) /g, swap([" === ", " !== "])],
  [/ (?:&&|\|\|) /g, swap([" && ", " || "])],
  [/ [+-] /g, swap([" + ", " - "])],
  [/ [*/] /g, swap([" * ", " / "])],
  [/\bMath\.(?:min|max)\b/g, swap(["Math.min", "Math.max"])],
  [/\bMath\.(?:ceil|floor|round|trunc)\b/g, (was) => (was === "Math.floor" ? "Math.ceil" : "Math.floor")],
  [/\b(?:true|false)\b/g, swap(["true", "false"])],
  [/(?<![\w.$])\d[\d_]*(?![\w.])/g, other],
  [/(?<=\bif \()(?=[^;{}]*\) )/g, () => "true || "],
  [/(?<=^ *)(?:await )?(?:this\.)?#?\w[\w.#]*\([^;{}]*\);$/gm, () => ";"],
  [/(?<=^ *)(?:continue|break|return);$/gm, () => ";"],
];

/** All mutants of one file that change what it does: types and comments do not count. */
export function mutantsOf(path: string, text: string): Mutant[] {
  const code = withBlanks(text);
  const transpiler = new Bun.Transpiler({ loader: "ts" });
  const unchanged = transpiler.transformSync(text);
  const differs = (mutant: Mutant): boolean => {
    try {
      return transpiler.transformSync(apply(text, mutant)) !== unchanged;
    } catch {
      return false;
    }
  };
  return CHANGES.flatMap(([pattern, becomes]) =>
    [...code.matchAll(pattern)].map(({ 0: found, index }) => {
      const was = text.slice(index, index + found.length);
      return {
        path,
        line: text.slice(0, index).split("\n").length,
        offset: index,
        was,
        becomes: becomes(was),
      };
    }),
  )
    .filter((mutant) => mutant.was !== mutant.becomes && differs(mutant))
    .sort((one, other) => one.offset - other.offset);
}

export const apply = (text: string, { offset, was, becomes }: Mutant): string =>
  text.slice(0, offset) + becomes + text.slice(offset + was.length);

const NOT_CODE =
  /\/\*[\s\S]*?\*\/|\/\/.*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[\s\S])*`|(?<=[(,=:[!&|?{};]\s*)\/(?![/*])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\//g;

/** The text with comments, strings and patterns blanked out, everything else in its place. */
const withBlanks = (text: string): string =>
  text.replace(NOT_CODE, (found) => found.replace(/[^\n]/g, "\u00a0"));
