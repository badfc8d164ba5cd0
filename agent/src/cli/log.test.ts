import { expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import { LimitedLog } from "./limited-log.ts";
import { lineLog } from "./log.ts";

function setUp() {
  const clock = new ManualClock();
  const lines: string[] = [];
  const limited = new LimitedLog(
    lineLog("info", (line) => lines.push(line)),
    clock,
  );
  return { clock, lines, limited };
}

test("20,000 of one message become 30 lines and a count, and others come out beside it", async () => {
  const { clock, lines, limited } = setUp();
  const stop = new AbortController();
  const running = limited.run(stop.signal);
  for (let i = 0; i < 20_000; i++)
    limited.log("warn", "Refused a message from the broker", { reason: "malformed" });
  limited.log("info", "Beacon sent");
  expect(lines).toHaveLength(31);
  expect(lines.at(-1)).toBe("info Beacon sent\n");
  await clock.advance(60_000);
  expect(lines.at(-1)).toBe("warn Refused a message from the broker leftOut=19970 inTheLastS=60\n");
  limited.log("warn", "Refused a message from the broker");
  expect(lines.at(-1)).toBe("warn Refused a message from the broker\n");
  expect(lines.join("").length).toBeLessThan(5000);
  stop.abort();
  await running;
  expect(clock.pending).toBe(0);
});

test("texts that are all different share what is left", () => {
  const { lines, limited } = setUp();
  for (let i = 0; i < 5000; i++) limited.log("warn", `text ${i}`);
  expect(lines.length).toBeLessThan(300);
});

test("a line is one line and short, whatever a stranger put into it", () => {
  const { lines, limited } = setUp();
  limited.log("warn", "Refused", { topic: "x\n".repeat(30_000), more: { deep: ["y".repeat(60_000)] } });
  expect(lines[0]?.length).toBeLessThan(700);
  expect(lines[0]?.trimEnd()).not.toContain("\n");
});
