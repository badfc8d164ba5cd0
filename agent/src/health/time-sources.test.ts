import { describe, expect, test } from "bun:test";
import { GPS_ROLLOVER_MS } from "@earshot/drivers";
import type { AgentStatus } from "../board/agent-status.ts";
import { clockPart } from "./clock.ts";
import { gpsPart } from "./gps.ts";
import { compareTimes, trustedGpsTimeMs } from "./time-sources.ts";

const NOW_MS = Date.UTC(2026, 10, 30, 4, 10);
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];
const PERIODS = { periodMs: MINUTE, validityMs: 3 * MINUTE };

interface World {
  /** When it really is. */
  trueMs?: number;
  /** How far this machine's clock and what the receiver tells are ahead of it. */
  hostMs?: number;
  gpsMs?: number;
  /** Age of the entropy; left out: none came. */
  entropyMs?: number;
  /** The entropy came while it was published. */
  isLive?: boolean;
  mode?: 0 | 1 | 2 | 3;
  /** As a driver says that takes rollovers out. */
  weekRollovers?: number;
}

function statusOf(world: World): AgentStatus {
  const {
    trueMs = NOW_MS,
    hostMs = 0,
    gpsMs = 0,
    entropyMs,
    isLive = false,
    mode = 3,
    weekRollovers,
  } = world;
  const atMs = trueMs + hostMs;
  const timeMs = trueMs + gpsMs + (weekRollovers ?? 0) * GPS_ROLLOVER_MS;
  const time = weekRollovers === undefined ? { timeMs } : { timeMs, weekRollovers };
  const device = { state: "ok", sinceMs: atMs, lastAtMs: atMs, opened: 1, lost: 0, readings: 9 } as const;
  const entropy = {
    ...PERIODS,
    index: 1,
    atMs: trueMs - (entropyMs ?? 0),
    receivedAtMs: atMs,
    isChainBroken: false,
    isLive,
    aheadMs: 0,
  };
  return {
    atMs,
    startedAtMs: atMs,
    ...{ version: "1", network: "test", hotspot: { id: "z6Mk", name: "a-b-c" } },
    radio: { ...device, statuses: [], framesHeard: 0, channels: [] },
    gps: { ...device, reading: { atMs, ...time, mode, satellitesUsed: 9, inView: 12 } },
    sensors: [],
    broker: device,
    outbox: { queued: 0, acknowledged: 0, postponed: 0, writes: 0, dropped: 0, bytes: 0 },
    ...(entropyMs === undefined ? {} : { entropy }),
    ...{ beacons: [], witnesses: [], verdicts: [], losses: [], unmade: [] },
    beaconing: { sent: 0, lostInARow: 0 },
    counters: {
      ...{ beaconsHeard: 0, duplicatesHeard: 0, unusableHeard: 0, verdictsPaid: 0, verdictsRefused: 0 },
      ...{ verdictsUnpaid: 0, refusedMessages: 0 },
    },
  };
}

const blamed = (world: World): string => {
  const verdict = compareTimes(statusOf(world));
  if (verdict === undefined) return "unknown";
  const { isHostWrong, isGpsWrong, offMs } = verdict;
  if (isHostWrong) return isGpsWrong ? "both" : "host";
  if (isGpsWrong) return "gps";
  return Math.abs(offMs) <= 2000 ? "nobody" : "either";
};

const back = (rollovers: number) => ({ gpsMs: -rollovers * GPS_ROLLOVER_MS, weekRollovers: rollovers });

