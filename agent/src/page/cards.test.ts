import { expect, test } from "bun:test";
import type {
  AgentStatus,
  ConcentratorFacts,
  GpsFacts,
  MachineFacts,
  RadioFacts,
} from "../board/agent-status.ts";
import type { Assessment } from "../health/assess.ts";
import type { Part } from "../health/part.ts";
import type { Html } from "./html.ts";
import { gpsCard, machineCard, sensorCard } from "./measured-cards.ts";
import { packetCards } from "./packet-cards.ts";
import { statusPage } from "./page-html.ts";
import { radioCards } from "./radio-cards.ts";

const NOW_MS = Date.UTC(2026, 5, 1, 12);
const GIB = 2 ** 30;

const textOf = (html: Html | undefined): string =>
  `|${html ?? ""}|`
    .replace(/<style>.*<\/style>/s, "")
    .replace(/<[^>]*>/g, "|")
    .replaceAll("&#39;", "'")
    .replace(/[|\s]*\|[|\s]*/g, "|");
/** What stands behind a label in a list of facts. */
const factIn = (html: Html | undefined, label: string): string | undefined =>
  textOf(html).split(`|${label}|`)[1]?.split("|")[0];

type Reading = NonNullable<GpsFacts["reading"]>;
const gps = (reading: Partial<Reading> = {}, integrity?: Partial<NonNullable<GpsFacts["integrity"]>>) =>
  gpsCard({
    ...{ state: "ok", sinceMs: 0, opened: 1, lost: 0, readings: 1 },
    reading: { atMs: 0, timeMs: 0, mode: 3, inView: 9, ...reading },
    ...(integrity && {
      integrity: { fromMs: 0, toMs: 0, readings: 1, flags: 0, findings: [], ...integrity },
    }),
  } as GpsFacts);

test("what a receiver does not tell is not shown", () => {
  expect(gpsCard({ state: "ok", sinceMs: 0, opened: 1, lost: 0, readings: 0 })).toBeUndefined();
  expect(textOf(gps())).toBe("|GPS|Fix|3D|Satellites|0 used, 9 in view|");
  for (const [label, reading] of [
    ["Position", { latDeg: 1 }],
    ["Position", { lonDeg: 1 }],
  ] as const) {
    expect(factIn(gps(reading), label)).toBeUndefined();
  }
});

test.each<[label: string, text: string, html: Html | undefined]>([
  ["Fix", "none", gps({ mode: 1 })],
  ["Fix", "2D", gps({ mode: 2 })],
  ["Position", "-33.86880, 151.20930", gps({ latDeg: -33.8688, lonDeg: 151.2093 })],
  ["Altitude", "413 m", gps({ altMslM: 412.6 })],
  ["Satellites", "7 used, 9 in view", gps({ satellitesUsed: 7 })],
  ["Signals", "38 ± 4.3 dB-Hz", gps({}, { cn0: { meanDbHz: 37.6, spreadDb: 4.25 } } as never)],
  ["Off its own mean", "2.4 m", gps({}, { offM: { latest: 2.44 } } as never)],
  ["This machine's clock", "12 ms ahead of GPS (by arrival)", gps({}, { hostClockOffsetMs: 12.4 })],
  ["This machine's clock", "0 ms ahead of GPS (by arrival)", gps({}, { hostClockOffsetMs: 0 })],
  [
    "This machine's clock",
    "0.012 ms behind GPS (by pulse)",
    gps({}, { hostClockOffsetMs: -0.0124, hostClockOffsetBy: "pulse" } as never),
  ],
  ["Antenna", "open", gps({ antenna: "open" })],
  ["Jamming", "warning", gps({ jamming: "warning" }, { maxJammingIndicator: 30 })],
  ["Jamming", "30", gps({}, { maxJammingIndicator: 30 })],
  ["Spoofing", "none", gps({ spoofing: "none" })],
])("%s of a receiver: %s", (label, text, html) => {
  expect(factIn(html, label)).toBe(text);
});

const machine = (change: Partial<NonNullable<MachineFacts["reading"]>>) =>
  machineCard({
    ...{ state: "ok", sinceMs: 0, opened: 1, lost: 0, readings: 1 },
    reading: {
      ...{ atMs: 0, cpuTemperatureC: null, load1min: null, cores: null, uptimeS: null, disks: [], links: [] },
      ...{ memoryTotalBytes: null, memoryAvailableBytes: null, diskTotalBytes: null, diskFreeBytes: null },
      ...{ underVoltage: null, underVoltageOccurred: null, throttled: null, ...change },
    },
  } as MachineFacts);

