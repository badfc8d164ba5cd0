import { describe, expect, test } from "bun:test";
import { memoryOutbox } from "@earshot/agent";
import type { GpsReading, TransmitResult } from "@earshot/drivers";
import { airtimeMs, BEACON_FRAME_BYTES, encodeBeaconFrame, shortId, signerFromSeed } from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import { assess } from "../src/health/assess.ts";
import { memoryStorage } from "../src/outbox/memory-storage.ts";
import { loraFrameOf } from "./frames.ts";
import { AgentHarness, networkSigner, PERIOD_MS, packetOf, VALIDITY_MS, WINDOW_PERIODS } from "./harness.ts";

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

/** Runs until the period of this hotspot's next beacon has begun, its entropy not yet published. */
async function untilBeaconIsDue(agent: AgentHarness): Promise<void> {
  await agent.runPeriods(1);
  for (;;) {
    await agent.clock.advance(PERIOD_MS - (agent.clock.now() % PERIOD_MS));
    const { schedule } = agent.board;
    const index = agent.clock.now() / PERIOD_MS;
    if (schedule?.state === "waiting" && schedule.entropyIndex === index) return;
    await agent.publishEntropy();
    await agent.clock.advance(PERIOD_MS - 1);
  }
}

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

  test("a GPS that falls silent is opened anew; a radio may be silent", async () => {
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

  test("that another box takes over again and again: it waits up to 60 s, says so, and logs little", async () => {
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

  test("nor does it take a session for a good one that lasted only while the other box waited", async () => {
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
      await clock.advance(300_000);
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

  test("no more packets are on the way than the broker takes at once", async () => {
    const agent = new AgentHarness();
    agent.broker.publishAtOnce = 3;
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

describe("the beacon", () => {
  /** Lets the radio answer in turn, then publishes the entropy that is due and lets its period pass. */
  async function beaconWith(answers: TransmitResult[]): Promise<AgentHarness> {
    const agent = new AgentHarness();
    await agent.start();
    await untilBeaconIsDue(agent);
    agent.radio.transmissions.length = 0;
    agent.broker.published.length = 0;
    const sent: TransmitResult = { sent: true, powerDbm: 11, tmstUs: 77 };
    agent.radio.answer = () => answers.shift() ?? sent;
    await agent.publishEntropy();
    await agent.clock.advance(PERIOD_MS * 2);
    return agent;
  }

  test("is tried again while no forwarder is there, and reported with the power that the radio confirmed", async () => {
    const no: TransmitResult = { sent: false, error: "NO_FORWARDER" };
    const agent = await beaconWith([no, no]);
    expect(agent.radio.transmissions).toHaveLength(3);
    expect(agent.packets("beacon")).toMatchObject([{ powerDbm: 11, tmstUs: 77 }]);
    expect(agent.board.schedule?.state).toBe("sent");
    await agent.stop();
  });

  test("is not repeated when it may have gone out, and not reported", async () => {
    const agent = await beaconWith([{ sent: false, error: "NO_ACK" }]);
    expect(agent.radio.transmissions).toHaveLength(1);
    expect(agent.packets("beacon")).toHaveLength(0);
    expect(agent.board.schedule).toMatchObject({ state: "failed", reason: "NO_ACK" });
    await agent.stop();
  });

  test("is given up when its entropy expires", async () => {
    const agent = await beaconWith(Array.from({ length: 100 }, () => ({ sent: false, error: "TOO_LATE" })));
    await agent.clock.advance(PERIOD_MS);
    expect(agent.radio.transmissions.length).toBeGreaterThan(20);
    expect(agent.radio.transmissions.length).toBeLessThan(40);
    expect(agent.board.schedule).toMatchObject({ state: "failed", reason: "TOO_LATE" });
    await agent.stop();
    expect(agent.clock.pending).toBe(0);
  });

  test("is sent for an entropy that came late as long as frame and margin fit into its validity", async () => {
    /** Publishes the entropy that is due so late. */
    const beaconAfter = async (lateMs: number) => {
      const agent = new AgentHarness();
      await agent.start();
      await untilBeaconIsDue(agent);
      const before = agent.radio.transmissions.length;
      const index = agent.clock.now() / PERIOD_MS;
      await agent.clock.advance(lateMs);
      await agent.publishEntropy(networkSigner, index);
      await agent.clock.advance(0);
      await agent.stop();
      return { sent: agent.radio.transmissions.slice(before), losses: agent.board.losses.counts() };
    };
    // So late that it goes out at once.
    const { sent } = await beaconAfter(PERIOD_MS);
    expect(sent).toHaveLength(1);
    const { spreadingFactor = 0, bandwidthHz = 0 } = sent[0] ?? {};
    const airtime = airtimeMs({ spreadingFactor, bandwidthHz, payloadBytes: BEACON_FRAME_BYTES });
    const latestMs = Math.floor(VALIDITY_MS - airtime - 1000);
    expect(await beaconAfter(latestMs)).toEqual({ sent, losses: [] });
    expect(await beaconAfter(latestMs + 1)).toEqual({ sent: [], losses: [["beacon_late_entropy", 1]] });
  });

  test.each([
    ["wrote nothing: it is sent after that", false],
    ["wrote it though it said not: this window counts as used", true],
  ])(
    "is not sent while the outbox cannot remember its window; over a restart, where it %s",
    async (_, isWritten) => {
      const clock = new ManualClock();
      const inner = memoryStorage();
      let isFailing = false;
      const write: typeof inner.write = (change) => {
        if (!isFailing || isWritten) inner.write(change);
        if (isFailing) throw new Error("database or disk is full");
      };
      const agent = new AgentHarness({
        clock,
        outbox: memoryOutbox({ clock, storage: { ...inner, write } }),
      });
      await agent.start();
      await untilBeaconIsDue(agent);
      const before = agent.radio.transmissions.length;
      isFailing = true;
      await agent.publishEntropy();
      await clock.advance(PERIOD_MS);
      expect(agent.radio.transmissions).toHaveLength(before);
      await agent.stop();
      isFailing = false;
      await agent.start();
      await clock.advance(PERIOD_MS);
      expect(agent.radio.transmissions).toHaveLength(before + Number(!isWritten));
      expect(agent.board.schedule?.state).toBe(isWritten ? "used" : "sent");
      await agent.stop();
    },
  );

  test("waits for a radio that comes back in time", async () => {
    const agent = new AgentHarness();
    await agent.start();
    await untilBeaconIsDue(agent);
    const before = agent.radio.transmissions.length;
    agent.radio.lose();
    await agent.publishEntropy();
    await agent.clock.advance(PERIOD_MS);
    agent.radio.isPresent = true;
    await agent.clock.advance(PERIOD_MS);
    expect(agent.radio.transmissions).toHaveLength(before + 1);
    await agent.stop();
  });

  test("is not sent for an entropy that the network did not sign", async () => {
    const agent = new AgentHarness();
    await agent.start();
    await untilBeaconIsDue(agent);
    const before = agent.radio.transmissions.length;
    await agent.publishEntropy(signerFromSeed(new Uint8Array(32).fill(66)));
    await agent.clock.advance(PERIOD_MS);
    expect(agent.radio.transmissions).toHaveLength(before);
    expect(agent.board.losses.get("message_signature")).toBe(1);
    await agent.stop();
  });

  test("keeps the duty cycle: SF12 on one band leaves it silent for minutes", async () => {
    const agent = new AgentHarness();
    await agent.start();
    await agent.runPeriods(WINDOW_PERIODS * 20);
    const { silences } = JSON.parse(agent.outbox.recall("beacon") ?? "{}");
    expect(Object.keys(silences).length).toBeGreaterThan(0);
    for (const [i, beacon] of agent.packets("beacon").entries()) {
      const earlier = agent.packets("beacon").slice(0, i);
      const sameBand = earlier.filter(({ freqHz }) => freqHz >= 868e6 === beacon.freqHz >= 868e6).at(-1);
      if (sameBand === undefined) continue;
      // Airtime of 31 bytes is at least 2^(SF−7) · 60 ms.
      expect(beacon.atMs - sameBand.atMs).toBeGreaterThan(100 * 60 * 2 ** (sameBand.spreadingFactor - 7));
    }
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
    expect(agent.board.losses.get("frame_level")).toBe(1);
    expect(agent.board.radio.framesHeard).toBe(6);
    await agent.stop();
  });

  test("goes on when the outbox cannot take a packet, says so with how many were lost, and when it can again", async () => {
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