describe("who is blamed when clock and receiver differ", () => {
  test.each<[string, World, string]>([
    ["they agree", { gpsMs: -900 }, "nobody"],
    ["no fix", { gpsMs: HOUR, mode: 1 }, "unknown"],
    ["a receiver 1024 weeks back", back(1), "gps"],
    ["a receiver 2048 weeks back", back(2), "gps"],
    ["a receiver 1024 weeks ahead", back(-1), "gps"],
    ["a receiver 1024 weeks back, with entropy", { ...back(1), entropyMs: 20_000 }, "gps"],
    [
      "a host 1024 weeks ahead that a driver believed",
      { hostMs: GPS_ROLLOVER_MS, weekRollovers: 1, entropyMs: 1 },
      "host",
    ],
    ["a receiver in 1980", { gpsMs: Date.UTC(1980, 0, 6) - NOW_MS }, "gps"],
    ["a receiver in 2000", { gpsMs: Date.UTC(2000, 0, 1) - NOW_MS, entropyMs: MINUTE }, "gps"],
    ["a receiver in the far future", { gpsMs: Date.UTC(2079, 5, 6) - NOW_MS }, "gps"],
    ["a receiver some years ahead, without entropy", { gpsMs: 900 * DAY }, "either"],
    ["a receiver some years ahead, with entropy", { gpsMs: 900 * DAY, entropyMs: 30_000 }, "gps"],
    ["a host in 1970", { hostMs: MINUTE - NOW_MS }, "host"],
    ["a host in 1970, with entropy", { hostMs: MINUTE - NOW_MS, entropyMs: 0 }, "host"],
    [
      "a host in 1970, and a receiver in 1980",
      { hostMs: -NOW_MS, gpsMs: Date.UTC(1980, 0, 6) - NOW_MS },
      "both",
    ],
    ["a host an hour ahead, without entropy", { hostMs: HOUR }, "either"],
    ["a host an hour ahead, with entropy", { hostMs: HOUR, entropyMs: 20_000 }, "host"],
    ["a receiver an hour ahead, with entropy", { gpsMs: HOUR, entropyMs: 20_000 }, "gps"],
    ["a receiver 10 s behind the network", { gpsMs: -10_000, entropyMs: 0 }, "gps"],
    [
      "a receiver 20 min behind, and entropy that the broker kept for an hour",
      { gpsMs: -20 * MINUTE, entropyMs: HOUR },
      "either",
    ],
    ["a receiver 1024 weeks back, and entropy that the broker kept", { ...back(1), entropyMs: HOUR }, "gps"],
    ["a receiver that takes GPS time for UTC", { gpsMs: 18_000 - 300 }, "gps"],
    ["a receiver that takes TAI for UTC", { gpsMs: 37_000 }, "gps"],
    ["a host 18 s ahead, or a receiver that takes leap seconds off twice", { gpsMs: -18_000 }, "either"],
    [
      "a receiver that takes leap seconds off twice, with entropy",
      { gpsMs: -18_000, entropyMs: 5000 },
      "gps",
    ],
    ["25 s apart", { gpsMs: 25_000 }, "either"],
    ["a receiver 25 s ahead of live entropy", { gpsMs: 25_000, entropyMs: 3000, isLive: true }, "gps"],
    ["a host 40 s ahead of live entropy", { hostMs: 40_000, entropyMs: 3000, isLive: true }, "host"],
    ["8 s apart, and live entropy", { gpsMs: 8000, entropyMs: 3000, isLive: true }, "either"],
    ["19.5 s ahead: delayed as GPS time may come", { gpsMs: 19_500 }, "gps"],
    ["20 s ahead", { gpsMs: 20_000 }, "either"],
  ])("%s", (_, world, who) => {
    expect(blamed(world)).toBe(who);
    const status = statusOf(world);
    const [clock, gps] = [clockPart(status), gpsPart(status.gps as NonNullable<AgentStatus["gps"]>, status)];
    const blamesClock = /timedatectl/.test(clock.advice ?? "");
    expect(blamesClock).toBe(["host", "both", "either"].includes(who));
    expect(/firmware|Restart the receiver/.test(gps.advice ?? "")).toBe(["gps", "both"].includes(who));
    expect(gps.health).toBe(["gps", "both"].includes(who) || who === "unknown" ? "attention" : "ok");
  });
});

