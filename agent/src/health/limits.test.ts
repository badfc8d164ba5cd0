import { expect, test } from "bun:test";
import type { AgentStatus, ConcentratorFacts, MachineFacts } from "../board/agent-status.ts";
import { beaconPart } from "./beacon.ts";
import { clockPart } from "./clock.ts";
import { brokerPart, outboxPart } from "./delivery.ts";
import { deviceProblem } from "./device.ts";
import { forwarderProblem } from "./forwarders.ts";
import { hearingProblem } from "./hearing.ts";
import { machinePart } from "./machine.ts";
import type { Health, Part } from "./part.ts";
import { comparePosition, distanceText } from "./position.ts";
import { radioPart } from "./radio.ts";
import { refusalProblem } from "./refusals.ts";

const NOW_MS = Date.UTC(2026, 5, 1, 12);

/* Each limit on which advice to a person hangs: the last value that is well, and the first that is not. */

const machine = (change: Partial<NonNullable<MachineFacts["reading"]>>) => {
  const well = {
    ...{
      atMs: NOW_MS,
      cpuTemperatureC: null,
      load1min: null,
      cores: null,
      uptimeS: 1000,
      disks: [],
      links: [],
    },
    ...{ memoryTotalBytes: null, memoryAvailableBytes: null, diskTotalBytes: null, diskFreeBytes: null },
    ...{ underVoltage: null, underVoltageOccurred: null, throttled: null },
  };
  const device = { state: "ok", sinceMs: 0, lastAtMs: NOW_MS, opened: 1, lost: 0, readings: 9 } as const;
  return machinePart({ ...device, reading: { ...well, ...change } }, NOW_MS);
};
const disk = (lifeUsedPercent: number | null, reserve: "normal" | "warning" | "urgent" | null = null) =>
  ({ device: "mmcblk0", writtenBytes: 0, lifeUsedPercent, reserve }) as never;
const wifi = (signalDbm: number) =>
  ({ name: "wlan0", isConnected: true, speedMbps: null, signalDbm, qualityPercent: null }) as const;
const cable = {
  name: "eth0",
  isConnected: true,
  speedMbps: 100,
  signalDbm: null,
  qualityPercent: null,
} as const;

const concentrator = (change: Partial<ConcentratorFacts>): Part | undefined =>
  hearingProblem("Radio", {
    statuses: [{ atMs: NOW_MS, rxOk: 0, rxBad: 0, rxNoCrc: 0, transmitted: 0, ...change }],
  });
const chains = (...frames: [rxOk: number, rxBad: number][]): Part | undefined =>
  concentrator({ radioCounts: frames.map(([rxOk, rxBad], radio) => ({ radio, rxOk, rxBad })) });

type DeviceState = Parameters<typeof deviceProblem>[0];
const device = (change: Partial<DeviceState>): Part | undefined =>
  deviceProblem(
    { state: "ok", sinceMs: 0, lastAtMs: NOW_MS, opened: 1, lost: 0, readings: 9, ...change } as DeviceState,
    { title: "Device", section: "[device]", firstReadingMs: 20_000, silentMs: 15_000 },
    NOW_MS,
  );

const refused = (frames: number, refusedFrames: number) =>
  refusalProblem("Radio", { refusals: { frames, refused: refusedFrames, reason: "frame_data" } });

const broker = (change: Partial<AgentStatus["broker"]>) =>
  brokerPart({ broker: { state: "ok", sinceMs: 0, ...change }, atMs: NOW_MS } as AgentStatus);

const outbox = (change: Partial<AgentStatus["outbox"]>) =>
  outboxPart({
    outbox: { queued: 0, acknowledged: 0, postponed: 0, writes: 0, dropped: 0, bytes: 0, ...change },
    atMs: NOW_MS,
  } as AgentStatus);

