import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { GpsReading } from "@earshot/drivers";
import { encodeBeaconFrame } from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import { assess } from "../src/health/assess.ts";
import { loraFrameOf } from "./beacon-frames.ts";
import { AgentHarness, PERIOD_MS } from "./harness.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** Wall times that the network or a receiver told: no moments that the agent kept. */
const TOLD_BY_OTHERS = ["entropy.atMs", "schedule.atMs", "gps.reading.atMs", "gps.reading.timeMs"];

/** Every moment of a document by its path, as how long ago it was. */
function agesOf(value: unknown, nowMs: number, path = ""): Record<string, number> {
  if (typeof value === "number" && /(?:^|\.)\w*(?:[aA]t|[sS]ince|Seen)Ms$/.test(path)) {
    return TOLD_BY_OTHERS.includes(path) ? {} : { [path]: nowMs - value };
  }
  if (typeof value !== "object" || value === null) return {};
  const inner = Object.entries(value).map(([key, one]) =>
    agesOf(one, nowMs, path === "" ? key : `${path}.${key}`),
  );
  return Object.assign({}, ...inner);
}

const fixAt = (atMs: number): GpsReading => ({
  ...{ kind: "gps", atMs, timeMs: atMs, mode: 3, latDeg: 47.3667, lonDeg: 8.55, satellitesUsed: 9 },
  satellites: [],
});

describe("what lasts is measured by the monotonic clock", () => {
  let agent: AgentHarness;

  beforeEach(async () => {
    agent = new AgentHarness({ clock: new ManualClock(Date.UTC(2026, 5, 1)) });
    await agent.start();
    await agent.runPeriods(9);
    const status = { rxOk: 1, rxBad: 0, rxNoCrc: 0, transmitted: 0 };
    const nowMs = agent.clock.now();
    agent.radio.read({ kind: "radio", atMs: nowMs, gatewayEui: "aa", ...status });
    const bytes = encodeBeaconFrame({
      ...{ entropyIndex: Math.floor(nowMs / PERIOD_MS), shortId: new Uint8Array(8) },
      tag: new Uint8Array(16),
    });
    agent.radio.read({ ...loraFrameOf(1, nowMs), bytes });
    agent.gps.read(fixAt(nowMs));
    await agent.clock.advance(10_000);
  });

  afterEach(() => agent.stop());

  test.each([
    ["60 days ahead", 60 * DAY_MS],
    ["from 1970", 57 * 365 * DAY_MS],
    ["6 hours back", -6 * HOUR_MS],
  ])("no age on the page changes when the clock is set %s", (_, stepMs) => {
    const look = () => {
      const status = agent.board.snapshot(agent.clock);
      const told = assess(status).parts.filter(
        ({ title }) => !["Clock and entropy", "Beacon"].includes(title),
      );
      return { ages: agesOf(status, status.atMs), told };
    };
    const before = look();
    agent.clock.stepWall(stepMs);
    expect(look()).toEqual(before);
    const names = Object.keys(before.ages);
    expect(names).toEqual(expect.arrayContaining(["startedAtMs", "broker.sinceMs", "radio.lastFrameAtMs"]));
    expect(names).toEqual(
      expect.arrayContaining(["radio.statuses.0.atMs", "beacons.0.atMs", "witnesses.0.atMs", "gps.lastAtMs"]),
    );
  });

  test("uptime, the radio's counters and the fix in a status packet outlive it", async () => {
    await agent.clock.advance(30_000);
    agent.gps.read(fixAt(agent.clock.now()));
    await agent.clock.advance(0);
    agent.clock.stepWall(60 * DAY_MS);
    const before = agent.packets("status").length;
    await agent.clock.advance(25_000);
    const told = agent.packets("status")[before];
    expect(told).toMatchObject({ radio: { rxOk: 1 }, gnss: { fixMode: 3 } });
    expect(told?.uptimeS).toBe(Math.floor(agent.clock.elapsedMs() / 60_000) * 60);
    await agent.clock.advance(60_000);
    expect(agent.packets("status")[before + 1]?.gnss).toBeNull();
  });

  test("a device does not count as silent because the clock went ahead, and does when it went back", async () => {
    agent.clock.stepWall(DAY_MS);
    await agent.clock.advance(1000);
    expect(agent.board.links.get("gps").state).toBe("ok");
    agent.clock.stepWall(-2 * DAY_MS);
    await agent.clock.advance(61_000);
    expect(agent.board.links.get("gps")).toMatchObject({ state: "lost", trouble: "silent" });
  });

  test("a session that lasted has lasted, also when the clock was set back in it", async () => {
    agent.broker.lose();
    await agent.clock.advance(5 * 60_000);
    agent.broker.isReachable = true;
    await agent.clock.advance(7 * 60_000);
    agent.clock.stepWall(-HOUR_MS);
    agent.broker.lose();
    agent.broker.isReachable = true;
    // The first wait again, and not one that has grown for minutes.
    await agent.clock.advance(1000);
    expect(agent.board.links.get("broker").state).toBe("ok");
  });
});

