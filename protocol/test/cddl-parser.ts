/**
 * A parser for as much of CDDL (RFC 8610) as `earshot.cddl` uses: the packages on npm know neither `.cbor` nor tags
 * on arrays. Whatever else it meets is an error, never skipped.
 */
export type CddlType =
  | { kind: "choice"; options: CddlType[] }
  | { kind: "range"; min: number; max: number }
  | { kind: "value"; value: number | string }
  | { kind: "name"; name: string }
  | { kind: "array" | "map"; entries: CddlEntry[] }
  | { kind: "tag"; tag: number; content: CddlType }
  | { kind: "control"; operator: string; target: CddlType; argument: CddlType };

export interface CddlEntry {
  min: number;
  max: number;
  /** The key of a map's entry; names of an array's entries are only for people. */
  key: CddlType | undefined;
  type: CddlType;
}

export type CddlRules = ReadonlyMap<string, CddlType>;

const TOKEN =
  /\s+|;[^\n]*|(?<text>"(?:[^"\\]|\\.)*")|(?<tag>#6\.\d+)|(?<control>\.[a-z]+)|(?<occurrence>\d*\*\d*|[?+])|(?<number>-?\d+)|(?<name>[A-Za-z@_$](?:[\w@$.-]*[\w@$])?)|(?<sign>\.\.|=>|[=/,:()[\]{}])/uy;

interface Token {
  kind: "text" | "tag" | "control" | "occurrence" | "number" | "name" | "sign";
  text: string;
}

function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const at = TOKEN.lastIndex;
    const groups = TOKEN.exec(source)?.groups;
    if (groups === undefined) throw new SyntaxError(`Not CDDL at "${source.slice(at, at + 20)}"`);
    const [found] = Object.entries(groups).filter(([, text]) => text !== undefined);
    if (found !== undefined) tokens.push({ kind: found[0] as Token["kind"], text: found[1] });
  }
  return tokens;
}

class Reader {
  readonly #tokens: Token[];
  #at = 0;

  constructor(source: string) {
    this.#tokens = tokensOf(source);
  }

  peek(offset = 0): Token | undefined {
    return this.#tokens[this.#at + offset];
  }

  take(kind: Token["kind"], text?: string): string {
    const token = this.#tokens[this.#at++];
    if (token?.kind === kind && (text === undefined || token.text === text)) return token.text;
    throw new SyntaxError(`Expected ${text ?? kind}, found "${token?.text ?? "the end"}"`);
  }

  takeIf(kind: Token["kind"], text?: string): string | undefined {
    const token = this.peek();
    return token?.kind === kind && (text === undefined || token.text === text) ? this.take(kind) : undefined;
  }
}

/** @throws {SyntaxError} on anything but the subset, a rule given twice or a name that no rule explains */
export function parseCddl(source: string): CddlRules {
  const reader = new Reader(source);
  const rules = new Map<string, CddlType>();
  while (reader.peek() !== undefined) {
    const name = reader.take("name");
    reader.take("sign", "=");
    if (rules.has(name)) throw new SyntaxError(`Rule ${name} is given twice`);
    rules.set(name, readType(reader));
  }
  return rules;
}

function readType(reader: Reader): CddlType {
  const options = [readControlled(reader)];
  while (reader.takeIf("sign", "/") !== undefined) options.push(readControlled(reader));
  return options.length === 1 ? (options[0] as CddlType) : { kind: "choice", options };
}

function readControlled(reader: Reader): CddlType {
  const target = readPlain(reader);
  const operator = reader.takeIf("control");
  return operator === undefined ? target : { kind: "control", operator, target, argument: readPlain(reader) };
}

function readPlain(reader: Reader): CddlType {
  const token = reader.peek();
  if (token?.kind === "number") return readNumber(reader);
  if (token?.kind === "text") return { kind: "value", value: JSON.parse(reader.take("text")) as string };
  if (token?.kind === "name") return { kind: "name", name: reader.take("name") };
  if (token?.kind === "tag") return readTag(reader);
  if (reader.takeIf("sign", "[") !== undefined) return { kind: "array", entries: readEntries(reader, "]") };
  if (reader.takeIf("sign", "{") !== undefined) return { kind: "map", entries: readEntries(reader, "}") };
  return readParenthesis(reader);
}

function readNumber(reader: Reader): CddlType {
  const min = Number(reader.take("number"));
  if (reader.takeIf("sign", "..") === undefined) return { kind: "value", value: min };
  return { kind: "range", min, max: Number(reader.take("number")) };
}

function readTag(reader: Reader): CddlType {
  const tag = Number(reader.take("tag").slice("#6.".length));
  return { kind: "tag", tag, content: readParenthesis(reader) };
}

function readParenthesis(reader: Reader): CddlType {
  reader.take("sign", "(");
  const type = readType(reader);
  reader.take("sign", ")");
  return type;
}

function readEntries(reader: Reader, end: "]" | "}"): CddlEntry[] {
  const entries: CddlEntry[] = [];
  while (reader.takeIf("sign", end) === undefined) {
    const occurrence = readOccurrence(reader.takeIf("occurrence"));
    entries.push({ ...occurrence, ...readMember(reader) });
    if (reader.peek()?.text !== end) reader.take("sign", ",");
  }
  return entries;
}

function readOccurrence(text = "1*1"): { min: number; max: number } {
  if (text === "?") return { min: 0, max: 1 };
  if (text === "+") return { min: 1, max: Number.POSITIVE_INFINITY };
  const [min, max] = text.split("*");
  return { min: Number(min), max: max === "" ? Number.POSITIVE_INFINITY : Number(max) };
}

function readMember(reader: Reader): Pick<CddlEntry, "key" | "type"> {
  if (reader.peek()?.kind === "name" && reader.peek(1)?.text === ":") {
    const key: CddlType = { kind: "value", value: reader.take("name") };
    reader.take("sign", ":");
    return { key, type: readType(reader) };
  }
  const type = readType(reader);
  return reader.takeIf("sign", "=>") === undefined
    ? { key: undefined, type }
    : { key: type, type: readType(reader) };
}
