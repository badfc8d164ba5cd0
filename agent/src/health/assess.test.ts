import { describe, expect, test } from "bun:test";
import type { AgentStatus, MachineFacts, RadioFacts } from "../board/agent-status.ts";
import { assess } from "./assess.ts";
import { duration } from "./time-text.ts";

const NOW_MS = Date.UTC(2026, 5, 1, 12);
const secondsAgo = (seconds: number) => NOW_MS - seconds * 1000;

/** A hotspot to which all is well. */
const HEALTHY: AgentStatus = {
  atMs: NOW_MS,
  startedAtMs: secondsAgo(86_400),
  version: "1",
  network: "test",
  hotspot: { id: "z6Mk", name: "a-b-c" },
  radio: {
    state: "ok",
    sinceMs: secondsAgo(86_400),
    lastAtMs: secondsAgo(5),
    framesHeard: 12,
    statuses: [],
    channels: [],
    ...{ opened: 1, lost: 0, readings: 30 },
    lastFrameAtMs: secondsAgo(40),
    forwarders: [{ gatewayEui: "00", lastSeenMs: secondsAgo(5), canTransmit: true }],
  },
  gps: {
    state: "ok",
    sinceMs: secondsAgo(86_400),
    lastAtMs: secondsAgo(1),
    ...{ opened: 1, lost: 0, readings: 86_000 },
    reading: { atMs: secondsAgo(1), timeMs: secondsAgo(1.2), mode: 3, satellitesUsed: 9, inView: 14 },
  },
  sensors: [],
  broker: { state: "ok", sinceMs: secondsAgo(3600), lastAtMs: secondsAgo(20) },
  outbox: { queued: 0, acknowledged: 1, postponed: 0, writes: 0, dropped: 0, bytes: 300 },
  entropy: {
    index: 1,
    atMs: secondsAgo(30),
    receivedAtMs: secondsAgo(30),
    periodMs: 60_000,
    validityMs: 180_000,
    isChainBroken: false,
    isLive: true,
    aheadMs: 0,
  },
  schedule: { window: 1, entropyIndex: 9, atMs: NOW_MS + 600_000, state: "waiting" },
  beaconing: { sent: 0, lostInARow: 0 },
  beacons: [],
  witnesses: [],
  verdicts: [],
  counters: {
    beaconsHeard: 0,
    duplicatesHeard: 0,
    verdictsPaid: 0,
    verdictsRefused: 0,
    verdictsUnpaid: 0,
  },
  losses: [],
  unmade: [],
};

const radio = (facts: Partial<RadioFacts>): Partial<AgentStatus> => ({
  radio: { ...HEALTHY.radio, ...facts },
});
const gps = (facts: Partial<NonNullable<AgentStatus["gps"]>>): Partial<AgentStatus> => {
  const { reading: _, lastAtMs: __, ...rest } = HEALTHY.gps ?? { state: "ok", sinceMs: 0 };
  return { gps: { ...("state" in facts ? rest : HEALTHY.gps), ...facts } as NonNullable<AgentStatus["gps"]> };
};
const fix = (more: object) =>
  ({ ...HEALTHY.gps?.reading, ...more }) as NonNullable<AgentStatus["gps"]>["reading"];

/** The next window is waited for. */
const lostWindows = (lostInARow: number): Partial<AgentStatus> => ({
  beaconing: {
    ...{ sent: 7, lastSentAtMs: secondsAgo(86_400), lostInARow },
    loss: { reason: "beacon_tx_freq", why: "why", atMs: secondsAgo(600) },
  },
});
const FORWARDER = { lastSeenMs: secondsAgo(1), canTransmit: true };
const CONCENTRATOR = { atMs: NOW_MS, gatewayEui: "aa55", rxOk: 900, rxBad: 100, rxNoCrc: 0, transmitted: 3 };
const DEAF = {
  state: "deaf" as const,
  ...{ framesPerHour: 30, silentMs: 7_200_000, expectedFrames: 15, chance: 1e-7 },
};
const chain = (number: number, rxOk: number) => ({ radio: number, rxOk, rxBad: 0 });

/** One on a serial port, without packet forwarders. */
function modem(facts: Partial<RadioFacts>): Partial<AgentStatus> {
  const { forwarders: _, ...rest } = HEALTHY.radio;
  const own = {
    atMs: NOW_MS,
    rxOk: 3,
    rxBad: 0,
    rxNoCrc: 0,
    transmitted: 0,
    channels: 1,
    spreadingFactors: 1,
  };
  return { radio: { ...rest, statuses: [own], ...facts } };
}

