import { expect, test } from "bun:test";
import { join } from "node:path";
import { earshot1, hotspotName, settleEpoch } from "@earshot/protocol";
import type { Bundle } from "../bundle/bundle.ts";
import { writeBundle } from "../bundle/bundle-folder.ts";
import { temporaryFolder, testBundles } from "../testing/test-bundle.ts";
import { verified } from "../testing/test-edits.ts";
import { FIRST_EPOCH, HOTSPOTS, idOf, PARAMETERS } from "../testing/test-network.ts";
import { formatComparison, inForce, runCompareRules } from "./compare-rules.ts";

const bundles = (await testBundles(2)) as [Bundle, Bundle];

async function run(...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const io = { out: (text: string) => out.push(text), err: (text: string) => err.push(text) };
  const status = await runCompareRules(args, { ...io, isTerminal: false });
  return { status, out: out.join(""), err: err.join("") };
}

test("the rules that were in force pay what was paid, epoch after epoch", async () => {
  using folder = temporaryFolder();
  for (const [i, bundle] of bundles.entries()) writeBundle(folder.path, FIRST_EPOCH + i, bundle);
  const { status, out } = await run(folder.path, "--rules", "earshot-1");
  expect(status).toBe(0);
  expect(out.match(/^Epoch \d+/gm)).toEqual([`Epoch ${FIRST_EPOCH}`, `Epoch ${FIRST_EPOCH + 1}`]);
  for (const [, a, b] of out.matchAll(/paid (\d+) under earshot-1, (\d+) under earshot-1/g))
    expect(a).toBe(b);
  expect(out).not.toContain("becomes");
});

test("Helium's last rules judge the same packets, and know in the second epoch who was heard in the first", async () => {
  using folder = temporaryFolder();
  for (const [i, bundle] of bundles.entries()) writeBundle(folder.path, FIRST_EPOCH + i, bundle);
  const { status, out } = await run(folder.path, "--rules", "helium-2026");
  expect(status).toBe(0);
  const paid = [...out.matchAll(/under earshot-1, (\d+) under helium-2026/g)].map(([, amount]) =>
    Number(amount),
  );
  expect(paid).toHaveLength(2);
  const [, first, second] = out.split(/^Epoch/m);
  expect(first).toContain("gateway_no_valid_witnesses");
  expect(second).not.toContain("gateway_no_valid_witnesses");
});

test("any two rule sets are compared with each other", async () => {
  using folder = temporaryFolder();
  for (const [i, bundle] of bundles.entries()) writeBundle(folder.path, FIRST_EPOCH + i, bundle);
  const both = await run(folder.path, "--rules", "helium-2026,earshot-1");
  const one = await run(folder.path, "--rules", "helium-2026");
  expect(both.status).toBe(0);
  const amounts = ({ out }: { out: string }) =>
    [...out.matchAll(/paid (\d+) under (\S+), (\d+) under (\S+)\n/g)].map(([, a, left, b, right]) => ({
      [left as string]: a,
      [right as string]: b,
    }));
  expect(amounts(both)).toHaveLength(2);
  expect(amounts(both)).toEqual(amounts(one));
});

test("other rules are shown beside them: amounts, reasons, and what changes", () => {
  const own = verified(bundles[0]);
  const judgement = {
    proven: own.judgement.proven.slice(1),
    verdicts: own.judgement.verdicts.map((verdict) =>
      verdict.reason === "wrong_frequency" ? { ...verdict, outcome: "paid" as const, reason: "ok" } : verdict,
    ),
  };
  const inputs = { parameters: PARAMETERS, hotspots: HOTSPOTS, before: new Map<string, bigint>() };
  const text = formatComparison(own.manifest, inForce(own), {
    ...{ id: "other", judgement },
    settlement: settleEpoch(judgement, inputs),
  });
  expect(text).toContain("1 reports: refused (wrong_frequency) becomes paid (ok)");
  const delta = own.settlement.payments.find(({ hotspotId }) => hotspotId === idOf("c"))?.delta ?? 0n;
  const row = text.split("\n").find((line) => line.includes(hotspotName(idOf("c"))));
  expect(row).toMatch(new RegExp(`^  ${hotspotName(idOf("c"))} +${delta} +\\d+ +.*1 wrong_frequency.*`));
  expect(text).toContain(`paid ${own.settlement.paid} under ${earshot1.id}`);
  const amounts = [...text.matchAll(/^ {2}[a-z]+(?:-[a-z]+)+ +(\d+) +(\d+) /gm)].map(
    ([, a, b]) => Number(a) - Number(b),
  );
  expect(amounts.length).toBeGreaterThan(2);
  expect(new Set(amounts.map(Math.sign)).size).toBeGreaterThan(1);
  expect(amounts).toEqual([...amounts].sort((a, b) => Math.abs(b) - Math.abs(a)));
});

test("a bundle that does not hold is not compared", async () => {
  using folder = temporaryFolder();
  const name = writeBundle(folder.path, FIRST_EPOCH, { ...bundles[0], "leaves.jsonl": new Uint8Array() });
  const { status, out } = await run(join(folder.path, name), "--rules", "earshot-1");
  expect([status, out]).toEqual([1, expect.stringMatching(/^DIFFERS/)]);
});

test.each([
  [["a"], '--rules is ""; one or two of earshot-1, helium-2026 are needed'],
  [["a", "--rules", "x"], '--rules is "x"'],
  [["a", "--rules", "earshot-1,x"], '--rules is "earshot-1,x"'],
  [["a", "--rules", "earshot-1,earshot-1,earshot-1"], "one or two of"],
  [["--rules", "earshot-1"], "One PATH is needed"],
  [["/nowhere/at/all", "--rules", "earshot-1"], "There is no epoch bundle in /nowhere/at/all"],
])("wrong usage %j is told", async (args, problem) => {
  const { status, out, err } = await run(...args);
  expect([status, out]).toEqual([2, ""]);
  expect(err).toContain(problem);
});
