import { describe, expect, test } from "bun:test";
import { memoryOutbox, type OpenPublisher } from "@earshot/agent";
import type { GpsReading } from "@earshot/drivers";
import { encodeBeaconFrame, shortId } from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import { assess } from "../src/health/assess.ts";
import { memoryStorage } from "../src/outbox/memory-outbox.ts";
import { loraFrameOf } from "./beacon-frames.ts";
import { AgentHarness, packetOf } from "./harness.ts";

const fixAt = (atMs: number): GpsReading => ({
  kind: "gps",
  atMs,
  timeMs: atMs,
  mode: 3,
  latDeg: 47.3667,
  lonDeg: 8.55,
  satellitesUsed: 8,
  satellites: [
    { system: "G", id: 1, cn0DbHz: 40, used: true },
    { system: "G", id: 2, cn0DbHz: 30.5 },
  ],
});

describe("devices", () => {
  test("a lost one is opened again, and the rest goes on meanwhile", async () => {
    const agent = new AgentHarness();
    await agent.start();
    agent.gps.read(fixAt(agent.clock.now()));
    await agent.clock.advance(0);
    agent.gps.lose();
    await agent.clock.advance(45_000);
    expect(agent.board.links.get("gps")).toMatchObject({
      state: "lost",
      reason: "Cannot open the fake device",
    });
    agent.radio.read(loraFrameOf(1, agent.clock.now()));
    await agent.clock.advance(0);
    expect(agent.packets("witness")).toHaveLength(1);
    expect(agent.logged.filter((line) => line.startsWith("warn No gps"))).toHaveLength(1);

    agent.gps.isPresent = true;
    await agent.clock.advance(30_000);
    expect(agent.gps.opens).toBe(2);
    agent.gps.read(fixAt(agent.clock.now()));
    await agent.clock.advance(0);
    expect(agent.board.links.get("gps").state).toBe("ok");
    await agent.stop();
    expect(agent.gps.closes).toBe(1);
    expect(agent.radio.closes).toBe(1);
    expect(agent.clock.pending).toBe(0);
  });

  test("a GPS that falls silent is reopened; a radio may be silent", async () => {
    const agent = new AgentHarness();
    await agent.start();
    await agent.clock.advance(30_000);
    agent.gps.read(fixAt(agent.clock.now()));
    await agent.clock.advance(59_000);
    expect(agent.gps.opens).toBe(1);
    await agent.clock.advance(5_000);
    expect(agent.gps.opens).toBe(2);
    expect(agent.radio.opens).toBe(1);
    await agent.stop();
  });
});

