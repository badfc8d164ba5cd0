import { describe, expect, test } from "bun:test";
import { memoryOutbox } from "@earshot/agent";
import type { LoraTransmission, TransmitResult } from "@earshot/drivers";
import { airtimeMs, BEACON_FRAME_BYTES, signerFromSeed } from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import { memoryStorage } from "../src/outbox/memory-outbox.ts";
import { AgentHarness, networkSigner, PERIOD_MS, VALIDITY_MS, WINDOW_PERIODS } from "./harness.ts";

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

  describe("of an entropy that came late", () => {
    /** Publishes the entropy that is due so late. */
    const beaconAfter = async (lateMs: number, answer?: TransmitResult) => {
      const agent = new AgentHarness();
      await agent.start();
      await untilBeaconIsDue(agent);
      const before = agent.radio.transmissions.length;
      if (answer !== undefined) agent.radio.answer = () => answer;
      const index = agent.clock.now() / PERIOD_MS;
      await agent.clock.advance(lateMs);
      await agent.publishEntropy(networkSigner, index);
      await agent.clock.advance(answer === undefined ? 0 : VALIDITY_MS);
      await agent.stop();
      return { sent: agent.radio.transmissions.slice(before), losses: agent.board.losses.counts() };
    };
    /** So long after the entropy's time a frame as the one given may still be begun. */
    const latestMsOf = ({ spreadingFactor, bandwidthHz }: LoraTransmission) =>
      Math.floor(
        VALIDITY_MS - airtimeMs({ spreadingFactor, bandwidthHz, payloadBytes: BEACON_FRAME_BYTES }) - 1000,
      );

    test("is sent as long as frame and margin fit into its validity", async () => {
      // So late that it goes out at once.
      const { sent } = await beaconAfter(PERIOD_MS);
      expect(sent).toHaveLength(1);
      const latestMs = latestMsOf(sent[0] as LoraTransmission);
      expect(await beaconAfter(latestMs)).toEqual({ sent, losses: [] });
      expect(await beaconAfter(latestMs + 1)).toEqual({ sent: [], losses: [["beacon_late_entropy", 1]] });
    });

    test("is tried again as long as that may still be in time", async () => {
      const { sent } = await beaconAfter(PERIOD_MS);
      const latestMs = latestMsOf(sent[0] as LoraTransmission);
      const retryMs = PERIOD_MS / 12;
      const asked = async (lateMs: number) =>
        (await beaconAfter(lateMs, { sent: false, error: "NO_FORWARDER" })).sent.length;
      expect(await asked(latestMs - retryMs)).toBe(2);
      expect(await asked(latestMs - retryMs + 1)).toBe(1);
    });
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
    expect(agent.lossCount("message_signature")).toBe(1);
    await agent.stop();
  });

  test("keeps the duty cycle: SF12 on one band leaves it silent for minutes", async () => {
    const agent = new AgentHarness();
    await agent.start();
    await agent.runPeriods(WINDOW_PERIODS * 20);
    const { offPeriods } = JSON.parse(agent.outbox.recall("beacon") ?? "{}");
    expect(Object.keys(offPeriods).length).toBeGreaterThan(0);
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
