import {
  type EpochInputs,
  type EpochJudgement,
  type Hotspot,
  hotspotName,
  RULE_SET_IDS,
  type RuleSet,
  type RuleSetId,
  type Settlement,
} from "@earshot/protocol";
import { reasonCounts } from "../bundle/json-texts.ts";
import { RULE_SETS } from "../bundle/rule-sets.ts";
import { parseVerifyArguments } from "./verify-arguments.ts";
import type { Verified } from "./verify-bundle.ts";
import { findSources, type VerifyCommandIo } from "./verify-command.ts";
import { verifySeries } from "./verify-epoch.ts";
import { formatReport, printable } from "./verify-report.ts";

const USAGE = `Usage: bun run gateway compare-rules PATH --rules ID [--epochs A-B]

Judges epochs again by another rule set, and shows who is paid under which, and why. PATH is what verify-epoch takes:
each bundle is verified first.

  --rules ID         ${RULE_SET_IDS.join(" or ")}

Exit status: 0 compared, 1 a bundle differs or cannot be had, 2 wrong usage.
`;

/** Rows of a table; the rest is only counted. */
const MAX_ROWS = 30;

/** Runs `compare-rules`. @returns the exit status */
export async function runCompareRules(args: readonly string[], io: VerifyCommandIo): Promise<number> {
  const at = args.indexOf("--rules");
  const rules = at < 0 ? "" : (args[at + 1] ?? "");
  const parsed = parseVerifyArguments(args.filter((_, i) => at < 0 || (i !== at && i !== at + 1)));
  const problem = parsed.ok ? rulesProblem(rules) : parsed.problem;
  if (!parsed.ok || problem !== undefined) {
    io.err(`${problem}\n\n${USAGE}`);
    return 2;
  }
  const found = await findSources(parsed.value, io);
  if (!found.ok) {
    io.err(`${printable(found.problem)}\n`);
    return found.status;
  }
  const other = new OtherRules(RULE_SETS[rules as RuleSetId]);
  const options = { ...parsed.value.pins, ...(io.clock && { nowMs: io.clock.now() }) };
  for await (const report of verifySeries(found.sources, options)) {
    if (report.verified === undefined) {
      io.out(formatReport(report));
      return 1;
    }
    io.out(formatComparison(report.verified, rules, other.judge(report.verified)));
  }
  return 0;
}

const rulesProblem = (id: string): string | undefined =>
  RULE_SET_IDS.some((known) => known === id)
    ? undefined
    : `--rules is "${id}"; one of ${RULE_SET_IDS.join(", ")} is needed`;

interface Result {
  judgement: Pick<EpochJudgement, "verdicts" | "proven">;
  settlement: Settlement;
}

/** A rule set that never was in force, from epoch to epoch. */
class OtherRules {
  readonly #rules: RuleSet;
  /** Cumulative amounts, and what else the rules pass on: who was heard when. */
  #before: ReadonlyMap<string, bigint> = new Map();
  #contacts: EpochInputs["contactsBefore"] = new Map();
  #carriedOver: object = {};
  /** A bundle shows who took part under its own rules; who was paid under these is asked for in every epoch. */
  readonly #hotspots = new Map<string, Hotspot>();

  constructor(rules: RuleSet) {
    this.#rules = rules;
  }

  judge(verified: Verified): Result {
    const { parameters, packets, manifest, denials, entropy } = verified;
    for (const hotspot of verified.hotspots) this.#hotspots.set(hotspot.id, hotspot);
    const hotspots = [...this.#hotspots.values()];
    const inputs = { parameters, packets, epoch: manifest.epoch, hotspots, denials, entropy };
    const usedSequences = verified.earlierSequences;
    const judgement = this.#rules.judge({
      ...this.#carriedOver,
      ...inputs,
      usedSequences,
      contactsBefore: this.#contacts,
    });
    const settlement = this.#rules.settle(judgement, { parameters, hotspots, before: this.#before });
    this.#before = new Map(settlement.payments.map(({ hotspotId, cumulative }) => [hotspotId, cumulative]));
    this.#contacts = judgement.contacts;
    this.#carriedOver = "history" in judgement ? { history: judgement.history } : {};
    return { judgement, settlement };
  }
}

/** Two columns: the rules of the epoch, and the others. */
export function formatComparison(verified: Verified, rules: string, other: Result): string {
  const own: Result = verified;
  const { manifest, parameters, settlement } = verified;
  const rows = hotspotRows(own, other);
  const shown = rows.slice(0, MAX_ROWS).map(({ cells }) => cells);
  const titles = [
    "hotspot",
    parameters.ruleSet,
    rules,
    `reasons, ${parameters.ruleSet}`,
    `reasons, ${rules}`,
  ];
  const more = rows.length - shown.length;
  return [
    `Epoch ${manifest.epoch} of ${manifest.network}, pool ${settlement.pool}`,
    ...table([titles, ...shown]),
    ...(more > 0 ? [`  … and ${more} hotspots whose amounts differ less`] : []),
    `  paid ${settlement.paid} under ${parameters.ruleSet}, ${other.settlement.paid} under ${rules}`,
    ...changedVerdicts(own, other).map(([change, count]) => `  ${count} reports: ${change}`),
    "",
    "",
  ].join("\n");
}

interface Row {
  cells: string[];
  difference: bigint;
}

/** Every hotspot that reported or earned, those whose amounts differ most first. */
function hotspotRows(own: Result, other: Result): Row[] {
  const [ownDeltas, otherDeltas] = [deltas(own), deltas(other)];
  const [ownReasons, otherReasons] = [own, other].map(({ judgement }) => reasonCounts(judgement.verdicts));
  const ids = new Set([...(ownReasons?.keys() ?? []), ...(otherReasons?.keys() ?? [])]);
  for (const known of [ownDeltas, otherDeltas]) for (const id of known.keys()) ids.add(id);
  return [...ids]
    .sort()
    .map((id) => {
      const [a, b] = [ownDeltas.get(id) ?? 0n, otherDeltas.get(id) ?? 0n];
      const reasons = [ownReasons?.get(id), otherReasons?.get(id)].map(reasonsText);
      return { cells: [hotspotName(id), `${a}`, `${b}`, ...reasons], difference: a < b ? b - a : a - b };
    })
    .sort((a, b) => (a.difference < b.difference ? 1 : a.difference > b.difference ? -1 : 0));
}

/** What each hotspot that earned anything in the epoch earned. */
const deltas = ({ settlement }: Result): Map<string, bigint> =>
  new Map(
    settlement.payments.filter(({ delta }) => delta > 0n).map(({ hotspotId, delta }) => [hotspotId, delta]),
  );

const reasonsText = (counts: ReadonlyMap<string, number> = new Map()): string =>
  [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([reason, count]) => `${count} ${reason}`)
    .join(", ");

/** Reports that fare otherwise, by what they were given, the most frequent first. */
function changedVerdicts(own: Result, other: Result): [change: string, count: number][] {
  const before = new Map(own.judgement.verdicts.map((verdict) => [verdict.packetId, verdict]));
  const counts = new Map<string, number>();
  for (const { packetId, outcome, reason } of other.judgement.verdicts) {
    const was = before.get(packetId);
    if (was === undefined || was.outcome === outcome) continue;
    const change = `${was.outcome} (${was.reason}) becomes ${outcome} (${reason})`;
    counts.set(change, (counts.get(change) ?? 0) + 1);
  }
  return [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd(),
  );
}