const ENTROPY: NonNullable<AgentStatus["entropy"]> = {
  ...{ index: 1, atMs: NOW_MS, receivedAtMs: NOW_MS, periodMs: 60_000, validityMs: 180_000 },
  ...{ isChainBroken: false, isLive: true, aheadMs: 0 },
};
const entropy = (change: Partial<NonNullable<AgentStatus["entropy"]>>) =>
  clockPart({
    atMs: NOW_MS,
    broker: { state: "ok", sinceMs: 0 },
    entropy: { ...ENTROPY, ...change },
  } as AgentStatus);
const noEntropy = (forMs: number) =>
  clockPart({ atMs: NOW_MS, broker: { state: "ok", sinceMs: NOW_MS - forMs } } as AgentStatus);

const beacon = (change: Partial<AgentStatus>) =>
  beaconPart({
    ...{ atMs: NOW_MS, radio: {}, beaconing: { sent: 0, lostInARow: 0 }, entropy: ENTROPY, ...change },
  } as AgentStatus);
const due = (sinceMs: number) =>
  beacon({ schedule: { window: 1, entropyIndex: 9, atMs: NOW_MS - sinceMs, state: "waiting" } });
const lost = (lostInARow: number) =>
  beacon({ beaconing: { sent: 0, lostInARow, loss: { reason: "beacon_late", why: "why", atMs: 0 } } });

const radio = (change: Partial<AgentStatus["radio"]>, losses: AgentStatus["losses"] = []) =>
  radioPart({
    ...{ atMs: NOW_MS, startedAtMs: 0, losses },
    radio: {
      ...{ state: "ok", sinceMs: 0, lastAtMs: NOW_MS, framesHeard: 0, statuses: [], channels: [] },
      ...{ opened: 1, lost: 0, readings: 9, lastFrameAtMs: NOW_MS },
      forwarders: [{ gatewayEui: "00", lastSeenMs: NOW_MS, canTransmit: true }],
      ...change,
    },
  } as AgentStatus);
const forwarders = (waitedMs: number, silentMs?: number, type?: "basics-station") =>
  forwarderProblem({
    ...{ atMs: NOW_MS, startedAtMs: NOW_MS - waitedMs },
    radio: {
      ...{ sinceMs: 0, forwarders: [] },
      ...(silentMs !== undefined && {
        forwarders: [{ gatewayEui: "00", lastSeenMs: NOW_MS - silentMs, canTransmit: type === undefined }],
      }),
      ...(type !== undefined && { setup: { type, listen: { host: "::", port: 1 } } as never }),
    },
  });
const modem = { lastFrameAtMs: NOW_MS, forwarders: undefined as never };

