import { describe, expect, test } from "bun:test";
import { LinkLostError } from "../../driver.ts";
import { BEACON, beaconBytes, MODEMS, ModemBench, NOW_MS, SETTINGS } from "./test-bench.ts";
import { TestRn2483 } from "./test-rn2483.ts";

const AIR = { bytes: beaconBytes(7), rssiDbm: -101, snrDb: -7 };
const KINDS = Object.entries(MODEMS);
const OUTSIDE = { ...BEACON, freqHz: 868_100_000, spreadingFactor: 7, powerDbm: 10 };

describe.each(KINDS)("%s", (name, kind) => {
  const bench = (options = {}) => new ModemBench(kind.open, kind.make(options)).ready();

  test("is identified, set, listens, and tells frames on its channel", async () => {
    const it = await bench();
    expect(it.driver.modem()).toMatchObject({ state: "listening", resets: 0, busyRetries: 0, silences: 0 });
    expect(it.driver.modem().firmware).toContain(name.slice(0, 3) === "RAK" ? "RUI_4.1.0" : name);
    for (let round = 0; round < 3; round += 1) {
      it.say(it.modem.hear(AIR));
      expect(await it.nextFrame()).toEqual({
        kind: "frame",
        modulation: "lora",
        bytes: AIR.bytes,
        rssiDbm: -101,
        snrDb: -7,
        bandwidthHz: 125_000,
        ...SETTINGS,
        atMs: it.clock.now(),
      });
    }
    await it.clock.advance(0);
    expect(it.modem.isListening).toBe(true);
    await it.driver.close();
    expect(it.clock.pending).toBe(0);
  });

  test("says in its status that it hears one channel and one spreading factor, and counts errors on air", async () => {
    const it = await bench();
    it.say(it.modem.hear(AIR));
    await it.nextFrame();
    await it.clock.advance(0);
    it.say(it.modem.hearDamaged());
    await it.clock.advance(0);
    expect(it.modem.isListening).toBe(true);
    await it.driver.transmit(BEACON);
    const first = await it.nextStatus();
    expect(first).toEqual({
      kind: "radio",
      atMs: expect.any(Number),
      rxOk: 1,
      rxBad: 1,
      rxNoCrc: 0,
      transmitted: 1,
      channels: 1,
      spreadingFactors: 1,
      ...(name === "RYLR998" && { ownAirFormat: true }),
    });
    expect((await it.nextStatus()).atMs).toBe(first.atMs + 30_000);
    await it.driver.close();
  });

  test("transmits on its own channel and on another, comes back, and hears again", async () => {
    const it = await bench();
    expect(await it.driver.transmit(BEACON)).toEqual({ sent: true, powerDbm: 14 });
    expect(await it.driver.transmit(OUTSIDE)).toEqual({ sent: true, powerDbm: 10 });
    expect(it.modem.sent.map(({ tuning }) => tuning)).toEqual(TUNINGS[name] ?? []);
    expect(it.modem.sent[0]?.hex).toEndWith(BEACON.bytes.toHex());
    expect(it.modem.isListening).toBe(true);
    it.say(it.modem.hear(AIR));
    expect((await it.nextFrame()).freqHz).toBe(SETTINGS.freqHz);
    await it.driver.close();
  });

  test("sends with no more than it has, and not at all where it has no so little", async () => {
    const it = await bench();
    const most = name === "RN2483" ? 15 : 22;
    expect(await it.driver.transmit({ ...BEACON, powerDbm: 30 })).toEqual({ sent: true, powerDbm: most });
    expect(await it.driver.transmit({ ...BEACON, powerDbm: 13.9 })).toEqual({ sent: true, powerDbm: 13 });
    expect(await it.driver.transmit({ ...BEACON, powerDbm: -4 })).toEqual({ sent: false, error: "TX_POWER" });
    await it.driver.close();
  });

  test("transmissions asked at once are sent one after the other, few wait", async () => {
    const it = await bench();
    const results = Array.from({ length: 6 }, () => it.driver.transmit(BEACON));
    expect((await Promise.all(results)).map((result) => (result.sent ? "sent" : result.error))).toEqual([
      ...Array.from({ length: 4 }, () => "sent"),
      "QUEUE_FULL",
      "QUEUE_FULL",
    ]);
    expect(it.modem.sent).toHaveLength(4);
    await it.driver.close();
    expect(await it.driver.transmit(BEACON)).toEqual({ sent: false, error: "CLOSED" });
  });

  test("that is busy is asked again, with growing waits", async () => {
    const it = await bench({ busy: 4 });
    expect(it.driver.modem()).toMatchObject({ state: "listening", busyRetries: 4 });
    const bootMs = name === "RAK3172" ? 300 : 0;
    expect(it.clock.now()).toBe(NOW_MS + bootMs + 50 + 100 + 200 + 400);
    await it.driver.close();
  });

  test("tells which of its frames came damaged", async () => {
    const it = await bench();
    it.say(it.modem.hear(AIR));
    await it.nextFrame();
    for (let i = 0; i < 3; i++) {
      it.say(kind.garbage);
      await it.link.drained();
      await it.clock.advance(0);
    }
    const { byReason, recent } = it.driver.counts().refusals ?? {};
    expect(Object.fromEntries(byReason ?? [])).toEqual({ frame_data: 3 });
    expect(recent).toEqual({ frames: 4, refused: 3, reason: "frame_data" });
    await it.driver.close();
  });

  test("that stays busy is given up", async () => {
    const it = await bench({ busy: 1000 });
    expect((await it.failure()).message).toMatch(/ refused /);
    expect(it.driver.modem().state).toBe("refused");
  });

  test("that says each command back is understood", async () => {
    const it = await bench({ echo: true });
    expect(it.driver.modem()).toMatchObject({ state: "listening", strayAnswers: 0 });
    expect(it.driver.counts()).toMatchObject({ badFrames: 0 });
    // The line of dashes in a RAK3172's banner.
    expect(it.driver.counts().garbageBytes).toBe(name === "RAK3172" ? 7 : 0);
    await it.driver.close();
  });

  test("that misses a command is asked again, and its late answers belong to nothing", async () => {
    const it = await bench({ deafTo: 2 });
    expect(it.driver.modem()).toMatchObject({ state: "listening", silences: 2 });
    await it.driver.close();
  });

  test("that says nothing is lost, with what to check", async () => {
    const it = await bench({ silent: true });
    const error = await it.failure();
    expect(error).toBeInstanceOf(LinkLostError);
    expect(error.message).toMatch(/says nothing: check its supply, swap TX and RX, or try \d+/);
    expect(it.driver.modem()).toMatchObject({ state: "silent", silences: 3 });
    expect(it.link.closeCalls).toBe(1);
    expect(it.clock.pending).toBe(0);
  });

  test("that falls silent is lost at the next check", async () => {
    const it = await bench();
    Object.assign(it.modem, { answer: () => "" });
    await it.clock.advance(120_000);
    expect((await it.failure()).message).toContain("stopped answering");
    expect(it.driver.modem().state).toBe("silent");
  });

  test("read at a wrong baud rate is called so, with the right ones", async () => {
    const it = new ModemBench(kind.open, kind.make({ silent: true }));
    for (let count = 0; count < 50; count += 1)
      it.link.push(Uint8Array.of(0x80, 0xfe, 0x18, 0xf8, 0x0a, 0x66));
    const error = await it.failure();
    expect(error.message).toContain("bytes that mean nothing: wrong baud rate? It speaks at ");
    expect(it.driver.modem().state).toBe("unintelligible");
    expect(it.driver.counts().garbageBytes).toBeGreaterThan(0);
  });

  test("that is another device is called so", async () => {
    const it = new ModemBench(kind.open, kind.make({ silent: true }));
    it.say("$GPGGA,120000.00,,,,,0,00,99.99,,,,,,*60\r\n");
    const error = await it.failure();
    expect(error.message).toContain('the device says "$GPGGA');
    expect(it.driver.modem().state).toBe("wrong-module");
  });

  test("that starts again is set again", async () => {
    const it = await bench();
    it.say(it.modem.reset());
    await it.clock.advance(0);
    expect(it.driver.modem()).toMatchObject({ state: "configuring", resets: 1 });
    expect(await it.driver.transmit(BEACON)).toEqual({ sent: false, error: "NOT_READY" });
    await it.clock.advance(1000);
    expect(it.driver.modem()).toMatchObject({ state: "listening", resets: 1 });
    expect(it.modem.isListening).toBe(true);
    it.say(it.modem.hear(AIR));
    await it.nextFrame();
    await it.driver.close();
  });

  test("that starts again in the middle of being set is set from the start", async () => {
    const modem = kind.make();
    const it = new ModemBench(kind.open, modem);
    const answer = modem.answer.bind(modem);
    let commands = 0;
    Object.assign(modem, {
      answer: (bytes: Uint8Array) => (++commands === 5 ? modem.reset() : answer(bytes)),
    });
    await it.ready();
    expect(it.driver.modem()).toMatchObject({ state: "listening", resets: 1 });
    await it.driver.close();
  });

  test("that starts again and again is given up", async () => {
    const modem = kind.make();
    const it = new ModemBench(kind.open, modem);
    Object.assign(modem, { answer: () => modem.reset() });
    expect((await it.failure()).message).toMatch(/starts again and again|stopped answering/);
    expect(it.clock.pending).toBe(0);
  });

  test("that starts again by itself unheard is found out by the check", async () => {
    const it = await bench();
    modemForgets(it.modem);
    await it.clock.advance(65_000);
    expect(it.driver.modem()).toMatchObject({ state: "listening", lapses: 1, resets: 0 });
    expect(it.modem.isListening).toBe(true);
    await it.driver.close();
  });

  test("an answer to nothing is counted: another program talks to the modem too", async () => {
    const it = await bench();
    it.say(name === "RAK3172" ? "OK\r\n" : name === "RN2483" ? "ok\r\n" : "+OK\r\n");
    await it.clock.advance(0);
    expect(it.driver.modem().strayAnswers).toBe(1);
    await it.driver.close();
  });

  test("hears also where it may not send with so little as it can", async () => {
    const it = await new ModemBench(kind.open, kind.make(), { maxPowerDbm: -10 }).ready();
    expect(await it.driver.transmit(BEACON)).toEqual({ sent: false, error: "TX_POWER" });
    it.say(it.modem.hear(AIR));
    expect((await it.nextFrame()).bytes).toEqual(AIR.bytes);
    await it.driver.close();
  });

  test("refuses channels and frames that the module does not have", async () => {
    const options = { clock: {} as never, ...SETTINGS };
    const open = (change: object) => () => kind.open({} as never, { ...options, ...change });
    expect(open({ freqHz: 2_400_000_000 })).toThrow("frequency is 2400000000 Hz; allowed are");
    expect(open({ spreadingFactor: 13 })).toThrow("spreading factor is 13; allowed at 125000 Hz are");
    expect(open({ bandwidthHz: 62_500 })).toThrow("bandwidth is 62500 Hz; allowed are 125000, 250000");
    const it = await bench();
    await expect(it.driver.transmit({ ...BEACON, bytes: new Uint8Array(0) })).rejects.toThrow("0 bytes");
    await expect(it.driver.transmit({ ...BEACON, bytes: new Uint8Array(256) })).rejects.toThrow("256 bytes");
    await it.driver.close();
  });
});

