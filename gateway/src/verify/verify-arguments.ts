import { fromHex, isAdmissibleKey, publicKeyOf } from "@earshot/protocol";
import { errorText, readNamedFile } from "@earshot/protocol/runtime";
import { type LogPolicy, parsePolicy } from "@earshot/protocol/tlog";
import { readByteStrings } from "../bundle/cbor-sequences.ts";
import type { EpochSpan } from "./bundle-source.ts";
import type { Pins } from "./check-manifest.ts";

export interface VerifyArguments {
  path: string;
  pins: Pins;
  epochs?: EpochSpan;
  /** Whose cosignatures are demanded. */
  policy?: LogPolicy;
  /** A file that shows that a report was left out, instead of a path. */
  evidence?: string;
  isJson: boolean;
  isTimed: boolean;
}

const MAX_POLICY_BYTES = 1_048_576;
const MAX_KEYS_BYTES = 4_194_304;

type ParsedArguments = { ok: true; value: VerifyArguments } | { ok: false; problem: string };

export function parseVerifyArguments(args: readonly string[]): ParsedArguments {
  const value: VerifyArguments = { path: "", pins: {}, isJson: false, isTimed: false };
  const paths: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const argument = args[i] as string;
    if (!argument.startsWith("--")) paths.push(argument);
    else if (argument === "--json") value.isJson = true;
    else if (argument === "--timing") value.isTimed = true;
    else {
      const problem = setOption(value, argument, args[++i] ?? "");
      if (problem !== undefined) return { ok: false, problem };
    }
  }
  const [path] = paths;
  if (value.evidence !== undefined && path === undefined) return { ok: true, value };
  if (path === undefined || paths.length > 1 || value.evidence !== undefined) {
    const needed = value.evidence === undefined ? "One PATH is needed" : "No PATH goes with --evidence";
    return { ok: false, problem: `${needed}; ${paths.length} were given` };
  }
  return { ok: true, value: { ...value, path } };
}

/** What is wrong with the value, if anything is. */
function setOption(into: VerifyArguments, name: string, value: string): string | undefined {
  const setter = OPTIONS[name];
  if (setter === undefined) return `Unknown option ${name}`;
  const needed = setter(into, value);
  return needed && `${name} is "${value}"; ${needed}`;
}

/** Each sets its value, or returns what is needed. */
const OPTIONS: Record<string, (into: VerifyArguments, value: string) => string | undefined> = {
  "--key"(into, value) {
    const networkKey = publicKeyOf(value);
    if (networkKey === undefined || !isAdmissibleKey(networkKey)) {
      return "the id (z6Mk…) of an admissible key is needed";
    }
    into.pins.networkKey = networkKey;
    return undefined;
  },
  "--evidence"(into, value) {
    if (value === "") return "a file that earshot-agent audit wrote is needed";
    into.evidence = value;
    return undefined;
  },
  "--keys"(into, value) {
    try {
      const read = readByteStrings(new Uint8Array(readNamedFile(value, MAX_KEYS_BYTES)));
      if (!read.ok || read.items.length === 0) return "the keys.cbor of a bundle is needed";
      into.pins.keyDocuments = read.items;
      return undefined;
    } catch (error) {
      return `the keys.cbor of a bundle is needed: ${errorText(error)}`;
    }
  },
  "--parameters"(into, value) {
    const hash = fromHex(value);
    if (hash?.length !== 32) return "64 hex digits are needed";
    into.pins.parametersHash = hash.toHex();
    return undefined;
  },
  "--policy"(into, value) {
    try {
      const read = parsePolicy(readNamedFile(value, MAX_POLICY_BYTES).toString("utf8"));
      if (!read.ok) return `a file as c2sp.org/tlog-policy describes it is needed: ${read.problem}`;
      into.policy = read.policy;
      return undefined;
    } catch (error) {
      return `a file is needed: ${errorText(error)}`;
    }
  },
  "--epochs"(into, value) {
    const [, first, last = first] = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(value) ?? [];
    if (first === undefined || Number(first) > Number(last)) return "A-B with A not above B, or A is needed";
    into.epochs = { first: Number(first), last: Number(last) };
    return undefined;
  },
};