test("what a machine does not tell is not shown", () => {
  expect(machineCard({ state: "ok", sinceMs: 0, opened: 1, lost: 0, readings: 0 })).toBeUndefined();
  expect(textOf(machine({}))).toBe("|Machine|");
  expect(textOf(machine({ memoryTotalBytes: GIB }))).toBe("|Machine|");
  expect(textOf(machine({ memoryAvailableBytes: GIB }))).toBe("|Machine|");
});

const disk = { device: "mmcblk0", writtenBytes: 12.34 * GIB, lifeUsedPercent: null };
const link = { name: "eth0", isConnected: true, speedMbps: 100, signalDbm: null, qualityPercent: null };
test.each<[label: string, text: string, html: Html | undefined]>([
  ["Processor", "51.0 °C", machine({ cpuTemperatureC: 51 })],
  ["Load", "0.41 on 4 cores", machine({ load1min: 0.412, cores: 4 })],
  ["Load", "0.41 on ? cores", machine({ load1min: 0.412 })],
  ["Memory", "0.5 of 2.0 GiB free", machine({ memoryAvailableBytes: GIB / 2, memoryTotalBytes: 2 * GIB })],
  ["Disk", "60% full", machine({ diskTotalBytes: 1000, diskFreeBytes: 400 })],
  ["Storage", "mmcblk0: 12.3 GiB written", machine({ disks: [disk as never] })],
  [
    "Storage",
    "mmcblk0: 12.3 GiB written, mmcblk0: 12.3 GiB written, up to 20% of its life used",
    machine({ disks: [disk, { ...disk, lifeUsedPercent: 20 }] as never }),
  ],
  ["Supply", "well", machine({ underVoltage: false })],
  ["Supply", "well", machine({ underVoltageOccurred: false })],
  ["Supply", "too low now", machine({ underVoltage: true, underVoltageOccurred: true })],
  ["Supply", "was too low since the start", machine({ underVoltage: false, underVoltageOccurred: true })],
  ["Network", "eth0 100 Mbit/s, eth0 100 Mbit/s", machine({ links: [link, link] as never })],
  ["Running for", "2 d", machine({ uptimeS: 2 * 86_400 })],
])("%s of a machine: %s", (label, text, html) => {
  expect(factIn(html, label)).toBe(text);
});

test("a sensor's quantities stand in a table, one that told nothing has none", () => {
  const device = { state: "ok", sinceMs: 0, opened: 1, lost: 0, readings: 1 } as const;
  const sensor = { ...device, source: "roof", type: "sds011" };
  expect(sensorCard({ ...sensor, quantities: {} }, NOW_MS)).toBeUndefined();
  const quantities = { pm2_5_ug_per_m3: { value: 4.26, atMs: NOW_MS - 5000 } };
  expect(textOf(sensorCard({ ...sensor, quantities }, NOW_MS))).toBe(
    "|roof (sds011)|Quantity|Value|Last|PM2.5|4.3 µg/m³|5 s ago|",
  );
});

const STATUS: ConcentratorFacts = { atMs: NOW_MS - 9000, rxOk: 1234, rxBad: 66, rxNoCrc: 0, transmitted: 2 };
const radio = (change: Partial<RadioFacts> = {}): RadioFacts => ({
  ...{ state: "ok", sinceMs: 0, opened: 1, lost: 0, readings: 1, framesHeard: 0, statuses: [], channels: [] },
  ...change,
});
const concentrator = (change: Partial<ConcentratorFacts>, of: Partial<RadioFacts> = {}) =>
  radioCards(radio({ statuses: [{ ...STATUS, ...change }], ...of }), NOW_MS)[0];
const hearing = (state: "learning" | "well" | "deaf", framesPerHour: number) =>
  concentrator({
    hearing: { state, framesPerHour, silentMs: 7_200_000, expectedFrames: 1, chance: 1 } as never,
  });

