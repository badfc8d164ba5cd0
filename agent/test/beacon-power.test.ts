import { describe, expect, test } from "bun:test";
import type { LoraTransmission, TransmitResult } from "@earshot/drivers";
import { airtimeMs, BEACON_FRAME_BYTES, dutyCycleBand, dutyCycleWaitMs, REGIONS } from "@earshot/protocol";
import { AgentHarness, WINDOW_PERIODS } from "./harness.ts";

/** The gain table that Semtech ships for the SX1301, dBm: what is not in it is refused. */
const SX1301_DBM = [-6, -3, 0, 3, 6, 10, 11, 12, 13, 14, 16, 20];
/** Of an SX1302: the next lower is taken, the least where none is lower. */
const SX1302_DBM = [12, 13, 14, 16, 17, 19, 20, 22, 23, 24, 25, 26, 27];
const MOST_EIRP_DBM = 16;

const refusing =
  (table: readonly number[]) =>
  ({ powerDbm }: LoraTransmission): TransmitResult =>
    table.includes(powerDbm) ? { sent: true, powerDbm } : { sent: false, error: "TX_POWER" };

const warning =
  (table: readonly number[]) =>
  ({ powerDbm }: LoraTransmission): TransmitResult => ({
    sent: true,
    powerDbm: Math.max(table[0] ?? 0, ...table.filter((dbm) => dbm <= powerDbm)),
  });

const isGone = (): TransmitResult => {
  throw new Error("The radio was unplugged");
};

const noAnswer = (error: string) => (): TransmitResult => ({ sent: false, error });

/** Lets time pass until a window's beacon was sent or has failed; returns what the radio was asked for. */
async function nextBeacon(agent: AgentHarness): Promise<LoraTransmission[]> {
  const { transmissions } = agent.radio;
  transmissions.length = 0;
  const before = agent.board.schedule?.window;
  for (;;) {
    await agent.runPeriods(1);
    const { window, state } = agent.board.schedule ?? {};
    if (window !== before && (state === "sent" || state === "failed")) return [...transmissions];
  }
}

const askedDbm = (sent: readonly LoraTransmission[]): number[] => sent.map(({ powerDbm }) => powerDbm);

async function started(answer: AgentHarness["radio"]["answer"], concentrators?: string[]) {
  const agent = new AgentHarness();
  agent.radio.answer = answer;
  agent.radio.concentrators = concentrators;
  await agent.start();
  return agent;
}

describe("a concentrator that lacks the power allowed", () => {
  test("of whatever gain the antenna is, it beacons with the greatest power that its table has below the limit", async () => {
    for (let gainDdbi = 0; gainDdbi <= 120; gainDdbi += 5) {
      const agent = new AgentHarness();
      agent.antennaGainDdbi = gainDdbi;
      agent.radio.answer = refusing(SX1301_DBM);
      await agent.start();
      await nextBeacon(agent);
      const mostDbm = Math.floor(MOST_EIRP_DBM - gainDdbi / 10);
      const expected = Math.max(...SX1301_DBM.filter((dbm) => dbm <= mostDbm));
      expect(agent.packets("beacon").map(({ powerDbm }) => powerDbm)).toEqual([expected]);
      await agent.stop();
    }
  });

  test("the accepted power is asked for first from then on, also after a restart; now and then all are tried again", async () => {
    const agent = await started(refusing([6]));
    expect(askedDbm(await nextBeacon(agent))).toEqual([13, 12, 11, 10, 9, 8, 7, 6]);
    expect(askedDbm(await nextBeacon(agent))).toEqual([6]);
    await agent.stop();
    await agent.start();
    expect(askedDbm(await nextBeacon(agent))).toEqual([6]);
    agent.radio.answer = refusing([6, 13]);
    let asked: number[] = [];
    for (let i = 0; i < 30 && !asked.includes(13); i++) asked = askedDbm(await nextBeacon(agent));
    expect(asked).toEqual([13]);
    expect(askedDbm(await nextBeacon(agent))).toEqual([13]);
    await agent.stop();
  });

  test("one that accepts none of them is asked once for each, and the window's beacon is not sent", async () => {
    const agent = await started(refusing([27]));
    expect(askedDbm(await nextBeacon(agent))).toEqual(Array.from({ length: 34 }, (_, i) => 13 - i));
    expect(agent.board.schedule).toMatchObject({ state: "failed", reason: "TX_POWER" });
    expect(agent.logged.filter((line) => line === "warn Beacon not sent")).toHaveLength(1);
    await agent.stop();
    expect(agent.clock.pending).toBe(0);
  });

  test("one that was slow to refuse is not asked for a frame whose entropy is over", async () => {
    const agent = new AgentHarness();
    agent.radio.beforeAnswer = () => agent.clock.sleep(40_000);
    agent.radio.answer = refusing([0]);
    await agent.start();
    await agent.runPeriods(3 * WINDOW_PERIODS);
    const byFrame = Object.groupBy(agent.radio.transmissions, ({ bytes }) => bytes.toHex());
    for (const asked of Object.values(byFrame)) expect(asked?.length).toBeLessThanOrEqual(5);
    expect(Object.keys(byFrame).length).toBeGreaterThan(1);
    expect(agent.packets("beacon")).toHaveLength(0);
    await agent.stop();
  });

  const last = {
    takesLess: refusing([6]),
    doesNotSay: noAnswer("NO_ACK"),
    mayNot: noAnswer("TX_FREQ"),
    isGone,
  };
  test.each([
    ["takes less: from when that was sent", last.takesLess, true],
    ["does not say whether it has sent: as if it had", last.doesNotSay, true],
    ["may not send there: not at all", last.mayNot, false],
    ["cannot be asked: not at all", last.isGone, false],
  ])("a band is charged where the concentrator %s", async (_, answer, isCharged) => {
    const agent = await started(answer);
    const asked: { band: number; atMs: number; lengthMs: number }[] = [];
    agent.radio.beforeAnswer = async () => {
      const { freqHz, spreadingFactor, bandwidthHz } = agent.radio.transmissions.at(-1) as LoraTransmission;
      const airtime = airtimeMs({ spreadingFactor, bandwidthHz, payloadBytes: BEACON_FRAME_BYTES });
      const lengthMs = Math.ceil(airtime + dutyCycleWaitMs(REGIONS.EU868, freqHz, airtime));
      const band = dutyCycleBand(REGIONS.EU868, freqHz)?.minHz ?? 0;
      asked.push({ band, atMs: agent.clock.now(), lengthMs });
      await agent.clock.sleep(300);
    };
    const bands = () => new Set(asked.map(({ band }) => band)).size;
    while (bands() < 2) await nextBeacon(agent);
    // What is kept with a beacon is what was charged for those before it, and in advance for itself.
    const here = asked.at(-1)?.band;
    const before = asked.findLast(({ band }) => band !== here);
    const { offPeriods } = JSON.parse(agent.outbox.recall("beacon") ?? "{}");
    const untilMs = offPeriods[before?.band ?? 0]?.untilMs;
    if (isCharged) expect(untilMs).toBe((before?.atMs ?? 0) + (before?.lengthMs ?? 0));
    else expect(untilMs).toBeUndefined();
    await agent.stop();
  });
});

