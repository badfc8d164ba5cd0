/**
 * JSON as C programs print it: besides RFC 8259 it accepts `nan`, `inf` and their signed forms, numbers such as `+1`,
 * `.5` and `007`, raw control characters in strings and a trailing comma. `-0` reads as 0.
 *
 * Time is linear in the text and depth is bounded, whatever the bytes. Objects become `Map`s, so that no key
 * (`__proto__`) means anything; the last of repeated keys counts.
 */
export type TolerantJson = null | boolean | number | string | TolerantJson[] | TolerantObject;
export type TolerantObject = Map<string, TolerantJson>;

export type TolerantResult =
  /** `end` is the index after the value. */
  | { ok: true; value: TolerantJson; end: number }
  /** `at` is the index of the first character that does not fit. */
  | { ok: false; at: number };

/** Forwarders nest three deep (datagram, rxpk, antenna); metadata may add some. */
export const MAX_JSON_DEPTH = 12;

/** Reads the one value that starts at `start`; what follows it is the caller's business. */
export function parseTolerantJson(text: string, start = 0): TolerantResult {
  const parser = new Parser(text, start);
  try {
    const value = parser.value(0);
    return { ok: true, value, end: parser.at };
  } catch (error) {
    if (error === MISFIT) return { ok: false, at: parser.at };
    throw error;
  }
}

/** Thrown and caught in this file only; one object, because a hostile text can fail at every character. */
const MISFIT = Symbol("misfit");

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** glibc prints `nan` and `-nan`, others `nan(ind)`, `1.#QNAN`, `1.#INF`. */
const NOT_A_NUMBER = /^[+-]?(nan(\(\w*\))?|1\.#(QNAN|IND|SNAN)\w*)$/i;
const INFINITE = /^([+-]?)(inf(inity)?|1\.#INF\w*)$/i;
const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
/** No number that C prints is longer; the limit keeps one endless token from being matched again and again. */
const MAX_WORD_CHARS = 400;

class Parser {
  at: number;
  readonly #text: string;

  constructor(text: string, start: number) {
    this.#text = text;
    this.at = start;
  }

  value(depth: number): TolerantJson {
    this.#skipBlanks();
    const character = this.#text[this.at];
    if (character === '"') return this.#string();
    if (character === "{" || character === "[") {
      if (depth >= MAX_JSON_DEPTH) throw MISFIT;
      return character === "{" ? this.#object(depth + 1) : this.#array(depth + 1);
    }
    return this.#word();
  }

  #object(depth: number): TolerantObject {
    const object: TolerantObject = new Map();
    this.at += 1;
    while (!this.#took("}")) {
      this.#skipBlanks();
      if (this.#text[this.at] !== '"') throw MISFIT;
      const key = this.#string();
      if (!this.#took(":")) throw MISFIT;
      object.set(key, this.value(depth));
      this.#separator("}");
    }
    return object;
  }

  #array(depth: number): TolerantJson[] {
    const array: TolerantJson[] = [];
    this.at += 1;
    while (!this.#took("]")) {
      array.push(this.value(depth));
      this.#separator("]");
    }
    return array;
  }

  #separator(close: string): void {
    if (this.#took(",")) return;
    if (this.#text[this.at] !== close) throw MISFIT;
  }

  #string(): string {
    const text = this.#text;
    let value = "";
    let from = this.at + 1;
    for (let index = from; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code === 0x22) {
        this.at = index + 1;
        return value + text.slice(from, index);
      }
      if (code === 0x5c) {
        const escaped = readEscape(text, index);
        value += text.slice(from, index) + escaped.value;
        from = escaped.end;
        index = from - 1;
      }
    }
    this.at = text.length;
    throw MISFIT;
  }

  #word(): TolerantJson {
    const start = this.at;
    let end = start;
    while (end < this.#text.length && !isDelimiter(this.#text.charCodeAt(end))) end += 1;
    const value = end - start > MAX_WORD_CHARS ? undefined : wordValue(this.#text.slice(start, end));
    if (value === undefined) throw MISFIT;
    this.at = end;
    return value;
  }

  #took(character: string): boolean {
    this.#skipBlanks();
    if (this.#text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  #skipBlanks(): void {
    while (this.at < this.#text.length && isBlank(this.#text.charCodeAt(this.at))) this.at += 1;
  }
}

/** A broken escape stands for its own letter: no field that matters has any. */
function readEscape(text: string, backslash: number): { value: string; end: number } {
  const letter = text[backslash + 1] ?? "";
  const hex = text.slice(backslash + 2, backslash + 6);
  if (letter === "u" && /^[0-9a-fA-F]{4}$/.test(hex)) {
    return { value: String.fromCharCode(Number.parseInt(hex, 16)), end: backslash + 6 };
  }
  return { value: ESCAPES[letter] ?? letter, end: backslash + 2 };
}

function wordValue(word: string): TolerantJson | undefined {
  if (NUMBER.test(word)) return Number(word) + 0;
  if (word === "true") return true;
  if (word === "false") return false;
  if (word === "null") return null;
  if (NOT_A_NUMBER.test(word)) return Number.NaN;
  const infinite = INFINITE.exec(word);
  if (infinite === null) return undefined;
  return infinite[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** NUL counts as a blank: some forwarders send the C string with its end. So does a byte-order mark. */
function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09 || code === 0 || code === 0xfeff;
}

function isDelimiter(code: number): boolean {
  return (
    isBlank(code) ||
    code === 0x2c || // ,
    code === 0x3a || // :
    code === 0x22 || // "
    code === 0x5b || // [
    code === 0x5d || // ]
    code === 0x7b || // {
    code === 0x7d // }
  );
}