test.each<[World, RegExp, RegExp]>([
  [
    back(1),
    /says 2007-04-16 04:10 UTC, 1024 weeks back: its count of weeks began again; 3D fix/,
    /firmware, or replace/,
  ],
  [back(-1), /1024 weeks ahead: it counts the weeks wrongly/, /firmware and gpsd/],
  [{ gpsMs: 17_300 }, /18 s ahead: it takes GPS time for UTC/, /within 15 min/],
  [
    { gpsMs: HOUR, entropyMs: 0 },
    /1 h ahead: the network agrees with this machine's clock/,
    /^Restart the receiver/,
  ],
])("GPS says what is wrong with its time", (world, text, advice) => {
  const status = statusOf(world);
  const part = gpsPart(status.gps as NonNullable<AgentStatus["gps"]>, status);
  expect(part.text).toMatch(text);
  expect(part.advice).toMatch(advice);
});

test.each<[World, string, RegExp]>([
  [{ hostMs: HOUR, entropyMs: 0 }, "broken", /1 h ahead of GPS time, and the network agrees with GPS/],
  [{ hostMs: HOUR }, "attention", /1 h apart: one of them tells local time/],
  [{ hostMs: 37_000 }, "attention", /37 s apart: one of them counts leap seconds wrongly, as TAI has none/],
  [{ gpsMs: 5 * MINUTE }, "attention", /5 min apart: nothing tells yet which of them is right/],
  [
    { entropyMs: -HOUR },
    "broken",
    /The network's time is at least 1 h ahead of this machine's clock and of GPS/,
  ],
  [{ hostMs: MINUTE - NOW_MS }, "broken", /stands at 1970-01-01 00:01 UTC; GPS says 2026-11-30 04:10 UTC/],
  [{ hostMs: MINUTE - NOW_MS, ...back(1) }, "broken", /stands at 1970-01-01 00:01 UTC$/],
  [{ hostMs: 30 * 366 * DAY, gpsMs: Date.UTC(1980, 0, 6) - NOW_MS }, "broken", /^The clock stands at 2056-/],
  [{ entropyMs: 5 * HOUR, mode: 1 }, "broken", /The last entropy is 5 h old/],
  [{ entropyMs: 5 * HOUR }, "broken", /The last entropy is 5 h old/],
])("the clock's part says who agrees with whom", (world, health, text) => {
  const part = clockPart(statusOf(world));
  expect(part.text).toMatch(text);
  expect(part.health).toBe(health as "ok");
});

test("old entropy is the gateway's fault where GPS agrees with the clock, and the broker's where there is no session", () => {
  const old = statusOf({ entropyMs: 5 * HOUR });
  expect(clockPart(old).advice).toMatch(/^GPS agrees .* gateway is down/);
  expect(clockPart(statusOf({ entropyMs: 5 * HOUR, mode: 1 })).advice).toMatch(
    /^Compare this machine's clock/,
  );
  expect(clockPart({ ...old, broker: { ...old.broker, state: "lost" } }).advice).toMatch(
    /through the broker/,
  );
});

