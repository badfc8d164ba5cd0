import { describe, expect, test } from "bun:test";
import { openModem } from "./modem-radio.ts";
import { rylrDialect } from "./rylr998.ts";
import { BEACON, beaconBytes, ModemBench, openRak3172, openRn2483, openRylr998 } from "./test-bench.ts";
import { TestRak3172 } from "./test-rak3172.ts";
import { TestRn2483 } from "./test-rn2483.ts";
import { TestRylr998 } from "./test-rylr998.ts";

const AIR = { bytes: beaconBytes(7), rssiDbm: -101, snrDb: -7 };
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe("RAK3172", () => {
  const rak = (options = {}) => new ModemBench(openRak3172, new TestRak3172(options)).ready();

  test("is taken out of LoRaWAN mode, to the public sync word, unencrypted, and only what differs is set", async () => {
    const it = await rak();
    expect(it.modem.heard).toEqual([
      "AT+VER=?",
      "AT+NWM=?",
      "AT+NWM=0",
      "AT+NWM=?",
      "AT+PRECV=0",
      "AT+SYNCWORD=?",
      "AT+SYNCWORD=3444",
      "AT+IQINVER=?",
      "AT+ENCRY=?",
      "AT+ENCRY=0",
      "AT+FIXLENGTHPAYLOAD=?",
      "AT+P2P=868300000:9:125:0:8:22",
      "AT+PRECV=65534",
    ]);
    expect(it.driver.modem()).toMatchObject({ ownAirFormat: false, cautions: [], resets: 0 });
    await it.driver.close();
  });

  test("firmware 1.0.4: bandwidth as an index, a receiver that stops after each frame, two lines for a frame", async () => {
    const it = await rak({ old: true });
    expect(it.driver.modem()).toMatchObject({ firmware: "V1.0.4", ownAirFormat: true, state: "listening" });
    expect(it.driver.modem().cautions).toEqual([expect.stringContaining("no AT+SYNCWORD")]);
    expect(it.modem.heard.slice(-4)).toEqual([
      "AT+P2P=868300000:9:125:0:8:22",
      "AT+P2P=868300000:9:0:0:8:22",
      "AT+PRECV=65534",
      "AT+PRECV=65535",
    ]);
    for (let frame = 1; frame <= 3; frame += 1) {
      it.say(it.modem.hear(AIR));
      expect(await it.nextFrame()).toMatchObject(AIR);
      await it.clock.advance(0);
      expect(it.driver.modem().rearms).toBe(frame);
    }
    expect((await it.nextStatus()).ownAirFormat).toBe(true);
    await it.driver.close();
  });

  test("events in the same read, in the same line, with and without a semicolon, in mixed case", async () => {
    const it = await rak();
    it.say("OK+EVT:RXP2P:-60:11:aAbB\r\n;+EVT:RXP2P:-120:-20:CC;+EVT:RXP2P:-1:0:dd\r\n");
    expect([await it.nextFrame(), await it.nextFrame(), await it.nextFrame()]).toMatchObject([
      { bytes: Uint8Array.of(0xaa, 0xbb), rssiDbm: -60, snrDb: 11 },
      { bytes: Uint8Array.of(0xcc), rssiDbm: -120, snrDb: -20 },
      { bytes: Uint8Array.of(0xdd), rssiDbm: -1, snrDb: 0 },
    ]);
    await it.driver.close();
  });

  test("after an error on air it is asked whether it still receives, and set when it does not", async () => {
    const it = await rak();
    it.say(it.modem.hearDamaged());
    await it.clock.advance(0);
    expect(it.modem.heard.at(-1)).toBe("AT+PRECV=?");
    it.modem.stopSilently();
    it.say("+EVT:RXP2P RECEIVE TIMEOUT\r\n");
    await it.clock.advance(0);
    expect(it.modem.isListening).toBe(true);
    expect(it.driver.modem()).toMatchObject({ rfErrors: 1, lapses: 1 });
    await it.driver.close();
  });

  test("a transmission that it never confirms may be on air", async () => {
    const it = await rak();
    const answer = it.modem.answer.bind(it.modem);
    it.modem.answer = (bytes) => (text(bytes).startsWith("AT+PSEND") ? "\r\nOK\r\n" : answer(bytes));
    expect(await it.clock.resolve(it.driver.transmit(BEACON))).toEqual({ sent: false, error: "NO_ACK" });
    it.modem.answer = (bytes) => (text(bytes).startsWith("AT+PSEND") ? "" : answer(bytes));
    expect(await it.clock.resolve(it.driver.transmit(BEACON))).toEqual({ sent: false, error: "NO_ACK" });
    it.modem.answer = (bytes) => (text(bytes).startsWith("AT+PSEND") ? it.modem.reset() : answer(bytes));
    expect(await it.clock.resolve(it.driver.transmit(BEACON))).toEqual({ sent: false, error: "NO_ACK" });
    it.modem.answer = answer;
    expect(it.modem.sent).toEqual([]);
    await it.clock.advance(2_000);
    expect(it.driver.modem().state).toBe("listening");
    await it.driver.close();
  });

  test("frames that come while it is being set are on no known channel", async () => {
    const it = await rak();
    it.say(it.modem.reset());
    it.say(it.modem.hear(AIR));
    await it.clock.advance(0);
    expect(it.driver.modem().framesElsewhere).toBe(1);
    await it.driver.close();
  });
});

