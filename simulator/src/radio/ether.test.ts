import { describe, expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import { Ether } from "./ether.ts";
import type { Reception, Station, Transmission } from "./station.ts";

/** No chance at all: levels follow from distance alone. */
const STILL_AIR = { referenceM: 100, exponent: 3, shadowingDb: 0, fadingDb: 0 };
/** 0.001 degree of latitude: 111 m. */
const LAT_E7_PER_111_M = 10_000;

const stationAt = (id: string, latSteps: number): Station => ({
  id,
  position: { latE7: 397_000_000 + Math.round(latSteps * LAT_E7_PER_111_M), lonE7: -1_050_000_000 },
  antennaGainDbi: 3,
  installationLossDb: 0,
  noiseFigureDb: 6,
});

const frameFrom = (from: string, change: Partial<Transmission> = {}): Omit<Transmission, "startMs"> => ({
  from,
  bytes: new Uint8Array(31),
  freqHz: 904_300_000,
  spreadingFactor: 9,
  bandwidthHz: 125_000,
  powerDbm: 21,
  ...change,
});

function air(...stations: Station[]) {
  const clock = new ManualClock(0);
  const ether = new Ether({ clock, seed: 1, environment: STILL_AIR });
  const heard = new Map<string, Reception[]>();
  const leave = new Map<string, () => void>();
  for (const station of stations) {
    heard.set(station.id, []);
    leave.set(
      station.id,
      ether.join(station, (reception) => heard.get(station.id)?.push(reception)),
    );
  }
  const crcs = (id: string) => (heard.get(id) ?? []).map(({ crc }) => crc);
  return { clock, ether, heard, leave, crcs };
}

describe("Ether", () => {
  test("delivers at the end of the time on air, to everybody but the sender", async () => {
    const { clock, ether, heard, crcs } = air(stationAt("a", 0), stationAt("b", 10));
    const sent = ether.transmit(frameFrom("a"));
    expect(ether.isSending("a")).toBe(true);
    await clock.advance(246);
    expect(crcs("b")).toEqual([]);
    await clock.advance(1);
    await sent;
    // 31 bytes at SF9 and 125 kHz last 246.784 ms (Semtech AN1200.13).
    expect(heard.get("b")?.[0]?.endMs).toBeCloseTo(246.784, 6);
    expect(crcs("b")).toEqual(["ok"]);
    expect(crcs("a")).toEqual([]);
    expect(ether.isSending("a")).toBe(false);
  });

  test("a frame below the demodulation floor is not heard; a slower one reaches further", async () => {
    const { clock, ether, heard } = air(stationAt("a", 0), stationAt("b", 500));
    const fast = ether.transmit(frameFrom("a", { spreadingFactor: 7 }));
    await clock.resolve(fast);
    expect(heard.get("b")).toEqual([]);
    await clock.resolve(ether.transmit(frameFrom("a", { spreadingFactor: 12 })));
    const [reception] = heard.get("b") ?? [];
    expect(reception?.crc).toBe("ok");
    expect(reception?.snrDb).toBeLessThan(-7.5);
    // Noise floor of 125 kHz with a noise figure of 6 dB: −117.03 dBm.
    expect((reception?.rssiDbm ?? 0) - (reception?.snrDb ?? 0)).toBeCloseTo(-117.03, 2);
  });

  test("two frames of equal strength on one channel and spreading factor destroy each other", async () => {
    const { clock, ether, crcs } = air(stationAt("a", -10), stationAt("b", 10), stationAt("r", 0));
    const both = Promise.all([ether.transmit(frameFrom("a")), ether.transmit(frameFrom("b"))]);
    await clock.resolve(both);
    expect(crcs("r")).toEqual(["bad", "bad"]);
  });

  test("the stronger of two frames is captured", async () => {
    const { clock, ether, heard } = air(stationAt("near", -4), stationAt("far", 40), stationAt("r", 0));
    await clock.resolve(Promise.all([ether.transmit(frameFrom("near")), ether.transmit(frameFrom("far"))]));
    const crcFrom = new Map(heard.get("r")?.map(({ transmission, crc }) => [transmission.from, crc]));
    expect(crcFrom).toEqual(
      new Map([
        ["near", "ok"],
        ["far", "bad"],
      ]),
    );
  });

  test("another channel or spreading factor does not interfere", async () => {
    for (const change of [{ freqHz: 904_500_000 }, { spreadingFactor: 8 }]) {
      const { clock, ether, crcs } = air(stationAt("a", -10), stationAt("b", 10), stationAt("r", 0));
      await clock.resolve(
        Promise.all([ether.transmit(frameFrom("a")), ether.transmit(frameFrom("b", change))]),
      );
      expect(crcs("r")).toEqual(["ok", "ok"]);
    }
  });

  test("a frame that only touches another one in time is not harmed, one that overlaps its end is", async () => {
    for (const [gapMs, crc] of [
      [246, "bad"],
      [247, "ok"],
    ] as const) {
      const { clock, ether, crcs } = air(stationAt("a", -10), stationAt("b", 10), stationAt("r", 0));
      const first = ether.transmit(frameFrom("a"));
      await clock.advance(gapMs);
      await clock.resolve(Promise.all([first, ether.transmit(frameFrom("b"))]));
      expect(crcs("r")).toEqual([crc, crc]);
    }
  });

  test("a station that sends hears nothing meanwhile", async () => {
    const { clock, ether, crcs } = air(stationAt("a", 0), stationAt("b", 10));
    const both = [ether.transmit(frameFrom("a")), ether.transmit(frameFrom("b", { freqHz: 905_300_000 }))];
    await clock.resolve(Promise.all(both));
    expect([crcs("a"), crcs("b")]).toEqual([[], []]);
  });

  test("a station that left hears nothing and cannot send; its id is free again", async () => {
    const { clock, ether, leave, crcs } = air(stationAt("a", 0), stationAt("b", 10));
    leave.get("b")?.();
    await clock.resolve(ether.transmit(frameFrom("a")));
    expect(crcs("b")).toEqual([]);
    await expect(ether.transmit(frameFrom("b"))).rejects.toThrow("not on the air");
    ether.join(stationAt("b", 10), () => {});
    expect(() => ether.join(stationAt("b", 10), () => {})).toThrow("on the air already");
  });

  test("an aborted transmission reaches nobody and leaves no timer", async () => {
    const { clock, ether, crcs } = air(stationAt("a", 0), stationAt("b", 10));
    const stop = new AbortController();
    const sent = ether.transmit(frameFrom("a"), stop.signal);
    stop.abort(new Error("enough"));
    await expect(sent).rejects.toThrow("enough");
    await clock.advance(1000);
    expect(clock.pending).toBe(0);
    expect(crcs("b")).toEqual([]);
  });
});
