import {
  type EpochInputs,
  type EpochJudgement,
  type Hotspot,
  hotspotName,
  type Manifest,
  RULE_SETS,
  type RuleSet,
  type Settlement,
} from "@earshot/protocol";
import { reasonCounts } from "../bundle/json-texts.ts";
import { succeededContacts } from "./check-contacts.ts";
import { parseVerifyArguments } from "./verify-arguments.ts";
import type { Verified } from "./verify-bundle.ts";
import { findSources, type VerifyCommandIo } from "./verify-command.ts";
import { verifySeries } from "./verify-epoch.ts";
import { formatReport, printable } from "./verify-report.ts";

const IDS = RULE_SETS.map(({ id }) => id).join(", ");

const USAGE = `Usage: bun run gateway compare-rules PATH --rules ID[,ID] [--epochs A-B]

Judges epochs again by another rule set, and shows who is paid under which, and why. PATH is what verify-epoch takes:
each bundle is verified first.

  --rules ID         compares with the rules that were in force; ${IDS}
  --rules ID,ID      compares two others with each other

Exit status: 0 compared, 1 a bundle differs or cannot be had, 2 wrong usage.
`;

/** Rows of a table; the rest is only counted. */
const MAX_ROWS = 30;

/** Runs `compare-rules`. @returns the exit status */
export async function runCompareRules(args: readonly string[], io: VerifyCommandIo): Promise<number> {
  const at = args.indexOf("--rules");
  const rules = at < 0 ? "" : (args[at + 1] ?? "");
  const parsed = parseVerifyArguments(args.filter((_, i) => at < 0 || (i !== at && i !== at + 1)));
  const chosen = rules.split(",").flatMap((id) => RULE_SETS.find((known) => known.id === id) ?? []);
  const [one, two] = chosen;
  const isChosen = one !== undefined && chosen.length === rules.split(",").length && chosen.length <= 2;
  if (!parsed.ok || !isChosen) {
    const problem = parsed.ok ? `--rules is "${rules}"; one or two of ${IDS} are needed` : parsed.problem;
    io.err(`${problem}\n\n${USAGE}`);
    return 2;
  }
  const found = await findSources(parsed.value, io);
  if (!found.ok) {
    io.err(`${printable(found.problem)}\n`);
    return found.status;
  }
  const others = [new OtherRules(one), ...(two === undefined ? [] : [new OtherRules(two)])];
  const options = { ...parsed.value.pins, ...(io.clock && { nowMs: io.clock.now() }) };
  for await (const report of verifySeries(found.sources, options)) {
    if (report.verified === undefined) {
      io.out(formatReport(report));
      return 1;
    }
    const { verified } = report;
    const results = others.map((other) => other.judge(verified));
    const [left, right] = two === undefined ? [inForce(verified), ...results] : results;
    if (left && right) io.out(formatComparison(verified.manifest, left, right));
  }
  return 0;
}

/** What a rule set makes of an epoch. */
interface Result {
  /** Of the rule set. */
  id: string;
  judgement: Pick<EpochJudgement, "verdicts" | "proven">;
  settlement: Settlement;
}

/** What the rules that were in force gave. */
export const inForce = ({ parameters: { ruleSet: id }, judgement, settlement }: Verified): Result => ({
  id,
  judgement,
  settlement,
});

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
      contactsBefore: succeededContacts(this.#contacts, hotspots),
    });
    const settlement = this.#rules.settle(judgement, { parameters, hotspots, before: this.#before });
    this.#before = new Map(settlement.payments.map(({ hotspotId, cumulative }) => [hotspotId, cumulative]));
    this.#contacts = judgement.contacts;
    this.#carriedOver = "history" in judgement ? { history: judgement.history } : {};
    return { id: this.#rules.id, judgement, settlement };
  }
}

/** Two columns, one for each rule set. */
export function formatComparison(
  { epoch, network, pool }: Pick<Manifest, "epoch" | "network" | "pool">,
  left: Result,
  right: Result,
): string {
  const rows = hotspotRows(left, right);
  const shown = rows.slice(0, MAX_ROWS).map(({ cells }) => cells);
  const titles = ["hotspot", left.id, right.id, `reasons, ${left.id}`, `reasons, ${right.id}`];
  const more = rows.length - shown.length;
  return [
    `Epoch ${epoch} of ${network}, pool ${pool}`,
    ...table([titles, ...shown]),
    ...(more > 0 ? [`  … and ${more} hotspots whose amounts differ less`] : []),
    `  paid ${left.settlement.paid} under ${left.id}, ${right.settlement.paid} under ${right.id}`,
    ...changedVerdicts(left, right).map(([change, count]) => `  ${count} reports: ${change}`),
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