describe("RN2483", () => {
  const rn = (options = {}) => new ModemBench(openRn2483, new TestRn2483(options)).ready();

  test("is told to receive again after each frame and each error, and counts it", async () => {
    const it = await rn();
    for (let frame = 0; frame < 3; frame += 1) {
      it.say(it.modem.hear(AIR));
      await it.nextFrame();
      await it.clock.advance(0);
      it.say(it.modem.hearDamaged());
      await it.clock.advance(0);
    }
    expect(it.driver.modem()).toMatchObject({ rearms: 6, rfErrors: 3, lapses: 0 });
    await it.driver.close();
  });

  test("without an RSSI to ask for it is asked once only", async () => {
    const it = await rn({ old: true });
    for (let frame = 0; frame < 2; frame += 1) {
      it.say(it.modem.hear(AIR));
      const heard = await it.nextFrame();
      expect(heard.snrDb).toBe(-7);
      expect(heard.rssiDbm).toBeUndefined();
      await it.clock.advance(0);
    }
    expect(it.modem.heard.filter((command) => command === "radio get rssi")).toHaveLength(1);
    await it.driver.close();
  });

  test("whose end of reception was lost on the line is found not receiving", async () => {
    const it = await rn();
    it.modem.hearDamaged();
    await it.clock.advance(62_000);
    expect(it.driver.modem().lapses).toBe(1);
    expect(it.modem.isListening).toBe(true);
    await it.driver.close();
  });

  test("an error while it sends is the transmission's", async () => {
    const it = await rn();
    const answer = it.modem.answer.bind(it.modem);
    it.modem.answer = (bytes) => (text(bytes).startsWith("radio tx") ? "ok\r\nradio_err\r\n" : answer(bytes));
    expect(await it.driver.transmit(BEACON)).toEqual({ sent: false, error: "radio_err" });
    expect(it.driver.modem().rfErrors).toBe(0);
    await it.driver.close();
  });

  test("a channel that this module does not have is refused in its own words, and it goes on listening", async () => {
    const it = await rn();
    const result = await it.driver.transmit({ ...BEACON, freqHz: 915_000_000 });
    expect(result).toEqual({ sent: false, error: "RN2483 refused radio set freq 915000000: invalid_param" });
    expect(it.modem.isListening).toBe(true);
    await it.driver.close();
  });

  test("is set again once a day: LoRaWAN is paused for 49 days at most", async () => {
    const it = await rn();
    const pauses = () => it.modem.heard.filter((command) => command === "mac pause").length;
    await it.clock.advance(23 * 3_600_000);
    expect(pauses()).toBe(1);
    await it.clock.advance(2 * 3_600_000);
    expect(pauses()).toBe(2);
    await it.driver.close();
  });
});

describe("RYLR998", () => {
  const rylr = (options = {}) => new ModemBench(openRylr998, new TestRylr998(options)).ready();

  test("data may hold commas, line ends and what looks like another frame", async () => {
    const it = await rylr();
    const real = '{"DISTANCE":8123,"ISPRSENT":0,"BATTERY":3.41}';
    for (const data of [`${real} `, "a,b\r\n+OK\r\n,c", "+RCV=1,2,xy,-1,2\r\n"]) {
      it.say(it.modem.hearText(data, -47, 12));
      const { bytes, rssiDbm, snrDb } = await it.nextFrame();
      expect([text(bytes), rssiDbm, snrDb]).toEqual([data, -47, 12]);
    }
    expect(it.driver.counts()).toMatchObject({ frames: 3, badFrames: 0, garbageBytes: 0 });
    await it.driver.close();
  });

  test("a frame that stalls in the middle costs itself, and not the answers behind it", async () => {
    const it = await rylr();
    it.say("+RCV=50,240,stalled");
    const sent = it.driver.transmit(BEACON);
    expect(await it.clock.resolve(sent)).toEqual({ sent: true, powerDbm: 14 });
    expect(it.driver.counts().badFrames).toBe(1);
    expect(it.driver.modem()).toMatchObject({ state: "listening", silences: 1 });
    await it.driver.close();
  });

  test("errors on air during a transmission are not the transmission's", async () => {
    const it = await rylr();
    const answer = it.modem.answer.bind(it.modem);
    it.modem.answer = (bytes) => `+ERR=12\r\n+ERR=19\r\n${answer(bytes)}`;
    expect(await it.driver.transmit(BEACON)).toEqual({ sent: true, powerDbm: 14 });
    expect(it.driver.modem().rfErrors).toBeGreaterThan(2);
    await it.driver.close();
  });

  test("its own error is the result", async () => {
    const it = await rylr();
    const answer = it.modem.answer.bind(it.modem);
    it.modem.answer = (bytes) => (text(bytes).startsWith("AT+SEND") ? "+ERR=10\r\n" : answer(bytes));
    expect(await it.driver.transmit(BEACON)).toEqual({ sent: false, error: "+ERR=10" });
    await it.driver.close();
  });

  test("a spreading factor that it lacks at this bandwidth is refused before it is asked", async () => {
    const it = await rylr();
    await expect(it.driver.transmit({ ...BEACON, spreadingFactor: 12 })).rejects.toThrow(
      "spreading factor is 12; allowed at 125000 Hz are 7 to 9",
    );
    await it.driver.close();
  });

  test("network and address are set when they differ, and checked", async () => {
    const modem = new TestRylr998({});
    const network = { networkId: 18, address: 0 };
    expect(() => rylrDialect({ ...network, networkId: 16 })).toThrow("network id is 16");
    expect(() => rylrDialect({ ...network, address: -1 })).toThrow("address is -1");
    const fifth = rylrDialect({ ...network, networkId: 5 });
    const it = new ModemBench((link, options) => openModem(fifth, link, options), modem);
    await it.ready();
    expect(modem.heard).toContain("AT+NETWORKID=5");
    expect(modem.heard.some((command) => command.startsWith("AT+ADDRESS="))).toBe(false);
    await it.driver.close();
  });
});
