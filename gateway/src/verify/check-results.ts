import {
  type EpochJudgement,
  type Hotspot,
  type Manifest,
  type ManifestCounts,
  type NetworkParameters,
  parametersHash,
  type RuleSet,
  type Settlement,
} from "@earshot/protocol";
import { type Bundle, MANIFEST_FILE } from "../bundle/bundle.ts";
import { formatLeaves, formatVerdicts } from "../bundle/json-texts.ts";
import { type Check, differ, expectEqual } from "./check.ts";
import { expectText } from "./expect-text.ts";

/** Settles what was judged; the rules cannot pay a hotspot that the registry does not have. */
export function* settle(
  rules: RuleSet,
  judgement: EpochJudgement,
  inputs: {
    parameters: NetworkParameters;
    hotspots: readonly Hotspot[];
    before: ReadonlyMap<string, bigint>;
  },
): Check<Settlement> {
  const known = new Set(inputs.hotspots.map(({ id }) => id));
  const stranger = [...inputs.before.keys()].find((id) => !known.has(id));
  if (stranger !== undefined) {
    yield* differ("registry.json", `hotspot ${stranger}`, "every hotspot ever paid", "no entry");
  }
  try {
    return rules.settle(judgement, inputs);
  } catch (error) {
    // Amounts beyond uint256, or impossible parameters: only forged bundles have them.
    if (!(error instanceof RangeError)) throw error;
    return yield* differ("leaves.jsonl", "content", "amounts that can be settled", error.message);
  }
}

/** Verdicts, leaves and tree, line by line, against what the packets give. */
export function* checkResults(
  bundle: Bundle,
  parameters: NetworkParameters,
  { verdicts }: EpochJudgement,
  { payments, tree }: Settlement,
): Check<void> {
  const expect = (
    file: "verdicts.jsonl" | "leaves.jsonl" | "tree.json",
    text: Iterable<string>,
    label?: (line: string) => string,
  ) => expectText(file, text, bundle[file], label);
  const formatted = formatVerdicts(verdicts, parametersHash(parameters));
  yield* expect("verdicts.jsonl", formatted, labelOf("packetId", "packet"));
  yield* expect("leaves.jsonl", formatLeaves(payments, verdicts), labelOf("hotspot", "hotspot"));
  yield* expect("tree.json", tree.dumpText());
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
