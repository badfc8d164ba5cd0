import { describe, expect, test } from "bun:test";
import type { GpsReading } from "@earshot/drivers";
import { AgentHarness } from "./harness.ts";

const MINUTE_MS = 60_000;

const reading = (atMs: number, mode: GpsReading["mode"] = 3): GpsReading => ({
  ...{ kind: "gps", atMs, mode, utcMs: atMs, latDeg: 47.3667, lonDeg: 8.55, satellitesUsed: 4 },
  satellites: [],
});

async function started({ concentrators }: { concentrators?: string[] } = {}): Promise<AgentHarness> {
  const agent = new AgentHarness();
  agent.radio.concentrators = concentrators;
  await agent.start();
  return agent;
}

/** Lines that tell of `what`. */
const lines = (agent: AgentHarness, what: RegExp): number =>
  agent.logged.filter((line) => what.test(line)).length;

/** Each second for so long: what is open says something and is lost, and could be had again at once. */
async function flap(agent: AgentHarness, durationMs: number, lose: () => void): Promise<void> {
  for (let ms = 0; ms < durationMs; ms += 1000) {
    lose();
    await agent.clock.advance(1000);
  }
}

function loseGps(agent: AgentHarness): void {
  agent.gps.read(reading(agent.clock.now()));
  agent.gps.lose();
  agent.gps.isPresent = true;
}

describe("what comes and goes", () => {
  test("a receiver with a loose plug is opened less and less often, and logged in a few lines, then once an hour", async () => {
    const agent = await started();
    await flap(agent, MINUTE_MS, () => loseGps(agent));
    expect(agent.gps.opens).toBeLessThanOrEqual(8);
    expect(agent.logged.length).toBeLessThan(10);
    agent.logged.length = 0;
    await flap(agent, 60 * MINUTE_MS, () => loseGps(agent));
    expect(agent.gps.opens).toBeLessThan(60 * 5);
    expect(agent.logged).toEqual(["warn gps comes and goes; told once an hour"]);
    await agent.stop();
  });

  test("once it has worked for a while, it is opened again at once, and logged in full", async () => {
    const agent = await started();
    await flap(agent, 5 * MINUTE_MS, () => loseGps(agent));
    for (let s = 0; s < 11 * 60; s++) {
      await agent.clock.advance(1000);
      agent.gps.read(reading(agent.clock.now()));
    }
    expect(agent.logged.at(-1)).toBe("info gps comes and goes no more");
    const { opens } = agent.gps;
    agent.gps.lose();
    agent.gps.isPresent = true;
    await agent.clock.advance(1000);
    expect(agent.gps.opens).toBe(opens + 1);
    expect(agent.logged.slice(-2)).toEqual([
      "warn No gps; trying again until it comes back",
      "info Opened gps",
    ]);
    await agent.stop();
  });

  test("a radio behind a socket, which may be silent, counts as working while it is open", async () => {
    const agent = await started({ concentrators: [] });
    const lose = () => {
      agent.radio.lose();
      agent.radio.isPresent = true;
    };
    await flap(agent, 10 * MINUTE_MS, lose);
    expect(agent.radio.opens).toBeLessThan(40);
    expect(lines(agent, /radio/)).toBe(6);
    await agent.clock.advance(MINUTE_MS);
    const { opens } = agent.radio;
    lose();
    await agent.clock.advance(1000);
    expect(agent.radio.opens).toBe(opens + 1);
    await agent.stop();
  });

  test("one that worked for 30 s is opened again at once; one that worked for less, after waits that grow", async () => {
    const agent = await started({ concentrators: [] });
    const waitAfterMs = async (workedMs: number) => {
      await agent.clock.advance(workedMs);
      const { opens } = agent.radio;
      agent.radio.lose();
      agent.radio.isPresent = true;
      let ms = 0;
      for (; agent.radio.opens === opens; ms++) await agent.clock.advance(1);
      return ms;
    };
    for (let i = 0; i < 6; i++) await waitAfterMs(0);
    expect(await waitAfterMs(29_999)).toBeGreaterThanOrEqual(15_000);
    expect(await waitAfterMs(30_000)).toBeLessThanOrEqual(1000);
    await agent.stop();
  });

  test("a broker that ends each session, and a fix that comes and goes", async () => {
    const agent = await started();
    await flap(agent, 30 * MINUTE_MS, () => {
      agent.broker.lose();
      agent.broker.isReachable = true;
      agent.gps.read(reading(agent.clock.now(), agent.clock.now() % 2000 < 1000 ? 3 : 1));
    });
    expect(lines(agent, /broker/)).toBe(6);
    expect(lines(agent, /fix/)).toBe(6);
    await agent.stop();
    expect(agent.clock.pending).toBe(0);
  });
});
