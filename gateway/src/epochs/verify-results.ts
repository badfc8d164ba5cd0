import {
  type EpochJudgement,
  type Hotspot,
  type Manifest,
  type ManifestCounts,
  type NetworkParameters,
  type Settlement,
  settleEpoch,
} from "@earshot/protocol";
import { type Bundle, MANIFEST_FILE } from "./bundle.ts";
import { formatLeaves, formatTree, formatVerdicts, readText } from "./bundle-texts.ts";
import { type Check, differ, expectEqual, expectLines } from "./check.ts";

/** Settles what was judged; the rules cannot pay a hotspot that the registry does not have. */
export function* settle(
  { proven }: EpochJudgement,
  parameters: NetworkParameters,
  hotspots: readonly Hotspot[],
  before: ReadonlyMap<string, bigint>,
): Check<Settlement> {
  const known = new Set(hotspots.map(({ id }) => id));
  const stranger = [...before.keys()].find((id) => !known.has(id));
  if (stranger !== undefined) {
    yield* differ("registry.json", `hotspot ${stranger}`, "every hotspot ever paid", "no entry");
  }
  try {
    return settleEpoch(proven, parameters, hotspots, before);
  } catch (error) {
    // Amounts beyond uint256, or parameters that no network could use: only forged bundles have them.
    if (!(error instanceof RangeError)) throw error;
    return yield* differ("leaves.jsonl", "content", "amounts that can be settled", error.message);
  }
}

/** Verdicts, leaves and tree, line by line, against what the packets give. */
export function* checkResults(
  bundle: Bundle,
  { verdicts }: EpochJudgement,
  { payments, tree }: Settlement,
): Check<void> {
  yield* expectText(bundle, "verdicts.jsonl", formatVerdicts(verdicts), labelOf("packetId", "packet"));
  yield* expectText(bundle, "leaves.jsonl", formatLeaves(payments), labelOf("hotspot", "hotspot"));
  yield* expectText(bundle, "tree.json", formatTree(tree));
}

function* expectText(
  bundle: Bundle,
  file: "verdicts.jsonl" | "leaves.jsonl" | "tree.json",
  expected: string,
  label?: (line: string) => string,
): Check<void> {
  const found = readText(bundle[file]);
  if (!found.ok) return yield* differ(file, "content", "UTF-8", found.problem);
  yield* expectLines(file, expected, found.value, label);
}

const labelOf = (key: string, word: string) => {
  const pattern = new RegExp(`"${key}":"([0-9A-Za-z]+)"`);
  return (line: string) => {
    const name = pattern.exec(line)?.[1];
    return name === undefined ? "" : `${word} ${name}`;
  };
};

/** The manifest's totals and root, and that no unit of the pool is lost or made. */
export function* checkTotals(
  manifest: Manifest,
  settlement: Settlement,
  counts: ManifestCounts,
): Check<void> {
  const { pool, paid, unallocated, tree } = settlement;
  const expect = (field: string, expected: bigint | number | string, found: bigint | number | string) =>
    expectEqual(MANIFEST_FILE, field, String(expected), String(found));
  yield* expect("pool", pool, manifest.pool);
  yield* expect("paid", paid, manifest.paid);
  yield* expect("unallocated", unallocated, manifest.unallocated);
  yield* expect("paid + unallocated", manifest.pool, manifest.paid + manifest.unallocated);
  yield* expect("root", `0x${tree.root.toHex()}`, `0x${manifest.root.toHex()}`);
  for (const name of Object.keys(counts) as (keyof ManifestCounts)[]) {
    yield* expect(`counts, ${name}`, counts[name], manifest.counts[name]);
  }
}