test.each<[label: string, text: string | undefined, html: Html | undefined]>([
  ["Hears at once", undefined, concentrator({})],
  ["Hears at once", "8 channels", concentrator({ channels: 8 })],
  ["Hears at once", "6 spreading factors", concentrator({ spreadingFactors: 6 })],
  ["Hears at once", "1 channels, 6 spreading factors", concentrator({ channels: 1, spreadingFactors: 6 })],
  ["Hears at once", "one channel, one spreading factor", concentrator({ channels: 1, spreadingFactors: 1 })],
  ["Good frames", "1,234", concentrator({})],
  ["Bad CRC", "66", concentrator({})],
  ["Bad CRC", "66 (5.1%)", concentrator({ crcErrorPermille: 51 })],
  ["Without CRC", undefined, concentrator({})],
  ["Without CRC", "1", concentrator({ rxNoCrc: 1 })],
  ["Off the channel plan", "0", concentrator({ rxOffPlan: 0 })],
  ["Transmitted", "2", concentrator({})],
  ["Acknowledged to it", "99%", concentrator({ ackPercent: 99 })],
  ["Temperature", "31.5 °C", concentrator({ temperatureC: 31.46 })],
  ["Last counters", "9 s ago", concentrator({})],
  ["Hearing", "learning what is usual", hearing("learning", 0)],
  ["Hearing", "well; 9.9 frames an hour are usual, silent for 2 h", hearing("well", 9.94)],
  ["Hearing", "deaf; 10 frames an hour are usual, silent for 2 h", hearing("deaf", 10.4)],
  ["Beacons", "none: nobody hears it", concentrator({}, { cannotBeacon: "nobody hears it" })],
])("%s of a concentrator: %p", (label, text, html) => {
  expect(factIn(html, label)).toBe(text);
});

test("frames by channel stand in a card of their own only where no concentrator counts them itself", () => {
  const channels = [{ freqHz: 868_300_000, frames: 1200, lastAtMs: NOW_MS - 1000, bestRssiDbm: -80.4 }];
  const titles = (of: Partial<RadioFacts>) =>
    radioCards(radio(of), NOW_MS).map((html) => textOf(html).split("|")[1]);
  expect(titles({ channels })).toEqual(["Channels"]);
  expect(titles({ statuses: [STATUS] })).toEqual(["Radio module"]);
  const counted = { ...STATUS, channelCounts: [{ freqHz: 868_100_000, rxOk: 7, rxBad: 6 }] };
  expect(titles({ channels, statuses: [counted] as never })).toEqual(["Radio module"]);
  expect(textOf(radioCards(radio({ channels }), NOW_MS)[0])).toBe(
    "|Channels|Channel|Frames|Best RSSI|Last|868.30 MHz|1,200|-80 dBm|1 s ago|",
  );
  expect(textOf(radioCards(radio({ statuses: [counted] as never }), NOW_MS)[0])).toEndWith(
    "|Channel|Good|Bad CRC|Mean RSSI|868.10 MHz|7|6|–|",
  );
});

const SENT = {
  atMs: NOW_MS - 60_000,
  entropyIndex: 1,
  freqHz: 868_100_000,
  spreadingFactor: 9,
  powerDbm: 13,
};
test("a beacon that was not sent is told with why, and without a power", () => {
  const card = (beacon: object) =>
    textOf(
      packetCards({
        atMs: NOW_MS,
        beacons: [{ ...SENT, ...beacon }],
        verdicts: [],
        witnesses: [],
      } as never)[0],
    );
  expect(card({ isSent: true })).toBe(
    "|Last beacons|✓ sent|, 1 min ago|868.10 MHz, SF9, 13 dBm, 11:59:00 UTC|",
  );
  expect(card({ isSent: false, error: "TX_FREQ" })).toBe(
    "|Last beacons|✕ TX_FREQ|, 1 min ago|868.10 MHz, SF9, 11:59:00 UTC|",
  );
  expect(card({ isSent: false })).toContain("|✕ not sent|");
});

