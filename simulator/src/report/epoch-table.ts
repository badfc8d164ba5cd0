import { explainVerdict } from "@earshot/protocol";
import type { EpochResult, ReasonTally, VerdictTally } from "./epoch-result.ts";

/** Whom a table is about. */
export interface Named {
  id: string;
  name: string;
  /** What a reader should know about this hotspot. */
  remark: string | undefined;
}

/** What a person reads after an epoch: who was paid how much and for what, and why the rest was not. */
export function formatEpoch(result: EpochResult, hotspots: readonly Named[]): string {
  return [
    titleOf(result),
    "",
    ...paidLines(result, hotspots),
    "",
    ...notPaidLines(result.verdicts, hotspots),
    "",
  ].join("\n");
}

function titleOf({ epoch, recomputedRoot, difference }: EpochResult): string {
  const time = (ms: number) => new Date(ms).toISOString().replace("T", " ").slice(0, 19);
  const root = `0x${epoch.root.toHex()}`;
  const check =
    difference ?? (recomputedRoot === root ? "recomputed from its packets: equal" : "NOT recomputed");
  return [
    `Epoch ${epoch.epoch}, ${time(epoch.fromMs)} to ${time(epoch.toMs).slice(11)} UTC`,
    `root ${root}, ${check}`,
  ].join("\n");
}

function paidLines({ epoch, verdicts, payments }: EpochResult, hotspots: readonly Named[]): string[] {
  const paid = new Map(payments.map(({ hotspotId, delta }) => [hotspotId, delta]));
  const rows = [...hotspots]
    .sort((a, b) => compareAmounts(paid.get(b.id), paid.get(a.id)) || (a.name < b.name ? -1 : 1))
    .map(({ id, name, remark }) => [
      remark === undefined ? name : `${name} (${remark})`,
      String(verdicts.paid.get(id)?.beacon ?? 0),
      String(verdicts.paid.get(id)?.witness ?? 0),
      grouped(paid.get(id) ?? 0n),
    ]);
  const total = `paid ${grouped(epoch.paid)} of ${grouped(epoch.pool)}, unallocated ${grouped(epoch.unallocated)}`;
  return [...formatTable(["hotspot", "beacons paid", "witnesses paid", "amount"], rows), total];
}

function notPaidLines({ refused, unpaid }: VerdictTally, hotspots: readonly Named[]): string[] {
  const tables = [
    reasonTable("refused", refused, hotspots),
    reasonTable("valid, not paid", unpaid, hotspots),
  ].filter((lines) => lines.length > 0);
  if (tables.length === 0) return ["Everything was paid."];
  return tables.flatMap((lines, i) => (i === 0 ? lines : ["", ...lines]));
}

/** Reasons by how often they came, each with an example. */
function reasonTable(title: string, tallies: readonly ReasonTally[], hotspots: readonly Named[]): string[] {
  if (tallies.length === 0) return [];
  const names = new Map(hotspots.map(({ id, name }) => [id, name]));
  const rows = tallies.map(({ type, reason, count, example }) => [
    `${type} ${reason}`,
    String(count),
    `${names.get(example.hotspotId) ?? ""}: ${explainVerdict(example)}`,
  ]);
  return formatTable([title, "count", "for example"], rows);
}

const compareAmounts = (a = 0n, b = 0n): number => (a < b ? -1 : a > b ? 1 : 0);

/** 12,345,678: readable, and the same on every machine. */
const grouped = (amount: bigint): string => amount.toString().replace(/\B(?=(\d{3})+$)/g, ",");

/** Left-aligned text, right-aligned numbers. */
function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return isNumeric(rows[0]?.[column]) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
}

const isNumeric = (cell: string | undefined): boolean => cell !== undefined && /^[\d,]+$/.test(cell);