test("an RN2903 lacks powers that an RN2483 has: it hears, and is asked for another", async () => {
  const it = await new ModemBench(MODEMS.RN2483.open, new TestRn2483({ leastDbm: 2 })).ready();
  expect(it.driver.modem().state).toBe("listening");
  expect(await it.driver.transmit({ ...BEACON, powerDbm: 1 })).toEqual({ sent: false, error: "TX_POWER" });
  it.say(it.modem.hear(AIR));
  expect((await it.nextFrame()).bytes).toEqual(AIR.bytes);
  expect(await it.driver.transmit({ ...BEACON, powerDbm: 2 })).toEqual({ sent: true, powerDbm: 2 });
  await it.driver.close();
});

/** Brown-out without a banner: the line was lost. */
function modemForgets(modem: { reset(): string }): void {
  if ("stopSilently" in modem && typeof modem.stopSilently === "function") modem.stopSilently();
  else modem.reset();
}

/** Frequency, spreading factor, bandwidth and power of both transmissions, as each module writes them. */
const TUNINGS: Readonly<Record<string, string[]>> = {
  RAK3172: ["868300000:9:125:0:8:14 sync 3444", "868100000:7:125:0:8:10 sync 3444"],
  RN2483: ["868300000 sf9 125 14 34", "868100000 sf7 125 10 34"],
  RYLR998: ["868300000 9,7,1,12 14", "868100000 7,7,1,12 10"],
};