test("what was heard and judged, and nothing of either", () => {
  const witness = { ...SENT, beaconer: "ab", rssiDbm: -101, snrDb: -3.5 };
  const verdict = {
    ...{ packetId: "0", outcome: "paid", type: "beacon", reason: "ok", measurements: [], sentence: "Paid." },
    ...{ receivedAtMs: NOW_MS - 7000, parametersHash: "5a" },
  };
  const { type: _, ...untyped } = verdict;
  const cards = (change: object) =>
    packetCards({ atMs: NOW_MS, beacons: [], verdicts: [], witnesses: [], ...change } as never).map(textOf);
  expect(cards({})).toEqual([
    "|Last beacons|No beacon was sent since the agent started.|",
    "|Last heard|No beacon was heard since the agent started.|",
    "|Last verdicts|No verdict came since the agent started.|",
  ]);
  expect(cards({ witnesses: [witness] })[1]).toBe(
    "|Last heard|-101 dBm, SNR -3.5 dB|, 1 min ago|from ab, 868.10 MHz, SF9, 11:59:00 UTC|",
  );
  expect(cards({ verdicts: [verdict, untyped] })[2]).toBe(
    "|Last verdicts|✓ paid|(beacon), 7 s ago|Paid.|by rules 5a|✓ paid|, 7 s ago|Paid.|by rules 5a|",
  );
});

const DEVICE = { sinceMs: 0, opened: 1, lost: 0, readings: 9 } as const;
function page(change: Partial<AgentStatus> = {}, parts: Part[] = []): string {
  const health = parts.length === 0 ? "ok" : "attention";
  return textOf(
    statusPage(
      {
        ...{ atMs: NOW_MS, startedAtMs: NOW_MS - 3_600_000, version: "1", network: "test" },
        ...{ hotspot: { id: "z6Mk", name: "a-b-c" }, radio: radio({ lastAtMs: NOW_MS }), sensors: [] },
        ...{ beacons: [], witnesses: [], verdicts: [], losses: [] },
        ...change,
      } as unknown as AgentStatus,
      { health, parts } as Assessment,
    ),
  );
}

test("the line at the top names three troubled parts, and how many more there are", () => {
  const parts = (count: number): Part[] => [
    { title: "Fine", health: "ok", text: "well" },
    ...Array.from(
      { length: count },
      (_, i) => ({ title: `P${i + 1}`, health: "attention", text: "odd" }) as const,
    ),
  ];
  const top = (count: number) => /\|(! Needs attention[^|]*)\|/.exec(page({}, parts(count)))?.[1];
  expect([1, 3, 4, 5].map(top)).toEqual([
    "! Needs attention: P1",
    "! Needs attention: P1, P2, P3",
    "! Needs attention: P1, P2, P3 and 1 more",
    "! Needs attention: P1, P2, P3 and 2 more",
  ]);
  expect(page()).toContain("|✓ All is well|");
});

test("each line to a device is told with what goes over it", () => {
  const busy = {
    ...DEVICE,
    state: "ok",
    frames: 12_345,
    badFrames: 6,
    garbageBytes: 7,
    droppedReadings: 8,
  } as const;
  const text = page({
    radio: radio({ lastAtMs: NOW_MS - 2000 }),
    gps: { ...busy, lastAtMs: NOW_MS - 1000, readingsPerS: 9.94 },
    sensors: [
      { ...busy, source: "roof", type: "sds011", quantities: {}, readingsPerS: 10.4, opened: 1000 },
      { ...DEVICE, state: "lost", source: "meter", type: "modbus", quantities: {} },
    ],
    machine: { ...DEVICE, state: "searching" },
  });
  const lines = text.slice(text.indexOf("|Lines to the devices|"));
  expect(lines).toStartWith(
    [
      "|Lines to the devices|Device|State|Last|A second|Frames|Damaged|Stray bytes|Dropped|Opened",
      "|Radio|speaks|2 s ago|–|–|–|–|–|1",
      "|GPS|speaks|1 s ago|9.9|12,345|6|7|8|1",
      "|roof|speaks|–|10|12,345|6|7|8|1,000",
      "|meter|lost|–|–|–|–|–|–|1",
      "|Machine|waited for|–|–|–|–|–|–|1|",
    ].join(""),
  );
});

test("what was lost is told where something was, and that nothing was measured where nothing was", () => {
  expect(page()).not.toContain("Refused, dropped or lost");
  expect(page()).toContain("|Measured|Nothing was measured since the agent started.|");
  const losses = [{ reason: "frame_data", count: 1234, text: "damaged frames" }] as AgentStatus["losses"];
  expect(page({ losses })).toContain(
    "|Refused, dropped or lost|Since the agent started:|1,234 × damaged frames|",
  );
  expect(page({ radio: radio({ statuses: [STATUS] }) })).not.toContain("Nothing was measured");
});
