import { describe, expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import type { LinkLostError } from "../../driver.ts";
import { driverContract } from "../../testing/driver-contract.ts";
import { MemoryLink } from "../../testing/memory-link.ts";
import type { GpsReading } from "../gps-reading.ts";
import type { UbxSettings } from "./config-plan.ts";
import { concat, epochBytes, NOON_MS, TestReceiver, type TestReceiverOptions } from "./test-receiver.ts";
import { openUbx } from "./ubx.ts";

const CAPACITY = 16;

driverContract<GpsReading>("openUbx", {
  capacity: CAPACITY,
  maxFrameBytes: 4096 + 8,
  async open() {
    const link = new MemoryLink();
    const driver = openUbx(link, { clock: new ManualClock(NOON_MS), capacity: CAPACITY, configure: {} });
    let second = 0;
    const epochs = (count: number) => concat(Array.from({ length: count }, () => epochBytes(second++)));
    const feed = (bytes: Uint8Array, pieceBytes = bytes.length) => {
      link.pushSplit(bytes, pieceBytes);
      return link.drained();
    };
    return {
      driver,
      feedGood: (count) => feed(epochs(count)),
      feedGarbage: () => feed(epochBytes(0).map((byte, at) => (at === 30 ? byte ^ 1 : byte))),
      feedSplit: (count, pieceBytes) => feed(epochs(count), pieceBytes),
      feedFlood: (bytes) =>
        feed(concat([Uint8Array.fromHex("b56201070010"), new Uint8Array(bytes - 6)]), 4096),
      lose: () => link.lose(),
      linkCloses: () => link.closeCalls,
    };
  },
});

function openOn(receiver: TestReceiver, configure?: UbxSettings) {
  const clock = new ManualClock(NOON_MS);
  const link = new MemoryLink({ onWrite: (bytes, self) => self.push(receiver.answer(bytes)) });
  return { clock, link, driver: openUbx(link, { clock, configure }) };
}

async function configured(options: TestReceiverOptions, settings: UbxSettings = {}) {
  const receiver = new TestReceiver(options);
  const { clock, driver } = openOn(receiver, settings);
  const result = await clock.resolve(driver.configuration);
  expect(clock.pending).toBe(0);
  await driver.close();
  return { receiver, result };
}

const MON_RF_UART1 = 0x2091035a;
const NAV_PVT_UART1 = 0x20910007;
const NAV_PVT_USB = 0x20910009;
const DYNAMIC_MODEL = 0x20110021;
const GGA_UART1 = 0x209100bb;

describe("configuring", () => {
  test("a receiver of generation 9 takes every setting by CFG-VALSET", async () => {
    const { receiver, result } = await configured({ generation: 9 });
    expect(result).toMatchObject({ state: "configured", method: "valset", refused: [], unanswered: [] });
    expect(result.receiver).toMatchObject({ generation: 9, protocolVersion: 32.01, module: "NEO-M9N" });
    expect(result.accepted).toContain("NMEA off");
    expect(receiver.legacy).toEqual([]);
    const { keys } = receiver;
    expect([keys.get(DYNAMIC_MODEL), keys.get(NAV_PVT_UART1), keys.get(NAV_PVT_USB)]).toEqual([2, 1, 1]);
    expect([keys.get(MON_RF_UART1), keys.get(GGA_UART1)]).toEqual([5, 0]);
  });

  test("a receiver without USB, and without a message, is configured all the same and both are said", async () => {
    const { receiver, result } = await configured({ generation: 10, lacks: [NAV_PVT_USB, MON_RF_UART1] });
    expect(result).toMatchObject({ state: "configured", refused: ["MON-RF"] });
    expect(receiver.keys.get(NAV_PVT_UART1)).toBe(1);
    expect(receiver.keys.has(NAV_PVT_USB)).toBe(false);
  });

  test("a receiver of generation 8 is spoken to in its own messages", async () => {
    const { receiver, result } = await configured({ generation: 8, lacks: [0x0a38, 0x2709] }, { rateHz: 2 });
    expect(result).toMatchObject({ state: "configured", method: "legacy", refused: ["MON-RF", "SEC-SIG"] });
    expect(result.receiver).toMatchObject({ generation: 8, protocolVersion: 18 });
    expect(receiver.heard).not.toContain(0x068a);
    expect(receiver.legacy[0]).toEqual([0x0608, [0xf4, 0x01, 1, 0, 1, 0]]);
    expect(receiver.legacy[1]?.[1].slice(0, 3)).toEqual([1, 0, 2]);
    expect(receiver.legacy).toContainEqual([0x0601, [0x01, 0x07, 1]]);
    expect(receiver.legacy).toContainEqual([0x0601, [0xf0, 0x00, 0]]);
  });

  test("one that does not say what it is and refuses CFG-VALSET is tried the old way", async () => {
    const { result } = await configured({ generation: 8, nameless: true });
    expect(result).toMatchObject({ state: "configured", method: "legacy" });
    expect(result).not.toHaveProperty("receiver");
  });

  test("one that refuses NAV-PVT is refused", async () => {
    const { result } = await configured({ generation: 9, lacks: [NAV_PVT_UART1] });
    expect(result).toMatchObject({
      state: "refused",
      refused: ["NAV-PVT"],
      accepted: ["rate", "dynamic model"],
    });
  });

  test("one that never answers is silent, after a bounded time and few attempts", async () => {
    const { receiver, result } = await configured({ generation: 9, silent: true });
    expect(result).toMatchObject({ state: "silent", unanswered: ["rate"], accepted: [] });
    expect(receiver.heard.length).toBe(6);
  });

  test("NMEA stays on when asked for, and only the messages asked for are set", async () => {
    const { receiver, result } = await configured(
      { generation: 9 },
      { nmea: true, port: "usb", messages: { "NAV-PVT": 1 }, dynamicModel: "portable" },
    );
    expect(result.accepted).toEqual(["rate", "dynamic model", "NAV-PVT"]);
    expect([...receiver.keys.keys()].map((key) => key.toString(16))).toEqual([
      "30210001",
      "30210002",
      "20110021",
      "20910009",
    ]);
  });

  test("readings arrive while a receiver stays silent", async () => {
    const { clock, driver, link } = openOn(new TestReceiver({ generation: 9, silent: true }), {});
    link.push(epochBytes(0));
    const { value } = await driver[Symbol.asyncIterator]().next();
    expect(value?.mode).toBe(3);
    expect(clock.pending).toBe(1);
    await driver.close();
    expect((await driver.configuration).state).toBe("interrupted");
    expect(clock.pending).toBe(0);
  });

  test("without settings nothing is written", async () => {
    const { driver, link } = openOn(new TestReceiver({ generation: 9 }));
    expect((await driver.configuration).state).toBe("not-asked");
    link.push(epochBytes(0));
    await link.drained();
    expect(link.written).toEqual([]);
    await driver.close();
  });

  test("a link that cannot be opened interrupts, and the iteration says why", async () => {
    const clock = new ManualClock(NOON_MS);
    const driver = openUbx(() => Promise.reject(new Error("no such port")), { clock, configure: {} });
    expect((await driver.configuration).state).toBe("interrupted");
    const error = await Array.fromAsync(driver).catch((reason: LinkLostError) => reason);
    expect(error).toMatchObject({ code: "link-lost" });
  });

  test("a lost link interrupts", async () => {
    const { clock, driver, link } = openOn(new TestReceiver({ generation: 9, silent: true }), {});
    link.lose();
    expect((await driver.configuration).state).toBe("interrupted");
    expect(clock.pending).toBe(0);
    await driver.close();
  });

  test("settings that no receiver has are refused before anything is opened", () => {
    const open = (configure: UbxSettings) => () =>
      openUbx(new MemoryLink(), { clock: new ManualClock(), configure });
    expect(open({ rateHz: 50 })).toThrow("Rate is 50 Hz; allowed are 0.1 to 20");
    expect(open({ messages: { "NAV-PVT": 300 } })).toThrow("300");
  });
});
