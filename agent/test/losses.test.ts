import { describe, expect, test } from "bun:test";
import { assess } from "@earshot/agent";
import type { IntegritySummary } from "@earshot/drivers";
import { encodeBeaconFrame, witnessClaim } from "@earshot/protocol";
import { seededRandom } from "@earshot/protocol/testing";
import { loraFrameOf } from "./beacon-frames.ts";
import { AgentHarness, PERIOD_MS, WINDOW_PERIODS } from "./harness.ts";

async function running(): Promise<AgentHarness> {
  const agent = new AgentHarness();
  await agent.start();
  await agent.publishEntropy();
  return agent;
}

const partOf = (agent: AgentHarness, title: string) =>
  assess(agent.board.snapshot(agent.clock)).parts.find((part) => part.title === title);

describe("frames from the air that merely begin like a beacon", () => {
  test("become no packet, are counted, shown and reported to the network", async () => {
    const agent = await running();
    const random = seededRandom(4);
    const byte = () => Math.floor(random() * 256);
    const frame = loraFrameOf(1, agent.clock.now());
    for (let i = 0; i < 90; i++) {
      const bytes = Uint8Array.from({ length: 31 }, byte);
      bytes.set([0xe0, 0xea, 0x01]);
      agent.radio.read({ ...frame, bytes });
    }
    agent.radio.read(frame);
    await agent.clock.advance(PERIOD_MS);
    expect(agent.packets("witness")).toHaveLength(1);
    expect(agent.board.losses.counts()).toEqual([["frame_stale", 90]]);
    expect(agent.packets("status").at(-1)?.losses).toEqual([{ reason: "frame_stale", count: 90 }]);
    expect(partOf(agent, "Radio")).toMatchObject({ health: "ok" });
    expect(partOf(agent, "Radio")?.text).toContain("90 frames that only look like beacons");
    expect(partOf(agent, "Clock and entropy")?.health).toBe("ok");
    await agent.stop();
  });

  test("an old beacon played again is one of them; one heard before its entropy is not", async () => {
    const agent = await running();
    const frame = loraFrameOf(1, agent.clock.now());
    const index = Math.floor(agent.clock.now() / PERIOD_MS);
    const of = (entropyIndex: number) => ({
      ...frame,
      bytes: encodeBeaconFrame({ entropyIndex, shortId: new Uint8Array(8), tag: new Uint8Array(16) }),
    });
    agent.radio.read(of(index - 60));
    agent.radio.read(of(index + 1));
    await agent.clock.advance(0);
    expect(agent.packets("witness").map(({ claim }) => claim)).toEqual([
      witnessClaim(of(index + 1).bytes, agent.signer.publicKey),
    ]);
    expect(agent.lossCount("frame_stale")).toBe(1);
    await agent.stop();
  });
});

