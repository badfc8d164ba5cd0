import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { liveRuleSets } from "@earshot/protocol";
import {
  bundlesOf,
  type ExpectedBundles,
  goldenFormats,
  isReleased,
  makeGoldenBundles,
  resultsOf,
} from "./golden-bundles.ts";

/*
 * Whole bundles of every format, judged again: the same verdicts and payments, for ever. Where one of a released format
 * fails, the code is wrong, never the bundle.
 */

const temporary = mkdtempSync(join(tmpdir(), "earshot-golden-"));
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

const expectedOf = (format: string): ExpectedBundles =>
  JSON.parse(readFileSync(join(bundlesOf(format), "expected.json"), "utf8"));

/** Every file below a folder, by its path, as hex. */
const filesIn = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }): [string, string] => {
        const path = join(parentPath, name);
        return [path.slice(folder.length + 1), new Uint8Array(readFileSync(path)).toHex()];
      })
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );

describe.each(goldenFormats())("bundles of format %s", (format) => {
  test("hold, with the results that they had", async () => {
    const { epochs } = expectedOf(format);
    expect(epochs.length).toBeGreaterThan(1);
    expect(await resultsOf(bundlesOf(format))).toEqual(epochs);
    expect(epochs.filter(({ paid }) => BigInt(paid) > 0n).length).toBeGreaterThan(1);
  });

  test.skipIf(isReleased(format))("are a candidate, and what the code writes", async () => {
    const folder = join(temporary, format);
    await makeGoldenBundles(folder);
    const [written, golden] = [filesIn(folder), filesIn(bundlesOf(format))];
    const stale = Object.keys(written).filter((path) => written[path] !== golden[path]);
    const hint =
      stale.length === 0 ? "" : "The format has changed: run `bun run golden`, and look at what differs";
    expect([hint, stale]).toEqual(["", []]);
  });
});

test("every released rule set has judged a bundle of a released format", () => {
  const judged = new Set(
    goldenFormats()
      .filter(isReleased)
      .flatMap((format) => expectedOf(format).epochs.map(({ ruleSet }) => ruleSet)),
  );
  const released = liveRuleSets().filter((set) => set.isReleased);
  expect(released.filter(({ id }) => !judged.has(id)).map(({ id }) => id)).toEqual([]);
});