describe("the session", () => {
  test("its will is a signed offline status with number 0, and each has a token of its own", async () => {
    const agent = new AgentHarness();
    await agent.start();
    agent.broker.lose();
    agent.broker.isReachable = true;
    await agent.clock.advance(2000);
    const [first, second] = agent.broker.sessions;
    expect(packetOf(first?.will.bytes ?? new Uint8Array())).toMatchObject({ state: "offline", sequence: 0 });
    expect(first?.username).toBe(agent.id);
    expect(second?.password).not.toBe(first?.password);
    await agent.stop();
  });

  test("a broker that does not answer is left after a minute, each time, and nobody waits for it any more", async () => {
    const agent = new AgentHarness();
    const signals: AbortSignal[] = [];
    const open: OpenPublisher = (_, signal) => {
      signals.push(signal);
      return new Promise(() => {});
    };
    Object.assign(agent.broker, { open });
    await agent.start();
    await agent.clock.advance(59_999);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    await agent.clock.advance(1);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
    expect(agent.board.links.get("broker").reason).toBe("The broker did not answer within 60 s");
    await agent.clock.advance(1000);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    await agent.stop();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(agent.clock.pending).toBe(0);
  });

  test("a broker that stops acknowledging is left, and the packet is published again", async () => {
    const agent = new AgentHarness();
    await agent.start();
    await agent.clock.advance(1000);
    const before = agent.broker.published.length;
    agent.broker.isAcknowledging = false;
    agent.radio.read(loraFrameOf(1, agent.clock.now()));
    await agent.clock.advance(59_000);
    expect(agent.broker.sessions).toHaveLength(1);
    await agent.clock.advance(1500);
    expect(agent.board.links.get("broker").reason).toContain("did not acknowledge a packet within 60 s");
    agent.broker.isAcknowledging = true;
    await agent.clock.advance(5000);
    expect(agent.broker.sessions).toHaveLength(2);
    const after = agent.broker.published.slice(before).map(({ bytes }) => packetOf(bytes).type);
    expect(after).toContain("witness");
    await agent.stop();
    expect(agent.clock.pending).toBe(0);
  });

  /** Lets each session be ended by the broker after so long. Returns how many there were in an hour, and the log's lines. */
  async function hourOfSessions(agent: AgentHarness, lastsMs: (session: number) => number) {
    const { broker, clock } = agent;
    const [before, until] = [broker.sessions.length, clock.now() + 3_600_000];
    while (clock.now() < until) {
      const { length } = broker.sessions;
      if (agent.board.links.get("broker").state === "ok") {
        await clock.advance(lastsMs(length));
        broker.lose();
        broker.isReachable = true;
        await clock.advance(0);
      } else await clock.advance(1000);
    }
    return broker.sessions.length - before;
  }
  const sessionLines = (agent: AgentHarness) =>
    agent.logged.filter((line) => /Connected to the broker|No session/.test(line)).length;
  const brokerPart = (agent: AgentHarness) =>
    assess(agent.board.snapshot(agent.clock)).parts.find(({ title }) => title === "Broker");

  test("that another box takes over again and again: it waits up to 60 s, reports it, and logs little", async () => {
    const agent = new AgentHarness();
    await agent.start();
    const count = await hourOfSessions(agent, () => 1000);
    expect(count).toBeGreaterThan(60);
    expect(count).toBeLessThan(90);
    expect(sessionLines(agent)).toBeLessThan(12);
    expect(agent.board.links.get("broker").reason).toContain("another box may use this key");
    await agent.clock.advance(60_000);
    expect(brokerPart(agent)).toMatchObject({ health: "attention" });
    expect(brokerPart(agent)?.text).toContain("another box may use this key");
    await agent.clock.advance(300_000);
    expect(brokerPart(agent)).toMatchObject({ health: "ok" });
    // A good session: the next loss is one like any other.
    agent.broker.lose();
    agent.broker.isReachable = true;
    await agent.clock.advance(0);
    expect(agent.board.links.get("broker").reason).toBe("Lost the session");
    await agent.clock.advance(1000);
    expect(agent.board.links.get("broker").state).toBe("ok");
    await agent.stop();
    expect(agent.clock.pending).toBe(0);
  });

  test("nor does a session count as good that lasted only while the other box waited", async () => {
    const agent = new AgentHarness();
    await agent.start();
    const count = await hourOfSessions(agent, (session) => (session < 8 ? 500 : 50_000));
    expect(count).toBeLessThan(50);
    expect(agent.board.links.get("broker").reason).toContain("another box may use this key");
    await agent.stop();
  });

  test("a broker that is restarted twice is no other box: it is back within 5 s each time", async () => {
    const agent = new AgentHarness();
    const { broker, clock } = agent;
    const state = () => agent.board.links.get("broker").state;
    const lose = async () => {
      broker.lose();
      broker.isReachable = true;
      await clock.advance(0);
      expect(agent.board.links.get("broker").reason).toBe("Lost the session");
    };
    await agent.start();
    // Again and again, with a session in between that lasts just long enough.
    for (let i = 0; i < 3; i++) {
      for (const _ of ["first", "second"]) {
        await clock.advance(2000);
        await lose();
        let waitedMs = 0;
        for (; state() === "lost"; waitedMs++) await clock.advance(1);
        expect(waitedMs).toBeLessThanOrEqual(5000);
      }
      await clock.advance(300_000);
      await lose();
      await clock.advance(1000);
      expect(state()).toBe("ok");
    }
    await agent.stop();
  });

  test("is begun again within 5 s after any that did open, however long the broker could not be reached before", async () => {
    const agent = new AgentHarness();
    const { broker, clock } = agent;
    broker.isReachable = false;
    await agent.start();
    await clock.advance(600_000);
    broker.isReachable = true;
    while (agent.board.links.get("broker").state !== "ok") await clock.advance(1000);
    // Too long to be short, too short to have lasted.
    await clock.advance(60_000);
    broker.lose();
    broker.isReachable = true;
    await clock.advance(2400);
    expect(agent.board.links.get("broker").state).toBe("lost");
    await clock.advance(2600);
    expect(agent.board.links.get("broker").state).toBe("ok");
    await agent.stop();
  });

  test("no more packets are unacknowledged than the broker's Receive Maximum", async () => {
    const agent = new AgentHarness();
    agent.broker.receiveMaximum = 3;
    agent.broker.isAcknowledging = false;
    await agent.start();
    for (let i = 0; i < 10; i++) agent.radio.read(loraFrameOf(i, agent.clock.now()));
    await agent.clock.advance(65_000);
    expect(agent.broker.mostOnTheWay).toBe(3);
    agent.broker.isAcknowledging = true;
    await agent.clock.advance(60_000);
    expect(agent.broker.published.length).toBeGreaterThanOrEqual(10);
    await agent.stop();
  });
});