test.each<[what: string, well: Part | undefined, not: Part | undefined, health?: [Health, Health]]>([
  [
    "a disk 89.9 % full",
    machine({ diskTotalBytes: 1000, diskFreeBytes: 101 }),
    machine({ diskTotalBytes: 1000, diskFreeBytes: 100 }),
  ],
  ["a processor of 79.9 °C", machine({ cpuTemperatureC: 79.9 }), machine({ cpuTemperatureC: 80 })],
  ["a load of 3.99 a core", machine({ load1min: 7.98, cores: 2 }), machine({ load1min: 8, cores: 2 })],
  ["a load of 3.99 on who knows how many", machine({ load1min: 3.99 }), machine({ load1min: 4 })],
  ["a card of whose life 89 % are used", machine({ disks: [disk(89)] }), machine({ disks: [disk(90)] })],
  [
    "a card with its reserve",
    machine({ disks: [disk(null, "warning")] }),
    machine({ disks: [disk(null, "urgent")] }),
  ],
  ["a signal of -80 dBm", machine({ links: [wifi(-80)] }), machine({ links: [wifi(-81)] })],
  ["a weak signal beside a cable", machine({ links: [wifi(-90), cable] }), machine({ links: [wifi(-90)] })],

  ["199 frames of one chain", chains([0, 0], [100, 99]), chains([0, 0], [100, 100])],
  ["a chain that heard one in 50", chains([2, 2], [100, 100]), chains([2, 1], [100, 100])],
  [
    "199 frames off the plan",
    concentrator({ rxOk: 99, rxBad: 100, rxOffPlan: 199 }),
    concentrator({ rxOk: 100, rxBad: 100, rxOffPlan: 200 }),
  ],
  [
    "not half of them off the plan",
    concentrator({ rxOk: 100, rxBad: 100, rxOffPlan: 99 }),
    concentrator({ rxOk: 100, rxBad: 100, rxOffPlan: 100 }),
  ],

  [
    "a silence of 15 s",
    device({ lastAtMs: NOW_MS - 15_000 }),
    device({ lastAtMs: NOW_MS - 15_001 }),
    ["ok", "broken"],
  ],
  [
    "a device lost 3 times in the hour",
    device({ sinceMs: NOW_MS, lostInHour: 3 }),
    device({ sinceMs: NOW_MS, lostInHour: 4 }),
  ],
  [
    "one that was, and works for 10 min",
    device({ sinceMs: NOW_MS - 600_000, lostInHour: 4 }),
    device({ sinceMs: NOW_MS - 599_999, lostInHour: 4 }),
  ],
  ["60 readings a second", device({ readingsPerS: 60 }), device({ readingsPerS: 61 })],
  ["no reading given up", device({ droppedPerS: 0 }), device({ droppedPerS: 0.1 })],
  [
    "99 frames, however damaged",
    device({ frames: 49, badFrames: 50 }),
    device({ frames: 50, badFrames: 50 }),
  ],
  [
    "less than one damaged in 20",
    device({ frames: 2000, badFrames: 105 }),
    device({ frames: 2000, badFrames: 106 }),
  ],
  [
    "a device that waits for its first reading",
    device({ state: "searching", sinceMs: NOW_MS - 19_999 }),
    device({ state: "searching", sinceMs: NOW_MS - 20_000 }),
    ["attention", "broken"],
  ],
  [
    "one that has said nothing yet",
    device({ state: "searching", sinceMs: NOW_MS, badFrames: 0, garbageBytes: 0 }),
    device({ state: "searching", sinceMs: NOW_MS, badFrames: 0, garbageBytes: 1 }),
    ["attention", "broken"],
  ],

  ["4 frames, all refused", refused(4, 4), refused(5, 5), ["attention", "broken"]],
  ["9 frames, some refused", refused(9, 8), refused(10, 8)],
  ["less than one refused in 5", refused(11, 2), refused(10, 2)],

  [
    "a session lost 3 times in the hour",
    broker({ sinceMs: NOW_MS, lostInHour: 3 }),
    broker({ sinceMs: NOW_MS, lostInHour: 4 }),
  ],
  [
    "one that was, and lasts 5 min",
    broker({ sinceMs: NOW_MS - 300_000, lostInHour: 4, reason: "another box" }),
    broker({ sinceMs: NOW_MS - 299_999, lostInHour: 4 }),
  ],
  [
    "what was wrong 5 min ago",
    broker({ sinceMs: NOW_MS - 300_000, reason: "x" }),
    broker({ sinceMs: NOW_MS - 299_999, reason: "x" }),
  ],
  [
    "an outage of less than a minute",
    broker({ state: "lost", sinceMs: NOW_MS - 59_999 }),
    broker({ state: "lost", sinceMs: NOW_MS - 60_000 }),
    ["attention", "broken"],
  ],
  ["1000 packets that wait", outbox({ queued: 1000 }), outbox({ queued: 1001 })],
  ["no packet given up", outbox({ dropped: 0 }), outbox({ dropped: 1 })],

  ["no entropy for less than 2 min", noEntropy(119_999), noEntropy(120_000), ["attention", "broken"]],
  ["entropy 2 s ahead", entropy({ atMs: NOW_MS + 2000 }), entropy({ atMs: NOW_MS + 2001 }), ["ok", "broken"]],
  [
    "entropy of 3 periods ago",
    entropy({ atMs: NOW_MS - 180_000 }),
    entropy({ atMs: NOW_MS - 180_001 }),
    ["ok", "broken"],
  ],

  ["two windows lost", lost(2), lost(3), ["attention", "broken"]],
  ["a beacon due for as long as its entropy holds", due(180_000), due(180_001)],

  [
    "nothing heard for an hour",
    radio({ lastFrameAtMs: NOW_MS - 3_600_000 }),
    radio({ lastFrameAtMs: NOW_MS - 3_600_001 }),
  ],
  [
    "nothing heard by a modem for a day",
    radio({ ...modem, lastFrameAtMs: NOW_MS - 86_400_000 }),
    radio({ ...modem, lastFrameAtMs: NOW_MS - 86_400_001 }),
  ],
  [
    "99 false beacons",
    radio({}, [{ reason: "frame_stale", count: 99 }] as never),
    radio({}, [{ reason: "frame_stale", count: 100 }] as never),
  ],
  [
    "false beacons that are less than one frame in 10",
    radio({ framesHeard: 1001 }, [{ reason: "frame_stale", count: 100 }] as never),
    radio({ framesHeard: 1000 }, [{ reason: "frame_stale", count: 100 }] as never),
  ],
  ["a first forwarder is waited for", forwarders(59_999), forwarders(60_000), ["attention", "broken"]],
  ["a forwarder silent for 90 s", forwarders(1e6, 90_000), forwarders(1e6, 90_001), ["ok", "broken"]],
  [
    "a first station is waited for",
    forwarders(59_999, undefined, "basics-station"),
    forwarders(60_000, undefined, "basics-station"),
    ["attention", "broken"],
  ],
  [
    "a station gone for less than 90 s",
    forwarders(1e6, 89_999, "basics-station"),
    forwarders(1e6, 90_000, "basics-station"),
    ["attention", "broken"],
  ],
])("%s: well, and no more than that", (_, well, not, health = ["ok", "attention"]) => {
  expect([well, not].map((part) => part?.health ?? "ok")).toEqual(health);
});

