import { type NetworkParameters, parametersHash, QUICKNET, type Verdict } from "@earshot/protocol";
import type { EntropyOrigin } from "./check-entropy-source.ts";
import type { Verified } from "./verify-bundle.ts";
import type { VerifyReport } from "./verify-epoch.ts";

/** ms by phase. */
type Timing = ReadonlyMap<string, number>;

/** What a person reads about one bundle. */
export function formatReport(report: VerifyReport, timing?: Timing): string {
  const title = report.epoch === undefined ? report.path : `Epoch ${report.epoch} of ${report.network}`;
  const body = report.verified === undefined ? failureLines(report) : successLines(report, report.verified);
  if (timing !== undefined) body.push(["timing", timingText(timing)]);
  const lines = body.map(([name, value]) => `  ${name.padEnd(12)} ${printable(value)}`);
  return [`${resultOf(report)}  ${printable(title)}`, ...lines, ""].join("\n");
}

const resultOf = ({ ok, difference }: VerifyReport): string => {
  if (ok) return "HOLDS";
  return difference?.isUnknown === true ? "UNKNOWN" : "DIFFERS";
};

/** One line of JSON about one bundle, for programs. */
export function jsonReport(report: VerifyReport, timing?: Timing): string {
  const { verified, path, ...rest } = report;
  const numbers = verified && {
    manifestHash: verified.signed.hash,
    parameters: {
      version: verified.parameters.version,
      hash: verified.manifest.parametersHash.toHex(),
      ruleSet: verified.parameters.ruleSet,
      // Which signatures were checked; null: the operator's word.
      drandKey: verified.origin.chain?.publicKey.toHex() ?? null,
      unknown: verified.parameters.unknown,
    },
    counts: verified.manifest.counts,
    verdicts: outcomes(verified.judgement.verdicts),
    refused: Object.fromEntries(reasons(verified, "refused")),
    unpaid: Object.fromEntries(reasons(verified, "unpaid")),
    pool: verified.settlement.pool.toString(),
    paid: verified.settlement.paid.toString(),
    unallocated: verified.settlement.unallocated.toString(),
  };
  const timingMs = timing && Object.fromEntries([...timing].map(([phase, ms]) => [phase, Math.round(ms)]));
  return `${JSON.stringify({ bundle: path, ...rest, ...numbers, ...(timingMs && { timingMs }) })}\n`;
}

type Line = readonly [name: string, value: string];

function failureLines({ difference, recomputedRoot, root, path }: VerifyReport): Line[] {
  const lines: Line[] = [["bundle", path]];
  if (difference !== undefined) {
    lines.push(
      ["file", difference.file],
      ["where", difference.at],
      [difference.isUnknown === true ? "needed" : "expected", difference.expected],
      ["found", difference.found],
    );
  }
  if (recomputedRoot !== undefined) lines.push(["root", `${recomputedRoot} recomputed, ${root} published`]);
  return lines;
}

function successLines(report: VerifyReport, verified: Verified): Line[] {
  const { manifest, settlement, parameters } = verified;
  const { paid, unpaid, refused } = outcomes(verified.judgement.verdicts);
  const { pool, unallocated, payments } = settlement;
  const earning = payments.filter(({ delta }) => delta > 0n).length;
  return [
    ["bundle", report.path],
    ["CID", report.cid ?? ""],
    ["network key", report.networkKey ?? ""],
    ...keysLine(report),
    [
      "time",
      `${isoTime(manifest.fromMs)} to ${isoTime(manifest.toMs)}, closed ${isoTime(manifest.closedAtMs)}`,
    ],
    [
      "parameters",
      `version ${parameters.version} (${parameters.ruleSet}), hash ${parametersHash(parameters).toHex()}`,
    ],
    [
      "packets",
      `${manifest.counts.packets}, each signature holds; ${manifest.counts.entropy} entropy values, one chain`,
    ],
    ["entropy", originText(verified.origin)],
    [
      "registry",
      `${manifest.counts.hotspots} hotspots, as their signed changes say; ${verified.denials.length} denials in force`,
    ],
    [
      "verdicts",
      `${paid + unpaid + refused} reached again: ${paid} paid, ${unpaid} unpaid, ${refused} refused`,
    ],
    ...reasonLine("unpaid", reasons(verified, "unpaid")),
    ...reasonLine("refused", reasons(verified, "refused")),
    [
      "pool",
      `${pool} = ${settlement.paid} paid + ${unallocated} unallocated, exactly; ${earning} hotspots earned, ${payments.length} ever did`,
    ],
    ["root", `${report.recomputedRoot} recomputed, as published`],
    ...logLine(report),
    ...unknownNames(parameters),
    ...report.notes.map((note): Line => ["note", note]),
    ...report.trust.map(
      ({ what, shownBy }): Line => ["on trust", `that the operator did not ${what} (shown by ${shownBy})`],
    ),
  ];
}

