import { type NoteKey, parseNoteKey, SIGNATURE_TYPES, type SignedNote, signatureOf } from "./note.ts";

/*
 * Which logs and witnesses are believed, and how many of them are needed (c2sp.org/tlog-policy): a text of lines
 *
 *     log VKEY [URL]
 *     witness NAME VKEY [URL]
 *     group NAME all|any|K NAME…
 *     quorum NAME|none
 *
 * where # begins a comment line. Names stand for what was defined above them.
 */

interface PolicyLog {
  key: NoteKey;
  url: string | undefined;
}

export interface PolicyWitness extends PolicyLog {
  /** In this policy; its key has a name of its own. */
  name: string;
}

export interface LogPolicy {
  /** Without any the log is known from elsewhere. */
  logs: readonly PolicyLog[];
  witnesses: readonly PolicyWitness[];
  /** Whether cosignatures of these witnesses, by name, are enough. */
  isQuorum(cosigners: ReadonlySet<string>): boolean;
  /** The quorum in words. */
  quorum: string;
}

export type PolicyRead = { ok: true; policy: LogPolicy } | { ok: false; problem: string };

type Rule = (cosigners: ReadonlySet<string>) => boolean;

const MAX_LINES = 10_000;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a policy must not contain
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/;

/** @returns the policy, or a sentence with the line that is wrong and what is allowed there */
export function parsePolicy(text: string): PolicyRead {
  const reader = new PolicyReader();
  const lines = text.split("\n");
  if (lines.length > MAX_LINES) return { ok: false, problem: `it has more than ${MAX_LINES} lines` };
  for (const [i, line] of lines.entries()) {
    const words = line.split(/[ \t]+/).filter((word) => word !== "");
    const problem = CONTROL.test(line) ? "it has a control character" : reader.read(words);
    if (problem !== undefined) return { ok: false, problem: `line ${i + 1}: ${problem}` };
  }
  return reader.end();
}

class PolicyReader {
  readonly #logs: PolicyLog[] = [];
  readonly #witnesses: PolicyWitness[] = [];
  readonly #rules = new Map<string, Rule>();
  readonly #members = new Set<string>();
  readonly #keys = new Set<string>();
  #quorum: { name: string; rule: Rule } | undefined;

  /** One line. @returns what is wrong with it */
  read([keyword, ...words]: readonly string[]): string | undefined {
    if (keyword === undefined || keyword.startsWith("#")) return undefined;
    if (keyword === "log") return this.#log(words);
    if (keyword === "witness") return this.#witness(words);
    if (keyword === "group") return this.#group(words);
    if (keyword === "quorum") return this.#setQuorum(words);
    return `it begins with "${keyword}"; allowed are log, witness, group and quorum`;
  }

  end(): PolicyRead {
    if (this.#quorum === undefined) return { ok: false, problem: "a line with the quorum is missing" };
    const { name, rule } = this.#quorum;
    const policy = { logs: this.#logs, witnesses: this.#witnesses, isQuorum: rule, quorum: name };
    return { ok: true, policy };
  }

  #log([vkey = "", url, ...rest]: readonly string[]): string | undefined {
    const key = this.#newKey(vkey, SIGNATURE_TYPES.log);
    if (typeof key === "string") return key;
    if (rest.length > 0) return "allowed is: log VKEY [URL]";
    this.#logs.push({ key, url });
    return undefined;
  }

  #witness([name = "", vkey = "", url, ...rest]: readonly string[]): string | undefined {
    const key = this.#newKey(vkey, SIGNATURE_TYPES.cosignature);
    if (typeof key === "string") return key;
    if (rest.length > 0) return "allowed is: witness NAME VKEY [URL]";
    this.#witnesses.push({ name, key, url });
    return this.#define(name, (cosigners) => cosigners.has(name));
  }

  #group([name = "", count = "", ...members]: readonly string[]): string | undefined {
    const needed = count === "all" ? members.length : count === "any" ? 1 : Number(count);
    if (!/^(all|any|[1-9]\d{0,8})$/.test(count) || members.length === 0 || needed > members.length) {
      return "allowed is: group NAME all|any|K NAME…, with K from 1 to the number of names";
    }
    const rules: Rule[] = [];
    for (const member of members) {
      const rule = this.#rules.get(member);
      if (rule === undefined) return `"${member}" is not defined above`;
      if (this.#members.has(member)) return `"${member}" is in a group already`;
      this.#members.add(member);
      rules.push(rule);
    }
    return this.#define(name, (cosigners) => rules.filter((rule) => rule(cosigners)).length >= needed);
  }

  #setQuorum([name = "", ...rest]: readonly string[]): string | undefined {
    const rule = name === "none" ? () => true : this.#rules.get(name);
    if (rule === undefined || rest.length > 0)
      return `the quorum is "${name}"; allowed is none or a name that is defined above`;
    if (this.#quorum !== undefined) return "there is a quorum already";
    this.#quorum = { name, rule };
    return undefined;
  }

  #define(name: string, rule: Rule): string | undefined {
    if (name === "none" || this.#rules.has(name)) return `"${name}" is taken already`;
    this.#rules.set(name, rule);
    return undefined;
  }

  /** The key, or what is wrong. */
  #newKey(vkey: string, type: NoteKey["type"]): NoteKey | string {
    const key = parseNoteKey(vkey);
    if (key?.type !== type) {
      const needed = type === SIGNATURE_TYPES.log ? "log (1)" : "cosigner (4)";
      return `"${vkey}" is not the verifier key of an Ed25519 ${needed}: NAME+HASH+BASE64`;
    }
    const hex = key.publicKey.toHex();
    if (this.#keys.has(hex)) return "this key stands in another line already";
    this.#keys.add(hex);
    return key;
  }
}

/** Names of the witnesses whose valid cosignatures stand below a checkpoint; "bad" when one in their name is wrong. */
export function cosignersOf(
  note: SignedNote,
  { witnesses }: Pick<LogPolicy, "witnesses">,
): Set<string> | "bad" {
  const cosigners = new Set<string>();
  for (const { name, key } of witnesses) {
    const signature = signatureOf(note, key);
    if (signature === "bad") return "bad";
    if (signature !== undefined) cosigners.add(name);
  }
  return cosigners;
}