describe("a beacon that is not sent", () => {
  test("is attention after one window, broken after three, also while the next is waited for, until one is sent", async () => {
    const agent = await running();
    agent.radio.answer = () => ({ sent: false, error: "TX_FREQ" });
    const healths = new Set<string>();
    const lost = () => agent.lossCount("beacon_tx_freq");
    while (lost() < 1) await agent.runPeriods(1);
    for (let i = 0; i < 40; i++) {
      await agent.runPeriods(1);
      const part = partOf(agent, "Beacon");
      healths.add(`${Math.min(lost(), 3)} ${part?.health}`);
      expect(part?.text).toContain("(TX_FREQ)");
      expect(part?.advice).toContain("tx_freq_min");
    }
    expect([...healths]).toEqual(["1 attention", "2 attention", "3 broken"]);
    const told = agent.packets("status").at(-1)?.losses;
    expect(told?.map(({ reason }) => reason)).toEqual(["beacon_tx_freq"]);
    expect(lost() - (told?.[0]?.count ?? 0)).toBeLessThanOrEqual(1);
    agent.radio.answer = ({ powerDbm }) => ({ sent: true, powerDbm });
    while (agent.packets("beacon").length === 0) await agent.runPeriods(1);
    expect(partOf(agent, "Beacon")).toMatchObject({ health: "ok" });
    expect(partOf(agent, "Beacon")?.text).toContain("1 sent");
    expect(agent.lossCount("beacon_tx_freq")).toBeGreaterThan(3);
    await agent.stop();
  });

  test("windows that go by while the network is not reached are lost, each once", async () => {
    const agent = await running();
    while (agent.board.schedule?.state !== "sent") await agent.runPeriods(1);
    const first = agent.board.schedule.window;
    await agent.clock.advance(PERIOD_MS * (WINDOW_PERIODS * 5 + 1));
    await agent.publishEntropy();
    const window = agent.board.schedule?.window ?? 0;
    expect(window).toBeGreaterThan(first + 3);
    const inThis = (agent.board.schedule?.state as string) === "missed" ? 1 : 0;
    expect(agent.lossCount("beacon_no_entropy")).toBe(window - first - 1 + inThis);
    expect(partOf(agent, "Beacon")).toMatchObject({ health: "broken" });
    await agent.publishEntropy();
    expect(agent.lossCount("beacon_no_entropy")).toBe(window - first - 1 + inThis);
    await agent.stop();
  });

  test.each([
    ["TOO_LATE", "beacon_late"],
    ["COLLISION_BEACON", "beacon_collision"],
    ["GPS_UNLOCKED", "beacon_gps"],
    ["NO_ACK", "beacon_unanswered"],
    ["NO_FORWARDER", "beacon_no_forwarder"],
    ["SOMETHING_NEW", "beacon_failed"],
  ] as const)("%s is counted as %s and has advice", async (error, reason) => {
    const agent = await running();
    agent.radio.answer = () => ({ sent: false, error });
    while (agent.board.losses.counts().length === 0) await agent.runPeriods(1);
    expect(agent.board.losses.counts()).toEqual([[reason, 1]]);
    expect(partOf(agent, "Beacon")).toMatchObject({ health: "attention" });
    expect(partOf(agent, "Beacon")?.advice?.length).toBeGreaterThan(40);
    await agent.stop();
  });
});

describe("a packet that cannot be made", () => {
  /** A receiver whose findings add up to what no packet has a bit for. */
  const misjudge = (agent: AgentHarness, flags: number | undefined) => {
    const { integrity } = agent.board;
    agent.gps.read({ kind: "gps", atMs: agent.clock.now(), mode: 3, latDeg: 1, lonDeg: 2, satellites: [] });
    integrity.summary = (...present): IntegritySummary => {
      const summary = Object.getPrototypeOf(integrity).summary.apply(integrity, present) as IntegritySummary;
      return flags === undefined ? summary : { ...summary, flags };
    };
  };

  test("is a broken part with the field's name, until one can be made again; statuses go out without details", async () => {
    const agent = await running();
    misjudge(agent, 65_536);
    await agent.clock.advance(1);
    agent.radio.read(loraFrameOf(1, agent.clock.now()));
    await agent.clock.advance(PERIOD_MS - 10_000);
    misjudge(agent, 65_536);
    await agent.clock.advance(10_000);
    expect(agent.packets("witness")).toEqual([]);
    const why = "gnss.integrityFlags is 65536; whole numbers from 0 to 65535 are allowed";
    expect(partOf(agent, "Packets (witness)")).toMatchObject({
      health: "broken",
      text: `None can be made: ${why}`,
    });
    expect(partOf(agent, "Packets (status)")?.text).toContain(why);
    expect(agent.logged.filter((line) => line.includes("clock"))).toEqual([]);
    const bare = agent.packets("status").at(-1);
    expect(bare).toMatchObject({ state: "online", gnss: null, assertion: null, losses: null });

    misjudge(agent, undefined);
    await agent.clock.advance(1);
    agent.radio.read(loraFrameOf(2, agent.clock.now()));
    await agent.clock.advance(PERIOD_MS);
    expect(agent.packets("witness")).toHaveLength(1);
    expect(agent.board.snapshot(agent.clock).unmade).toEqual([]);
    expect(agent.packets("status").at(-1)?.losses).toContainEqual({ reason: "unmade_witness", count: 1 });
    await agent.stop();
  });
});
