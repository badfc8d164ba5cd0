import { equalBytes, utf8 } from "@earshot/protocol";
import { wholeLines } from "../bundle/text-chunks.ts";
import { type Check, differ } from "./check.ts";

const NO_LINE = "no further line";
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
/** What is shown of a line that should not be there may end here. */
const SHOWN_BYTES = 4096;

/**
 * Compares a file with the text it should be, and names the first line that differs. Neither is ever one string: the
 * tree of a million leaves has half a gigabyte.
 * @param label what a line is about, to be named beside its number
 */
export function* expectText(
  file: string,
  expected: Iterable<string>,
  found: Uint8Array,
  label: (line: string) => string = () => "",
): Check<void> {
  let [offset, lines] = [0, 0];
  for (const chunk of wholeLines(expected)) {
    const bytes = utf8(chunk);
    if (!equalBytes(found.subarray(offset, offset + bytes.length), bytes)) {
      const shown = found.subarray(offset, offset + bytes.length + SHOWN_BYTES);
      return yield* differingLine(file, chunk, decoder.decode(shown), lines, label);
    }
    offset += bytes.length;
    lines += newlines(bytes);
  }
  if (offset === found.length) return;
  const shown = found.subarray(offset, offset + SHOWN_BYTES);
  yield* differingLine(file, "", decoder.decode(shown), lines, label);
}

function* differingLine(
  file: string,
  expected: string,
  found: string,
  linesBefore: number,
  label: (line: string) => string,
): Check<void> {
  const [wanted, got] = [expected.split("\n"), found.split("\n")];
  const isLast = (at: number) => at === wanted.length - 1;
  const i = wanted.findIndex((line, at) => line !== got[at] || isLast(at));
  const [line, other] = isLast(i)
    ? [NO_LINE, got[i] || "an empty line"]
    : [wanted[i] ?? "", got[i] || NO_LINE];
  const ended = isLast(i) && got[i] === undefined ? (["a line end", "none"] as const) : undefined;
  const about = label(line === NO_LINE ? other : line);
  const at = `line ${linesBefore + i + 1}${about && `, ${about}`}`;
  yield* differ(file, at, ended?.[0] ?? line, ended?.[1] ?? other);
}

const NEWLINE = 10;

function newlines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count++;
  return count;
}