describe("a clock that is not set", () => {
  const OFF_MS = Date.UTC(2026, 5, 1);

  test("costs no packet: what is heard and measured waits, and is dated when it is set", async () => {
    const agent = new AgentHarness({ clock: new ManualClock(30_000) });
    await agent.start();
    const heard = (number: number) => {
      agent.radio.read(loraFrameOf(number, agent.clock.now()));
      return agent.clock.elapsedMs();
    };
    const heardMs = [heard(1)];
    await agent.clock.advance(20_000);
    heardMs.push(heard(2));
    agent.gps.read(fixAt(agent.clock.now()));
    await agent.clock.advance(310_000);
    expect(agent.outbox.state().queued).toBe(0);
    expect(agent.board.links.get("broker").reason).toContain("clock is not set");
    agent.clock.stepWall(OFF_MS);
    await agent.clock.advance(120_000);
    const witnesses = agent.packets("witness").toSorted((one, other) => one.sequence - other.sequence);
    expect(witnesses.map(({ atMs }) => atMs)).toEqual(heardMs.map((ms) => OFF_MS + 30_000 + ms));
    await agent.clock.advance(300_000);
    expect(agent.packets("reading").map(({ source }) => source)).toEqual(["gps"]);
    expect(agent.board.losses.counts()).toEqual([]);
    await agent.stop();
    expect(agent.clock.pending).toBe(0);
  });

  test("keeps so many beacons and counts the rest", async () => {
    const agent = new AgentHarness({ clock: new ManualClock(30_000) });
    await agent.start();
    for (let number = 1; number <= 300; number++) agent.radio.read(loraFrameOf(number, agent.clock.now()));
    await agent.clock.advance(0);
    agent.clock.stepWall(OFF_MS);
    await agent.clock.advance(120_000);
    expect(agent.packets("witness")).toHaveLength(256);
    expect(agent.board.losses.counts()).toEqual([["frame_unset_clock", 44]]);
    await agent.stop();
  });
});

test("a clock that steps while a beacon waits for its moment changes neither that moment nor the report", async () => {
  for (const stepMs of [60 * DAY_MS, -HOUR_MS]) {
    const agent = new AgentHarness({ clock: new ManualClock(Date.UTC(2026, 5, 1)) });
    await agent.start();
    const told = async () => {
      await agent.clock.advance(PERIOD_MS - (agent.clock.now() % PERIOD_MS));
      const { index } = await agent.publishEntropy();
      return { ...agent.board.schedule, index };
    };
    let schedule = await told();
    while (schedule.state !== "waiting" || schedule.entropyIndex !== schedule.index) schedule = await told();
    agent.clock.stepWall(stepMs);
    await agent.clock.advance(PERIOD_MS);
    const sentAtMs = agent.packets("beacon").at(-1)?.atMs ?? 0;
    expect(agent.board.schedule?.state).toBe("sent");
    expect(Math.floor(sentAtMs / PERIOD_MS)).toBe(schedule.index);
    await agent.stop();
  }
});

test("entropy of a time that has not come delays no beacon, and is logged", async () => {
  const agent = new AgentHarness({ clock: new ManualClock(Date.UTC(2026, 5, 1)) });
  await agent.start();
  await agent.runPeriods(5);
  const before = agent.packets("beacon").length;
  agent.clock.stepWall(60 * DAY_MS);
  await agent.publishEntropy();
  agent.clock.stepWall(-60 * DAY_MS);
  await agent.runPeriods(12);
  expect(agent.packets("beacon").length).toBeGreaterThanOrEqual(before + 2);
  expect(agent.logged).toContain("warn The network's entropy was ahead of the time, and goes on from here");
  await agent.stop();
});
