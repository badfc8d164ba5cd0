import { describe, expect, test } from "bun:test";
import type { Trouble } from "../board/agent-status.ts";
import { gpsPart, type ReceiverFacts } from "./gps.ts";

const NOW_MS = Date.UTC(2026, 5, 1, 12);
const secondsAgo = (seconds: number) => NOW_MS - seconds * 1000;
const READING = { atMs: secondsAgo(50), mode: 3, satellitesUsed: 9, inView: 14 } as const;

describe("advice is for gpsd where the receiver is gpsd's, and for the port where it is ours", () => {
  const lost = { state: "lost", sinceMs: secondsAgo(100) } as const;
  const open = { state: "searching", sinceMs: secondsAgo(30), frames: 3 } as const;
  const silent = {
    state: "ok",
    sinceMs: secondsAgo(900),
    lastAtMs: secondsAgo(50),
    reading: READING,
  } as const;
  const why = (trouble: Trouble) => ({ hint: { reason: "why", trouble } });

  test.each<[ReceiverFacts, RegExp]>([
    [{ ...lost, reason: "Cannot connect" }, /^Start gpsd/],
    [{ ...open, ...why("no-device") }, /DEVICES of \/etc\/default\/gpsd/],
    [{ ...lost, ...why("no-device"), trouble: "no-device" }, /DEVICES of \/etc\/default\/gpsd/],
    [{ ...open, ...why("device-closed") }, /plugged in.*DEVICES/],
    [{ ...open, ...why("device-silent") }, /gpsmon/],
    [{ ...open, ...why("not-gpsd") }, /another program listens there/],
    [open, /gpsmon/],
    [silent, /gpsmon/],
    [{ ...silent, ...why("device-closed") }, /plugged in/],
  ])("%j", (facts, advice) => {
    const part = gpsPart({ type: "gpsd", ...facts }, { atMs: NOW_MS, hotspot: {} });
    expect(part.health).toBe("broken");
    expect(part.advice).toMatch(advice);
    expect(part.advice).not.toMatch(/baud|RX/);
  });

  test.each(["nmea", "ubx"])("%s", (type) => {
    for (const facts of [lost, open, silent]) {
      const part = gpsPart({ type, ...facts }, { atMs: NOW_MS, hotspot: {} });
      expect(part.health).toBe("broken");
      expect(part.advice).toMatch(/cable/);
      expect(part.advice).not.toMatch(/gpsd/);
    }
    expect(gpsPart({ type, ...open }, { atMs: NOW_MS, hotspot: {} }).advice).toMatch(/baud/);
  });
});
