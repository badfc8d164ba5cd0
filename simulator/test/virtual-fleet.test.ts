import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "@earshot/protocol";
import { ConsoleObserver } from "../src/cli/console.ts";
import { runVirtualFleet } from "../src/fleet/virtual-fleet.ts";
import { CITIES } from "../src/placement/cities.ts";
import { summarize } from "../src/report/summary.ts";

/** Runs a fleet; everything it tells, and its summary. */
async function runFleet(hotspots: number, seed: number, epochs = 1) {
  const stateDir = mkdtempSync(join(tmpdir(), "earshot-virtual-"));
  let told = "";
  const tell = (text: string) => {
    told += text;
  };
  const observer = new ConsoleObserver({ out: tell, err: tell, isLive: false }, 60_000);
  try {
    const run = { hotspots, seed, epochs, city: CITIES.denver!, stateDir };
    const results = await runVirtualFleet(run, observer, silentLog, new AbortController().signal);
    return { told, results, summary: summarize(hotspots, results) };
  } finally {
    rmSync(stateDir, { recursive: true, force: true });
  }
}

test("a fleet in virtual time tells the same twice, and its bundle gives the same root", async () => {
  const [first, second] = [await runFleet(6, 7), await runFleet(6, 7)];
  expect(second).toEqual(first);
  expect(first.summary.root).toMatch(/^0x[0-9a-f]{64}$/);
  expect(first.summary.recomputedRoot).toBe(first.summary.root);
  expect(first.told).toContain("recomputed from its packets: equal");
});

test("another seed gives another fleet", async () => {
  expect((await runFleet(3, 8)).summary.root).not.toBe((await runFleet(3, 7)).summary.root);
});

test("twelve hotspots: all beacon in each window, and only what is true is refused", async () => {
  const { summary, told, results } = await runFleet(12, 7, 2);
  const { pool, paid, unallocated, witnessesRefused } = summary;
  expect(summary).toMatchObject({ epochs: 2, hotspots: 12, beacons: 144, recomputedRoot: summary.root });
  expect(summary.witnessesPaid).toBeGreaterThan(100);
  // Until each was heard, and heard another: in the first window. Then the next epoch knows it from this one.
  const newcomers = ["beacon_refused", "not_heard_lately"];
  expect(Object.keys(witnessesRefused)).toEqual([...newcomers, "rssi_above_free_space", "too_close"]);
  const { refused } = results[1]?.verdicts ?? {};
  expect(new Set(refused?.map(({ reason }) => reason))).toEqual(
    new Set(["rssi_above_free_space", "too_close"]),
  );
  expect(BigInt(paid) + BigInt(unallocated)).toBe(BigInt(pool));
  expect(told).toMatch(/is asserted [3-7]\.\d km from where it stands/);
});

test("twenty hotspots: two owners asserted wrong places, one betrayed by levels, one by GPS; some are not drawn", async () => {
  const { summary, told } = await runFleet(20, 7);
  const reasons = [
    "beacon_refused",
    "gnss_position",
    "not_drawn",
    "not_heard_lately",
    "rssi_above_free_space",
    "too_close",
  ];
  expect(Object.keys(summary.witnessesRefused)).toEqual(reasons);
  expect(told.match(/is asserted \d\.\d km from where it stands/g)).toHaveLength(2);
  expect(told).toMatch(/refused +count[\s\S]*valid, not paid +count/);
  expect(summary.recomputedRoot).toBe(summary.root);
});