describe("GPS time for stations", () => {
  const withReading = (world: World, more: object): AgentStatus => {
    const status = statusOf(world);
    const gps = status.gps as NonNullable<AgentStatus["gps"]>;
    return { ...status, gps: { ...gps, reading: { ...gps.reading, ...more } as typeof gps.reading } };
  };

  test("by the pulse or the message, whatever this machine's clock shows when the network proves it wrong", () => {
    const told = { hostClockOffsetNs: 150_000_000, hostClockOffsetBy: "message" };
    expect(trustedGpsTimeMs(withReading({}, told))).toBe(NOW_MS - 150);
    const off = { hostClockOffsetNs: HOUR * 1e6, hostClockOffsetBy: "pulse" };
    expect(trustedGpsTimeMs(withReading({ hostMs: HOUR, entropyMs: 0 }, off))).toBe(NOW_MS);
    expect(trustedGpsTimeMs(withReading({ hostMs: HOUR }, off))).toBeUndefined();
  });

  test("of whole reports only, by this machine's clock where they confirm its second", () => {
    expect(trustedGpsTimeMs(statusOf({ gpsMs: -800 }))).toBe(NOW_MS);
    expect(trustedGpsTimeMs(statusOf({ gpsMs: -1600 }))).toBeUndefined();
    expect(trustedGpsTimeMs(statusOf({ gpsMs: 900 }))).toBeUndefined();
  });

  test("none without a fix, from an old reading, from a receiver that is wrong or looks forged", () => {
    expect(trustedGpsTimeMs(statusOf({ mode: 1 }))).toBeUndefined();
    for (const world of [back(1), { gpsMs: 18_000 }, { gpsMs: -HOUR }]) {
      expect(trustedGpsTimeMs(statusOf(world))).toBeUndefined();
    }
    expect(trustedGpsTimeMs(withReading({}, { atMs: NOW_MS - 6000, timeMs: NOW_MS - 6000 }))).toBeUndefined();
    const forged = statusOf({});
    const integrity = { fromMs: 0, toMs: 0, readings: 9, fixMode: 3 as const, flags: 4, findings: [] };
    expect(
      trustedGpsTimeMs({ ...forged, gps: { ...forged.gps, integrity } as AgentStatus["gps"] }),
    ).toBeUndefined();
  });
});

describe("the network tells who is wrong by what it published", () => {
  const EDGES = [
    // Of live entropy a message is on its way for 10 s at most; one that a broker kept may be as old as it is valid.
    { isLive: true, latestMs: 12_000 },
    { isLive: false, latestMs: 182_000 },
  ];
  test.each(EDGES)("earlier than it came, or later than it can be: %p", ({ isLive, latestMs }) => {
    const wrong = (hostMs: number, gpsMs: number) => {
      const { byNetwork, isHostWrong, isGpsWrong } = compareTimes(
        statusOf({ hostMs, gpsMs, entropyMs: 0, isLive }),
      ) as NonNullable<ReturnType<typeof compareTimes>>;
      return [byNetwork && "network", isHostWrong && "host", isGpsWrong && "gps"].filter(Boolean);
    };
    // Judging tolerates 2 s each way.
    expect([wrong(-2000, 4000), wrong(4000, -2000)]).toEqual([[], []]);
    expect(wrong(-2001, 4000)).toEqual(["network", "host"]);
    expect(wrong(4000, -2001)).toEqual(["network", "gps"]);
    expect([wrong(latestMs, 0), wrong(0, latestMs)]).toEqual([[], []]);
    expect(wrong(latestMs + 1, 0)).toEqual(["network", "host"]);
    expect(wrong(0, latestMs + 1)).toEqual(["network", "gps"]);
    // Both off: only what is too early is wrong for certain.
    expect(wrong(-2001, latestMs + 1)).toEqual(["network", "host"]);
    expect(wrong(latestMs + 1, latestMs + 5000)).toEqual([]);
    expect(wrong(-9000, -2001)).toEqual(["network", "host", "gps"]);
  });

  test("clock and receiver may be 2 s apart, and a reading a minute old", () => {
    const answer = (world: World) => compareTimes(statusOf(world));
    expect(answer({ hostMs: 2000, entropyMs: 0, isLive: true })).toMatchObject({ byNetwork: false });
    expect(answer({ hostMs: 20_000, entropyMs: 0, isLive: true })).toMatchObject({ byNetwork: true });
    const status = statusOf({});
    const after = (ms: number) => compareTimes({ ...status, atMs: status.atMs + ms });
    expect(after(60_000)).toBeDefined();
    expect(after(60_001)).toBeUndefined();
    expect(after(-60_001)).toBeUndefined();
  });
});