describe("witnessing", () => {
  test("leaves out repeats, its own beacon, and what has no strength or no spreading factor", async () => {
    const agent = new AgentHarness();
    await agent.start();
    const frame = loraFrameOf(1, agent.clock.now());
    const { rssiDbm: _, ...withoutRssi } = loraFrameOf(2, agent.clock.now());
    const own = encodeBeaconFrame({
      entropyIndex: 1,
      shortId: shortId(agent.signer.publicKey),
      tag: new Uint8Array(16),
    });
    const {
      spreadingFactor: __,
      bandwidthHz: ___,
      codingRate: ____,
      ...heard
    } = loraFrameOf(3, agent.clock.now());
    agent.radio.read(frame);
    agent.radio.read({ ...frame, rssiDbm: -120 });
    agent.radio.read(withoutRssi);
    agent.radio.read({ ...frame, bytes: own });
    agent.radio.read({ ...frame, bytes: new Uint8Array(20) });
    agent.radio.read({ ...heard, modulation: "fsk", bitRateBps: 50_000 });
    await agent.clock.advance(0);
    expect(agent.packets("witness")).toMatchObject([{ rssiDbm: -101, snrDdb: -35 }]);
    expect(agent.board.counters).toMatchObject({ beaconsHeard: 3, duplicatesHeard: 1 });
    expect(agent.lossCount("frame_level")).toBe(1);
    expect(agent.board.radio.framesHeard).toBe(6);
    await agent.stop();
  });

  test("goes on when the outbox cannot store a packet, reports how many were lost, and when it can again", async () => {
    const clock = new ManualClock();
    const inner = memoryStorage();
    let isFailing = false;
    const write: typeof inner.write = (change) => {
      if (isFailing) throw new Error("database or disk is full");
      inner.write(change);
    };
    const outbox = memoryOutbox({ clock, storage: { ...inner, write } });
    const agent = new AgentHarness({ clock, outbox });
    const failure = () => agent.board.snapshot(clock).outbox.failure;
    await agent.start();
    isFailing = true;
    const failedMs = clock.now();
    for (const number of [1, 2]) agent.radio.read(loraFrameOf(number, failedMs));
    await clock.advance(0);
    // Statuses need no write, and hide nothing.
    await clock.advance(60_000);
    expect(failure()).toEqual({ why: "database or disk is full", lost: 2, sinceMs: failedMs });
    isFailing = false;
    await clock.advance(60_000);
    expect(failure()).toBeUndefined();
    agent.radio.read(loraFrameOf(3, clock.now()));
    await clock.advance(0);
    expect(agent.packets("witness")).toHaveLength(1);
    await agent.stop();
  });
});

test("the GPS is summed up in a reading packet each period", async () => {
  const agent = new AgentHarness();
  await agent.start();
  for (let i = 0; i < 10; i++) {
    agent.gps.read(fixAt(agent.clock.now()));
    await agent.clock.advance(30_000);
  }
  await agent.clock.advance(1);
  expect(agent.packets("reading")).toMatchObject([
    {
      source: "gps",
      periodMs: 300_000,
      quantities: [
        { name: "satellites_used", exponent: 0, min: 8, mean: 8, max: 8, count: 10 },
        { name: "cn0_db_hz", exponent: -1, min: 305, mean: 353, max: 400, count: 20 },
      ],
    },
  ]);
  await agent.stop();
});
