import { expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import { limitedLog, quoted } from "./limited-log.ts";

test("after a burst a line comes now and then, and tells how many were left out", async () => {
  const clock = new ManualClock();
  const lines: unknown[] = [];
  const log = limitedLog((level, message, fields) => void lines.push([level, message, fields]), clock, {
    burst: 2,
    perSecond: 0.5,
  });
  for (let n = 0; n < 5; n++) log("info", "x", { n });
  await clock.advance(1999);
  log("info", "x", { n: 5 });
  await clock.advance(1);
  log("warn", "x");
  log("warn", "x");
  log("warn", "y");
  await clock.advance(3_600_000);
  for (let n = 6; n < 9; n++) log("info", "x", { n });
  expect(lines).toEqual([
    ["info", "x", { n: 0 }],
    ["info", "x", { n: 1 }],
    ["warn", "x", { leftOut: 4 }],
    ["warn", "y", undefined],
    ["info", "x", { n: 6, leftOut: 1 }],
    ["info", "x", { n: 7 }],
  ]);
});

test("a stranger's text is quoted up to 64 characters", () => {
  expect(quoted("a".repeat(64))).toBe("a".repeat(64));
  expect(quoted("a".repeat(65))).toHaveLength(64);
});