const doubtful: NonNullable<NonNullable<AgentStatus["gps"]>["integrity"]> = {
  ...{ fromMs: secondsAgo(60), toMs: NOW_MS, readings: 60, fixMode: 3, flags: 8 },
  findings: [
    { code: "signals_fell", text: "Something covers it", measured: {} },
    { code: "position_jumped", flag: "jump", text: "Position off", measured: {} },
  ],
};

const wifi = (signalDbm: number) => ({
  ...{ name: "wlan0", isConnected: true, speedMbps: null, signalDbm, qualityPercent: null },
});

function machine(reading: Partial<NonNullable<MachineFacts["reading"]>>): Partial<AgentStatus> {
  const healthy = {
    ...{ atMs: NOW_MS, cpuTemperatureC: 51, load1min: 0.4, cores: 4, uptimeS: 1000, disks: [], links: [] },
    ...{ memoryTotalBytes: 1e9, memoryAvailableBytes: 5e8, diskTotalBytes: 1000, diskFreeBytes: 600 },
    ...{ underVoltage: false, underVoltageOccurred: false, throttled: false },
  };
  const device = { state: "ok", sinceMs: 0, lastAtMs: NOW_MS, opened: 1, lost: 0, readings: 9 } as const;
  return { machine: { ...device, reading: { ...healthy, ...reading } } };
}

test("all is well", () => {
  const { health, parts } = assess(HEALTHY);
  expect(parts.filter((part) => part.health !== "ok")).toEqual([]);
  expect(health).toBe("ok");
  expect(parts.at(-1)?.text).toBe("none sent yet; next in 10 min");
});

test("a hotspot without GPS has no part for it", () => {
  const { gps: _, ...without } = HEALTHY;
  expect(assess(without).parts.map(({ title }) => title)).not.toContain("GPS");
});

