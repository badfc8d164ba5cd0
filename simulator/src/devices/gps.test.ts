import { describe, expect, test } from "bun:test";
import { type GpsReading, openGpsd, openNmea, openTcp } from "@earshot/drivers";
import { distanceM } from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import { listenGpsd } from "./gpsd-server.ts";
import { Sky } from "./sky.ts";
import { openVirtualNmea, writeNmea } from "./virtual-nmea.ts";

/** West and south, so that signs and hemispheres matter. */
const PLACE = { latE7: -338_688_123, lonE7: -1_049_903_456 };
const sky = (id = "a") =>
  new Sky({ seed: 1, id, position: PLACE, altitudeMslM: 1620, geoidSeparationM: -17 });

const positionOf = ({ latDeg = 0, lonDeg = 0 }: GpsReading) => ({
  latE7: Math.round(latDeg * 1e7),
  lonE7: Math.round(lonDeg * 1e7),
});

function expectGoodFix(reading: GpsReading | undefined, nowMs: number): void {
  if (reading === undefined) throw new Error("no reading");
  expect(reading.mode).toBe(3);
  expect(distanceM(positionOf(reading), PLACE)).toBeLessThan(10);
  expect(Math.abs((reading.altMslM ?? 0) - 1620)).toBeLessThan(10);
  expect(Math.abs((reading.timeMs ?? 0) - nowMs)).toBeLessThan(2000);
  const tracked = reading.satellites.filter(({ cn0DbHz = 0 }) => cn0DbHz > 20);
  expect(tracked.length).toBeGreaterThan(8);
  expect(reading.satellitesUsed).toBeGreaterThan(8);
  expect(new Set(reading.satellites.map(({ system }) => system))).toEqual(new Set(["G", "R", "E"]));
}

describe("Sky", () => {
  test("the same receiver and second give the same fix; another receiver has other noise, the same satellites", () => {
    const atMs = Date.UTC(2026, 0, 1, 12);
    expect(sky().at(atMs + 300)).toEqual(sky().at(atMs));
    expect(sky("b").at(atMs).position).not.toEqual(sky().at(atMs).position);
    const numbers = (one: Sky) => one.at(atMs).satellites.map(({ system, id }) => system + id);
    expect(numbers(sky("b"))).toEqual(numbers(sky()));
    expect(new Set(numbers(sky())).size).toBe(numbers(sky()).length);
  });
});

describe("virtual NMEA receiver", () => {
  test("every sentence ends with its checksum and keeps the 82 characters of NMEA 0183", () => {
    const text = new TextDecoder().decode(writeNmea(sky().at(Date.UTC(2026, 0, 1))));
    const sentences = text.split("\r\n").slice(0, -1);
    expect(sentences.length).toBeGreaterThan(8);
    for (const sentence of sentences) {
      const [, body = "", checksum] = /^\$(.*)\*([0-9A-F]{2})$/.exec(sentence) ?? [];
      expect([...body].reduce((sum, char) => sum ^ char.charCodeAt(0), 0)).toBe(
        Number.parseInt(checksum ?? "", 16),
      );
      expect(sentence.length + 2).toBeLessThanOrEqual(82);
    }
  });

  test("the driver reads position, time and sky, once a second", async () => {
    const clock = new ManualClock(Date.UTC(2026, 0, 1));
    const stop = new AbortController();
    const driver = openNmea(openVirtualNmea(clock, sky(), stop.signal), { clock });
    const readings: GpsReading[] = [];
    const reading = (async () => {
      for await (const one of driver) readings.push(one);
    })();
    await clock.advance(10_500);
    expect(readings).toHaveLength(9);
    expectGoodFix(readings.at(-1), clock.now());
    expect(driver.counts()).toMatchObject({ badFrames: 0, garbageBytes: 0 });
    await driver.close();
    await reading;
    expect(clock.pending).toBe(0);
  });
});

describe("virtual gpsd", () => {
  test("the driver reads it over TCP, and a closed server is a lost link", async () => {
    const clock = new ManualClock(Date.UTC(2026, 0, 1));
    const server = await listenGpsd({ clock, sky: sky(), host: "127.0.0.1", port: 0 });
    const driver = openGpsd(() => openTcp(server.local), { clock });
    const readings = driver[Symbol.asyncIterator]();
    expectGoodFix((await readings.next()).value, clock.now());
    await clock.advance(1000);
    expectGoodFix((await readings.next()).value, clock.now());
    await server.close();
    await expect(readings.next()).rejects.toMatchObject({ code: "link-lost" });
    await driver.close();
    await clock.advance(0);
    expect(clock.pending).toBe(0);
  });
});