function originText({ chain, proven, unproven }: EntropyOrigin): string {
  if (chain === null) return "local: the operator's word, as nothing shows that it did not choose the values";
  const name = chain.hash === QUICKNET.hash ? "drand's quicknet" : `drand chain ${chain.hash}`;
  const missing = unproven === 0 ? "" : `; ${unproven} have no signature`;
  return `${name}, key ${chain.publicKey.toHex()}: the signatures of ${proven} values hold${missing}`;
}

/** Values that these rules do not ask, or the bundle could not have been judged. */
function unknownNames({ unknown }: NetworkParameters): Line[] {
  const values = Object.entries(unknown).map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  if (values.length === 0) return [];
  return [["note", `The parameters have values that this program does not know: ${values.join(", ")}.`]];
}

const keysLine = ({ keysVersion }: VerifyReport): Line[] =>
  keysVersion ? [["keys", `signed by the keys of document ${keysVersion}, which that key signed`]] : [];

function logLine({ logged }: VerifyReport): Line[] {
  if (logged === undefined) return [];
  const { origin, index, size, cosigners } = logged;
  const by =
    cosigners.length === 0 ? "which no witness is asked to cosign" : `cosigned by ${cosigners.join(", ")}`;
  return [["log", `entry ${index} of ${origin}, below its checkpoint of ${size} entries, ${by}`]];
}

const isoTime = (ms: number): string => new Date(ms).toISOString();

function outcomes(verdicts: readonly Pick<Verdict, "outcome">[]): Record<Verdict["outcome"], number> {
  const counts = { paid: 0, unpaid: 0, refused: 0 };
  for (const { outcome } of verdicts) counts[outcome]++;
  return counts;
}

/** How often each reason was given, most often first. */
function reasons({ judgement }: Verified, outcome: Verdict["outcome"]): [reason: string, count: number][] {
  const counts = new Map<string, number>();
  for (const verdict of judgement.verdicts) {
    if (verdict.outcome === outcome) counts.set(verdict.reason, (counts.get(verdict.reason) ?? 0) + 1);
  }
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
}

const MAX_REASONS = 8;

function reasonLine(name: string, counted: readonly [string, number][]): Line[] {
  if (counted.length === 0) return [];
  const shown = counted.slice(0, MAX_REASONS).map(([reason, count]) => `${count} ${reason}`);
  const more = counted.length > MAX_REASONS ? `, ${counted.length - MAX_REASONS} more reasons` : "";
  return [[name, shown.join(", ") + more]];
}

const timingText = (timing: Timing): string =>
  [...timing].map(([phase, ms]) => `${phase} ${Math.round(ms)} ms`).join(", ");

/** A bundle may come from anybody: control characters are not printed, and long texts are cut. */
export const printable = (text: string): string => {
  const plain = text.replace(/[^\x20-\x7e\u00a0-\uffff]/g, "?");
  return plain.length <= MAX_SHOWN ? plain : `${plain.slice(0, MAX_SHOWN)}…`;
};
const MAX_SHOWN = 2000;