test("a difference that judging tolerates is none, also where the network's time went ahead by it", () => {
  const text = (aheadMs: number) => entropy({ atMs: NOW_MS + 60_000, aheadMs }).text;
  expect(text(58_000)).toContain("went ahead by 58 s at once");
  expect(text(57_999)).toContain("The clock is at least 1 min behind");
});

test("old entropy is live for two periods after it came: then the network is gone, not this clock ahead", () => {
  const text = (passedMs: number) =>
    entropy({ atMs: NOW_MS - 600_000, receivedAtMs: NOW_MS - passedMs }).text;
  expect(text(119_999)).toContain("ahead of the network's");
  expect(text(120_000)).toContain("The last entropy is 10 min old");
});

test("a receiver is as far off as its error and 100 m allow; a mistake explains what it brings 10 times nearer", () => {
  const asserted = { latE7: 100_000_000, lonE7: 0 };
  const north = (metres: number) => 10 + metres / 111_194.9;
  const doubt = (metres: number, horizontalErrorM?: number) =>
    comparePosition(asserted, { latDeg: north(metres), lonDeg: 0, horizontalErrorM })?.doubt;
  expect([doubt(100), doubt(400, 100), doubt(1600, 500)]).toEqual([undefined, undefined, undefined]);
  for (const off of [doubt(101), doubt(401, 100), doubt(1601, 500), doubt(1601, 5000)])
    expect(off).toBeDefined();
  // The sign of a latitude of 0.1°: 22 km off; 2.2 km beside the mended place, and a little more.
  const small = { latE7: 1_000_000, lonE7: 0 };
  const beside = (metres: number) =>
    comparePosition(small, { latDeg: -0.1 - metres / 111_194.9, lonDeg: 0 })?.doubt?.text;
  expect(beside(2400)).toContain("hemisphere");
  expect(beside(2600)).not.toContain("hemisphere");
  const far = (metres: number) =>
    comparePosition(asserted, { latDeg: -10 + metres / 111_194.9, lonDeg: 0 })?.doubt?.text;
  expect(far(5000)).toContain("hemisphere");
  expect(far(5002)).not.toContain("hemisphere");
  expect([9999, 10_000, 10_499, 10_500].map(distanceText)).toEqual(["9999 m", "10 km", "10 km", "11 km"]);
});