describe("several concentrators", () => {
  test("the power that one accepted means nothing for another", async () => {
    const agent = await started(refusing([6]), ["aa"]);
    await nextBeacon(agent);
    agent.radio.concentrators = ["bb"];
    agent.radio.answer = refusing([13]);
    const asked = await nextBeacon(agent);
    expect(asked).toMatchObject([{ powerDbm: 13, gatewayEui: "bb" }]);
    await agent.stop();
  });

  test("where one may not send on the beacon's channel, the next is asked; where none may, nobody twice", async () => {
    const only =
      (able: string) =>
      (sent: LoraTransmission): TransmitResult =>
        sent.gatewayEui === able
          ? { sent: true, powerDbm: sent.powerDbm }
          : { sent: false, error: "TX_FREQ" };
    const agent = await started(only("bb"), ["aa", "bb"]);
    expect((await nextBeacon(agent)).map(({ gatewayEui }) => gatewayEui)).toEqual(["aa", "bb"]);
    expect(agent.packets("beacon")).toHaveLength(1);
    agent.radio.answer = only("cc");
    expect((await nextBeacon(agent)).map(({ gatewayEui }) => gatewayEui)).toEqual(["aa", "bb"]);
    expect(agent.board.schedule).toMatchObject({ state: "failed", reason: "TX_FREQ" });
    await agent.stop();
  });
});

describe("a concentrator that uses another power than asked for", () => {
  test("the report has the power used", async () => {
    const agent = await started(warning([-4, 10, 27]));
    await nextBeacon(agent);
    expect(agent.packets("beacon")).toMatchObject([{ powerDbm: 10 }]);
    await agent.stop();
  });

  test("a fraction of a dBm is told as the next whole one, and a fraction of a millisecond as the one begun", async () => {
    const agent = await started(refusing([12]));
    const { answer } = agent.radio;
    const begunMs: number[] = [];
    agent.radio.answer = (asked) => {
      const result = answer(asked);
      return result.sent ? { sent: true, powerDbm: result.powerDbm - 0.6 } : result;
    };
    agent.radio.beforeAnswer = async () => {
      begunMs.push(agent.clock.now());
      await agent.clock.sleep(0.7);
    };
    const asked = await nextBeacon(agent);
    expect(asked.length).toBeGreaterThan(1);
    const sentMs = begunMs.at(-1) as number;
    expect(sentMs).not.toBe(Math.floor(sentMs));
    expect(agent.packets("beacon")).toMatchObject([{ powerDbm: 12, atMs: Math.floor(sentMs) }]);
    await agent.stop();
  });

  test("where its least is above the limit, that is reported once, and no beacon follows", async () => {
    const agent = new AgentHarness();
    agent.antennaGainDdbi = 60;
    agent.radio.answer = warning(SX1302_DBM);
    agent.radio.concentrators = ["aa"];
    await agent.start();
    expect(askedDbm(await nextBeacon(agent))).toEqual([10]);
    expect(agent.packets("beacon")).toMatchObject([{ powerDbm: 12 }]);
    expect(await nextBeacon(agent)).toEqual([]);
    expect(agent.board.schedule?.reason).toContain("12 dBm when asked for 10");
    await agent.stop();
  });
});