describe("what is wrong, and what to do about it", () => {
  const cases: [title: string, change: Partial<AgentStatus>, health: string, text: RegExp][] = [
    ["Radio", radio({ state: "lost", reason: "Cannot bind" }), "broken", /Cannot bind/],
    ["Radio", radio({ forwarders: [] }), "broken", /No packet forwarder has connected in 1 d/],
    [
      "Radio",
      radio({ forwarders: [{ gatewayEui: "00", lastSeenMs: secondsAgo(300), canTransmit: false }] }),
      "broken",
      /last heard 5 min ago/,
    ],
    [
      "Radio",
      radio({ forwarders: [{ gatewayEui: "00", lastSeenMs: secondsAgo(3), canTransmit: false }] }),
      "attention",
      /does not ask for work/,
    ],
    ["Radio", radio({ lastFrameAtMs: secondsAgo(7200) }), "attention", /Nothing heard for 2 h/],
    [
      "Radio",
      radio({ refusals: { frames: 100, refused: 100, reason: "frame_crc_unknown" } }),
      "broken",
      /^100 of the last 100 frames were refused: frames without "stat"/,
    ],
    ["Radio", radio({ refusals: { frames: 2, refused: 2, reason: "frame_data" } }), "attention", /^2 of the/],
    ["Radio", modem({ refusals: { frames: 50, refused: 10, reason: "frame_data" } }), "attention", /^10 of/],
    ["Radio", radio({ refusals: { frames: 50, refused: 9, reason: "frame_data" } }), "ok", /frames heard/],
    ["Radio", radio({ refusals: { frames: 50, refused: 0 } }), "ok", /frames heard/],
    [
      "Radio",
      radio({ forwarders: [{ ...FORWARDER, gatewayEui: "aa555a0000000000", sharedBy: ["a:1", "b:2"] }] }),
      "attention",
      /^2 concentrators use the EUI AA555A0000000000, which is the one it is shipped with: a:1, b:2$/,
    ],
    [
      "Radio",
      radio({ forwarders: [{ ...FORWARDER, gatewayEui: "0016c001ff10a235", sharedBy: ["a:1", "b:2"] }] }),
      "attention",
      /EUI 0016C001FF10A235: a:1, b:2$/,
    ],
    [
      "Radio",
      radio({ gpsWeekRollovers: 1 }),
      "attention",
      /^The concentrator's GPS is 1024 weeks back.*12 frames/,
    ],
    [
      "Radio",
      radio({ statuses: [{ ...CONCENTRATOR, hearing: DEAF }] }),
      "broken",
      /is deaf: .* nothing for 2 h/,
    ],
    [
      "Radio",
      radio({ statuses: [{ ...CONCENTRATOR, radioCounts: [chain(0, 900), chain(1, 3)] }] }),
      "attention",
      /radio 1 heard 3 frames, radio 0 900/,
    ],
    ["Radio", radio({ statuses: [{ ...CONCENTRATOR, rxOffPlan: 800 }] }), "attention", /800 of 1000 frames/],
    ["Radio", modem({ sharedWith: ["cat (process 7)"] }), "attention", /reads its port too: cat/],
    ["Radio", modem({ state: "lost", reason: "in use", trouble: "in-use" }), "broken", /in use; lost/],
    ["Radio", modem({ cautions: ["Its firmware is old"] }), "attention", /firmware is old/],
    ["Radio", modem({ lastFrameAtMs: secondsAgo(7200) }), "ok", /one channel and one spreading factor only/],
    ["GPS", gps({ integrity: doubtful }), "attention", /^Position off\. Something covers it$/],
    [
      "Machine",
      machine({ underVoltage: true }),
      "broken",
      /voltage is too low now: 51\.0 °C, load 0\.40 on 4/,
    ],
    ["Machine", machine({ diskFreeBytes: 10 }), "attention", /nearly full: .*disk 99% full/],
    ["Machine", machine({ cpuTemperatureC: 85 }), "attention", /Hot: 85\.0 °C/],
    ["Machine", machine({ throttled: true }), "attention", /slows itself down/],
    ["Machine", machine({ load1min: 17 }), "attention", /Overloaded/],
    ["Machine", machine({ underVoltageOccurred: true }), "attention", /too low before/],
    ["Machine", machine({ links: [wifi(-88)] }), "attention", /signal of wlan0 is weak: .*wlan0 -88 dBm/],
    ["Machine", machine({ links: [wifi(-60)] }), "ok", /wlan0 -60 dBm/],
    ["Beacon", radio({ cannotBeacon: "nobody hears it" }), "attention", /None is sent: nobody hears it/],
    ["GPS", gps({ state: "lost", sinceMs: 0, reason: "no such device" }), "broken", /no such device/],
    ["GPS", gps({ state: "searching", sinceMs: secondsAgo(100) }), "broken", /No reading in 1 min/],
    ["GPS", gps({ state: "searching", sinceMs: secondsAgo(5) }), "attention", /Waiting/],
    ["GPS", gps({ state: "searching", sinceMs: 0, garbageBytes: 900 }), "broken", /not what was expected/],
    ["GPS", gps({ lastAtMs: secondsAgo(50) }), "broken", /Silent for 50 s/],
    ["GPS", gps({ reading: fix({ mode: 1 }) }), "attention", /No fix/],
    [
      "GPS",
      gps({ reading: fix({ mode: 1, rejectedFix: { mode: 3, latDeg: 48, lonDeg: 11 } }) }),
      "attention",
      /rejects its own fix/,
    ],
    [
      "GPS",
      gps({ reading: fix({ mode: 1, falseFix: "at-zero" }) }),
      "attention",
      /No fix: it says latitude 0, longitude 0/,
    ],
    [
      "GPS",
      gps({ reading: fix({ mode: 1, falseFix: "no-satellites" }) }),
      "attention",
      /No fix: it says one of 0 satellites/,
    ],
    [
      "GPS",
      {
        ...gps({ reading: fix({ latDeg: -33.87, lonDeg: 151.21 }) }),
        hotspot: { id: "z6Mk", name: "a-b-c", asserted: { latE7: 338_700_000, lonE7: 1_512_100_000 } },
      },
      "attention",
      /GPS is 7532 km from the position in \[hotspot\]: its latitude is of the other hemisphere/,
    ],
    ["GPS", gps({ reading: fix({ antenna: "open" }) }), "broken", /antenna is not connected/],
    [
      "Broker",
      { broker: { state: "lost", sinceMs: secondsAgo(10), reason: "x" } },
      "attention",
      /for 10 s: x/,
    ],
    [
      "Broker",
      { broker: { state: "lost", sinceMs: secondsAgo(600), reason: "x" } },
      "broken",
      /for 10 min: x/,
    ],
    [
      "Outbox",
      { outbox: { ...HEALTHY.outbox, failure: { why: "disk is full", lost: 3, sinceMs: secondsAgo(300) } } },
      "broken",
      /^Packets cannot be stored for 5 min, 3 were lost: disk is full$/,
    ],
    [
      "Outbox",
      { outbox: { ...HEALTHY.outbox, damagedFile: "/var/lib/earshot/outbox.db.corrupt" } },
      "attention",
      /It was damaged: what could not be read in it is lost; the old file is .*outbox\.db\.corrupt$/,
    ],
    ["Outbox", { outbox: { ...HEALTHY.outbox, dropped: 4 } }, "attention", /4 were dropped/],
    ["Clock and entropy", { atMs: 1000 }, "broken", /stands at 1970/],
    [
      "Clock and entropy",
      {
        ...gps({ reading: fix({ timeMs: NOW_MS + 60_000 }) }),
        entropy: { ...HEALTHY.entropy, isLive: false } as AgentStatus["entropy"],
      },
      "attention",
      /1 min apart: nothing tells yet which/,
    ],
    [
      "GPS",
      gps({ reading: fix({ timeMs: secondsAgo(61) }) }),
      "attention",
      /1 min behind: the network agrees/,
    ],
    [
      "Clock and entropy",
      {
        entropy: { ...HEALTHY.entropy, atMs: NOW_MS + 90_000 } as AgentStatus["entropy"],
        ...gps({ reading: fix({ mode: 1 }) }),
      },
      "broken",
      /1 min behind the network/,
    ],
    [
      "Clock and entropy",
      {
        entropy: {
          ...HEALTHY.entropy,
          ...{ atMs: secondsAgo(1800), isLive: false },
        } as AgentStatus["entropy"],
      },
      "broken",
      /^The last entropy is 30 min old$/,
    ],
    [
      "Clock and entropy",
      {
        entropy: {
          ...HEALTHY.entropy,
          ...{ atMs: NOW_MS + 60 * 86_400_000, aheadMs: 60 * 86_400_000 },
        } as AgentStatus["entropy"],
        ...gps({ reading: fix({ mode: 1 }) }),
      },
      "broken",
      /^The network's time went ahead by 60 d at once, and this machine's clock did not$/,
    ],
    [
      "Clock and entropy",
      {
        entropy: { ...HEALTHY.entropy, atMs: secondsAgo(60 * 86_400) } as AgentStatus["entropy"],
        ...gps({ reading: fix({ mode: 1 }) }),
      },
      "broken",
      /^The clock is 60 d ahead of the network's, whose entropy came 30 s ago$/,
    ],
    [
      "Clock and entropy",
      { entropy: { ...HEALTHY.entropy, isChainBroken: true } as AgentStatus["entropy"] },
      "attention",
      /did not continue/,
    ],
    ["Beacon", lostWindows(1), "attention", /^Lost in the last window: why; 7 sent, the last 1 d ago$/],
    ["Beacon", lostWindows(3), "broken", /^Lost in the last 3 windows: why/],
    [
      "Beacon",
      { schedule: { window: 1, entropyIndex: 9, atMs: secondsAgo(600), state: "waiting" } },
      "attention",
      /^This window's is due since 10 min, and its entropy has not come; none sent yet$/,
    ],
    [
      "Beacon",
      { schedule: { window: 1, entropyIndex: 9, atMs: 0, state: "missed", reason: "not running" } },
      "attention",
      /^This window's was missed: not running/,
    ],
  ];
  for (const [title, change, health, text] of cases) {
    test(`${title}: ${text.source}`, () => {
      const status = { ...HEALTHY, ...change };
      const part = assess(status).parts.find((one) => one.title === title);
      expect(part?.text).toMatch(text);
      expect(part?.health).toBe(health as "ok");
      if (health === "broken") expect(part?.advice).toMatch(/^[A-Z].{20,}/);
    });
  }
});

test("durations as people say them", () => {
  expect([0, 999, 59_999, 60_000, 7_199_999, 90_000_000].map(duration)).toEqual([
    "0 s",
    "0 s",
    "59 s",
    "1 min",
    "1 h",
    "1 d",
  ]);
});
