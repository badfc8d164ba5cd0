import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "@earshot/protocol/testing";
import { openLogFile } from "./log-file.ts";

test("what gateway and agents log is appended as JSON lines, and at the end how much was left out", async () => {
  const folder = mkdtempSync(join(tmpdir(), "earshot-fleet-log-"));
  const path = join(folder, "fleet.log");
  const clock = new ManualClock();
  for (const name of ["first run", "second run"]) {
    const { log, close } = openLogFile(path, clock);
    const hotspot = log.child({ hotspot: name });
    hotspot.debug("not shown");
    for (let i = 0; i < 32; i++) hotspot.info("Beacon sent", { i });
    await close();
    hotspot.info("after the end");
  }
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  rmSync(folder, { recursive: true });
  expect(lines).toHaveLength(2 * 31);
  expect(JSON.parse(lines[31] ?? "")).toMatchObject({ msg: "Beacon sent", hotspot: "second run", i: 0 });
  expect(JSON.parse(lines[30] ?? "")).toMatchObject({ msg: "Beacon sent", leftOut: 2 });
  expect(clock.pending).toBe(0);
});
