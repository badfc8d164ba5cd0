import { expect, test } from "bun:test";
import { logTo } from "../../log.ts";
import { ManualClock } from "../../time/manual-clock.ts";
import { OutageLog } from "./outage-log.ts";

function watched() {
  const clock = new ManualClock();
  const lines: string[] = [];
  const outages = new OutageLog(
    "gps",
    clock,
    logTo((level, message, fields) =>
      lines.push(
        [level, message, ...Object.entries(fields).map(([key, value]) => `${key}=${value}`)].join(" "),
      ),
    ),
  );
  return {
    clock,
    lines,
    outages,
    /** There for `upMs`, then gone for `downMs`. */
    async flap(upMs: number, downMs: number) {
      outages.up("info", "Opened gps");
      await clock.advance(upMs);
      outages.down("warn", "No gps", { why: "the plug" });
      await clock.advance(downMs);
    },
  };
}

test("two outages are told in full, the third as coming and going, the rest once an hour", async () => {
  const { lines, flap } = watched();
  for (let i = 0; i < 3; i++) await flap(1000, 14_000);
  const begun = [
    ...["info Opened gps", "warn No gps why=the plug", "info Opened gps", "warn No gps why=the plug"],
    ...["info Opened gps", "warn gps comes and goes; told once an hour times=3 inTheLastS=30 why=the plug"],
  ];
  expect(lines).toEqual(begun);
  for (let i = 0; i < 2 * 240; i++) await flap(1000, 14_000);
  const summary = "warn gps comes and goes; told once an hour times=240 inTheLastS=3600 why=the plug";
  expect(lines).toEqual([...begun, summary, summary]);
});

test("an outage is told once, however often it is tried in vain", async () => {
  const { clock, lines, outages } = watched();
  for (let i = 0; i < 1000; i++) {
    outages.down("warn", "No gps");
    await clock.advance(30_000);
  }
  outages.up("info", "Opened gps");
  expect(lines).toEqual(["warn No gps", "info Opened gps"]);
});

test("outages far apart are each told in full", async () => {
  const { lines, flap } = watched();
  for (let i = 0; i < 10; i++) await flap(3_600_000, 1000);
  expect(lines).toHaveLength(20);
});

test("counts what was lost in the last hour", async () => {
  const { clock, outages, flap } = watched();
  for (let i = 0; i < 5; i++) await flap(540_000, 60_000);
  expect(outages.lostInHour).toBe(5);
  await clock.advance(3_600_000 - 2_460_000);
  expect(outages.lostInHour).toBe(4);
  await clock.advance(3_600_000);
  expect(outages.lostInHour).toBe(0);
});

test("steady for 10 min after coming and going: that is told, and the next outage in full", async () => {
  const { clock, lines, outages, flap } = watched();
  for (let i = 0; i < 5; i++) await flap(1000, 1000);
  lines.length = 0;
  outages.up("info", "Opened gps");
  await clock.advance(599_999);
  outages.stillUp();
  expect(lines).toEqual([]);
  await clock.advance(1);
  outages.stillUp();
  outages.stillUp();
  expect(lines).toEqual(["info gps comes and goes no more outages=5"]);
  outages.down("warn", "No gps");
  expect(lines.at(-1)).toBe("warn No gps");
});

test("gone for 10 min after coming and going: that is told, once", async () => {
  const { clock, lines, outages, flap } = watched();
  for (let i = 0; i < 5; i++) await flap(1000, 1000);
  lines.length = 0;
  for (let i = 0; i < 100; i++) {
    await clock.advance(30_000);
    outages.down("warn", "No gps", { why: "the plug" });
  }
  outages.up("info", "Opened gps");
  expect(lines).toEqual(["warn No gps why=the plug", "info Opened gps"]);
});

test("work that should succeed each time is told when it fails, and when it succeeds again", async () => {
  const { clock, lines, outages } = watched();
  const minutes = async (count: number, isGood: boolean) => {
    for (let i = 0; i < count; i++) {
      if (isGood) outages.works("Judges again");
      else outages.down("error", "Cannot judge");
      await clock.advance(60_000);
    }
  };
  await minutes(30, true);
  await minutes(1440, false);
  await minutes(30, true);
  expect(lines).toEqual(["error Cannot judge", "info Judges again"]);
  lines.length = 0;
  for (let i = 0; i < 90; i++) await minutes(1, i % 2 === 0);
  expect(lines.length).toBeLessThanOrEqual(7);
});

test("a step of the wall clock changes nothing", async () => {
  const { clock, lines, flap } = watched();
  for (let i = 0; i < 3; i++) await flap(1000, 1000);
  clock.stepWall(365 * 86_400_000);
  await flap(1000, 1000);
  clock.stepWall(-730 * 86_400_000);
  await flap(1000, 1000);
  expect(lines).toHaveLength(6);
});
