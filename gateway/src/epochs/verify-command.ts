import { fromHex, isAdmissibleKey, publicKeyOf } from "@earshot/protocol";
import type { VerifyOptions } from "./verify-bundle.ts";
import { bundlePaths, type VerifyReport, verifySeries } from "./verify-epoch.ts";

const USAGE = `Usage: bun run gateway verify-epoch PATH [--key ID] [--parameters HASH]

Judges epochs again from their packets alone, and compares every verdict, amount and hash.

  PATH               an epoch bundle, or a folder of bundles (verified in order, each as the next of the one before)
  --key ID           the network's key (z6Mk…): refuse bundles that another key signed
  --parameters HASH  the network's parameters hash (64 hex digits): refuse bundles judged by others

Exit status: 0 all holds, 1 something differs (the first is named), 2 wrong usage.
`;

/** Where the command writes. */
export interface VerifyCommandIo {
  out(text: string): void;
  err(text: string): void;
  /** Whether `err` is a terminal: progress is shown there. */
  isTerminal: boolean;
}

/** Runs `verify-epoch`. @returns the exit status */
export async function runVerifyEpoch(args: readonly string[], io: VerifyCommandIo): Promise<number> {
  const parsed = parse(args);
  if (!parsed.ok) {
    io.err(`${parsed.problem}\n\n${USAGE}`);
    return 2;
  }
  const paths = bundlePaths(parsed.path);
  if (paths.length === 0) {
    io.err(
      `There is no epoch bundle in ${parsed.path}: a folder with a manifest.cbor, or a folder of such folders, is needed\n`,
    );
    return 2;
  }
  const options = { ...parsed.options, ...(io.isTerminal && { onProgress: showProgress(io) }) };
  let isEqual = true;
  for await (const report of verifySeries(paths, options)) {
    if (io.isTerminal) io.err("\r\u001b[K");
    io.out(formatReport(report));
    isEqual &&= report.ok;
  }
  if (isEqual && paths.length > 1) io.out(`\n${paths.length} epochs hold, chained to each other.\n`);
  return isEqual ? 0 : 1;
}

const showProgress =
  (io: VerifyCommandIo) =>
  (what: string, done: number, total: number): void =>
    io.err(`\r\u001b[K${done} of ${total} ${what}`);

type Parsed = { ok: true; path: string; options: VerifyOptions } | { ok: false; problem: string };

function parse(args: readonly string[]): Parsed {
  const options: VerifyOptions = {};
  const paths: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const argument = args[i] as string;
    if (!argument.startsWith("--")) {
      paths.push(argument);
      continue;
    }
    const problem = setOption(options, argument, args[++i]);
    if (problem !== undefined) return { ok: false, problem };
  }
  const [path] = paths;
  if (path === undefined || paths.length > 1) {
    return { ok: false, problem: `One PATH is needed; ${paths.length} were given` };
  }
  return { ok: true, path, options };
}

function setOption(options: VerifyOptions, name: string, value: string | undefined): string | undefined {
  if (name === "--key") {
    const networkKey = publicKeyOf(value ?? "");
    if (networkKey === undefined || !isAdmissibleKey(networkKey))
      return `--key is "${value ?? ""}"; the id (z6Mk…) of an admissible key is needed`;
    options.networkKey = networkKey;
    return undefined;
  }
  if (name === "--parameters") {
    const hash = fromHex(value ?? "");
    if (hash?.length !== 32) return `--parameters is "${value ?? ""}"; 64 hex digits are needed`;
    options.parametersHash = hash.toHex();
    return undefined;
  }
  return `Unknown option ${name}`;
}

/** What a person reads about one bundle. */
export function formatReport(report: VerifyReport): string {
  const title = report.epoch === undefined ? report.path : `Epoch ${report.epoch} of ${report.network}`;
  const body = report.verified === undefined ? failureLines(report) : successLines(report);
  const lines = body.map(([name, value]) => `  ${name.padEnd(12)} ${value}`);
  return [`${report.ok ? "HOLDS" : "DIFFERS"}  ${title}`, ...lines, ""].join("\n");
}

type Line = readonly [name: string, value: string];

function failureLines({ difference, recomputedRoot, root, path }: VerifyReport): Line[] {
  const lines: Line[] = [["bundle", path]];
  if (difference !== undefined) {
    lines.push(
      ["file", difference.file],
      ["where", difference.at],
      ["expected", difference.expected],
      ["found", difference.found],
    );
  }
  if (recomputedRoot !== undefined) lines.push(["root", `${recomputedRoot} recomputed, ${root} published`]);
  return lines;
}

function successLines({ verified, networkKey, recomputedRoot, notes, path }: VerifyReport): Line[] {
  if (verified === undefined) return [];
  const { manifest, judgement, settlement } = verified;
  const paid = judgement.verdicts.filter(({ outcome }) => outcome === "paid").length;
  const { pool, unallocated } = settlement;
  return [
    ["bundle", path],
    ["signed by", networkKey ?? ""],
    ["time", `${new Date(manifest.fromMs).toISOString()} to ${new Date(manifest.toMs).toISOString()}`],
    [
      "packets",
      `${manifest.counts.packets}, each signature holds; ${manifest.counts.entropy} entropy values, one chain`,
    ],
    [
      "verdicts",
      `${judgement.verdicts.length} reached again: ${paid} paid, ${judgement.verdicts.length - paid} refused`,
    ],
    [
      "pool",
      `${pool} = ${settlement.paid} paid + ${unallocated} unallocated, to ${settlement.payments.length} hotspots`,
    ],
    ["root", `${recomputedRoot} recomputed, as published`],
    ...notes.map((note): Line => ["note", note]),
  ];
}
