import { describe, expect, test } from "bun:test";
import { type LoraReading, openSemtechUdp, type RadioFrame, type SemtechUdpRadio } from "@earshot/drivers";
import { MemoryNetwork } from "@earshot/drivers/testing";
import { REGIONS } from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import { Ether } from "../radio/ether.ts";
import type { Station } from "../radio/station.ts";
import { VirtualForwarder } from "./virtual-forwarder.ts";

const STILL_AIR = { referenceM: 100, exponent: 3, shadowingDb: 0, fadingDb: 0 };
const FRAME = {
  bytes: Uint8Array.from({ length: 31 }, (_, index) => index),
  freqHz: 904_300_000,
  spreadingFactor: 9,
  bandwidthHz: 125_000,
  powerDbm: 21,
};

/** Two hotspots a kilometre apart: each a real Semtech UDP driver and a virtual forwarder behind it. */
async function twoHotspots() {
  const clock = new ManualClock();
  const network = new MemoryNetwork();
  const ether = new Ether({ clock, seed: 1, environment: STILL_AIR });
  const stop = new AbortController();
  const start = (id: string, latE7: number) => {
    const station: Station = {
      id,
      position: { latE7, lonE7: 0 },
      antennaGainDbi: 3,
      installationLossDb: 0,
      noiseFigureDb: 6,
    };
    const bind = (port: number) => network.bind({ host: `host-${id}`, port });
    const socket = bind(1700);
    const radio = openSemtechUdp({ socket, clock });
    const readings: LoraReading[] = [];
    const reading = (async () => {
      for await (const one of radio) readings.push(one);
    })();
    const forwarder = new VirtualForwarder({
      clock,
      seed: 1,
      ether,
      station,
      region: REGIONS.US915,
      gatewayEui: `00000000000000${id}`,
      up: bind(0),
      down: bind(0),
      server: socket.local,
      hasGpsTime: true,
    });
    const running = forwarder.run(stop.signal);
    return { radio, readings, running: Promise.all([running]), reading };
  };
  const [a, b] = [start("0a", 0), start("0b", 90_000)];
  await clock.advance(10);
  const close = async () => {
    stop.abort();
    await Promise.all([a.running, b.running, a.radio.close(), b.radio.close()]);
    expect(clock.pending).toBe(0);
    expect(network.bound).toBe(0);
  };
  return { clock, a, b, close };
}

const framesOf = (readings: readonly LoraReading[]) =>
  readings.filter((reading): reading is RadioFrame => reading.kind === "frame");

const send = (radio: SemtechUdpRadio, change: Partial<typeof FRAME> = {}) =>
  radio.transmit({ ...FRAME, ...change });

describe("VirtualForwarder", () => {
  test("what one driver sends, the other receives, with level, counter and GPS time", async () => {
    const { clock, a, b, close } = await twoHotspots();
    expect(await clock.resolve(send(a.radio))).toEqual({ sent: true, powerDbm: 21 });
    await clock.advance(300);
    const [frame] = framesOf(b.readings);
    expect(frame?.bytes).toEqual(FRAME.bytes);
    expect(frame).toMatchObject({ modulation: "lora", freqHz: 904_300_000, spreadingFactor: 9 });
    // 1001 m: 71.6 dB to the reference and 30 dB beyond it; 21 dBm and 6 dB of gain against it.
    expect(frame?.rssiDbm).toBe(-75);
    expect(frame?.tmstUs).toBeGreaterThan(0);
    expect(Math.abs((frame?.gpsTimeMs ?? 0) - clock.now())).toBeLessThan(300);
    expect(framesOf(a.readings)).toEqual([]);
    await close();
  });

  test("the carrier offset is the sender's less the receiver's, stable but for some hertz", async () => {
    const { clock, a, b, close } = await twoHotspots();
    for (let round = 0; round < 20; round += 1) {
      for (const { radio } of [a, b]) {
        await clock.resolve(send(radio));
        await clock.advance(1000);
      }
    }
    const offsets = ({ readings }: typeof a) => framesOf(readings).map((frame) => frame.freqOffsetHz ?? NaN);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const [atA, atB] = [offsets(a), offsets(b)];
    expect([atA.length, atB.length]).toEqual([20, 20]);
    expect(Math.abs(mean(atA))).toBeGreaterThan(20);
    expect(mean(atA) + mean(atB)).toBeWithin(-6, 6);
    for (const offsetHz of atA) expect(offsetHz - mean(atA)).toBeWithin(-20, 20);
    expect(new Set(atA).size).toBeGreaterThan(5);
    await close();
  });

  test("answers a frequency outside its range, a second frame while it sends, and too much power", async () => {
    const { clock, a, close } = await twoHotspots();
    expect(await clock.resolve(send(a.radio, { freqHz: 868_100_000 }))).toEqual({
      sent: false,
      error: "TX_FREQ",
    });
    expect(await clock.resolve(send(a.radio, { powerDbm: 30 }))).toEqual({ sent: true, powerDbm: 27 });
    expect(await clock.resolve(send(a.radio))).toEqual({ sent: false, error: "COLLISION_PACKET" });
    await close();
  });

  test("a channel it does not listen on stays unheard", async () => {
    const { clock, a, b, close } = await twoHotspots();
    await clock.resolve(send(a.radio, { freqHz: 902_300_000 }));
    await clock.advance(300);
    expect(framesOf(b.readings)).toEqual([]);
    await close();
  });

  test("tells its counters of the interval in a stat, lost frames too", async () => {
    const { clock, a, b, close } = await twoHotspots();
    await clock.resolve(send(a.radio));
    await clock.advance(31_000);
    const statusOf = (readings: readonly LoraReading[]) => readings.findLast(({ kind }) => kind === "radio");
    expect(statusOf(b.readings)).toMatchObject({ rxOk: 1, rxBad: 0 });
    expect(statusOf(a.readings)).toMatchObject({ rxOk: 0, transmitted: 1, temperatureC: 31.5 });
    await close();
  });

  test("ends with an error when its socket is lost, and leaves the air", async () => {
    const clock = new ManualClock();
    const network = new MemoryNetwork();
    const ether = new Ether({ clock, seed: 1, environment: STILL_AIR });
    const station = { id: "x", position: { latE7: 0, lonE7: 0 }, antennaGainDbi: 0, installationLossDb: 0 };
    const down = network.bind({ host: "h", port: 0 });
    const forwarder = new VirtualForwarder({
      clock,
      seed: 1,
      ether,
      station: { ...station, noiseFigureDb: 6 },
      region: REGIONS.US915,
      gatewayEui: "0000000000000001",
      up: network.bind({ host: "h", port: 0 }),
      down,
      server: { host: "nobody", port: 1700 },
      hasGpsTime: false,
    });
    const running = forwarder.run(new AbortController().signal);
    await clock.advance(1);
    down.lose("pulled the plug");
    await expect(running).rejects.toThrow("pulled the plug");
    expect(clock.pending).toBe(0);
    expect(() => ether.join({ ...station, noiseFigureDb: 6 }, () => {})).not.toThrow();
  });
});
