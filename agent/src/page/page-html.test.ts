import { expect, test } from "bun:test";
import type { GpsReading, RadioStatus } from "@earshot/drivers";
import { type ClockReading, readClock } from "@earshot/protocol/hotspot";
import { ManualClock } from "@earshot/protocol/testing";
import { StatusBoard, sensorKey } from "../board/status-board.ts";
import { boardSource, createPage } from "./app.ts";

const CONCENTRATOR: Omit<RadioStatus, "atMs"> = {
  ...{ kind: "radio", gatewayEui: "aa555a0000000000", rxOk: 1234, rxBad: 66, rxNoCrc: 0, transmitted: 2 },
  ...{ crcErrorPermille: 51, rxOffPlan: 3, channels: 8, spreadingFactors: 6 },
  radioCounts: [{ radio: 0, rxOk: 1000, rxBad: 60, rssiDbm: -101.4 }],
  channelCounts: [{ freqHz: 868_100_000, channel: 0, rxOk: 700, rxBad: 6, rssiDbm: -97.6 }],
};

const fixAt = (atMs: number): GpsReading => ({
  ...{ kind: "gps", atMs, timeMs: atMs, mode: 3, latDeg: 47.3667, lonDeg: 8.55, satellitesUsed: 1 },
  satellites: [{ system: "G", id: 1, cn0DbHz: 40, used: true }],
  antenna: "short",
});

/** The text of the page of a hotspot with a radio, a receiver and one sensor. */
async function pageText(fill: (board: StatusBoard, present: ClockReading) => void): Promise<string> {
  const clock = new ManualClock();
  const board = new StatusBoard();
  board.begin(
    {
      ...{ startedElapsedMs: clock.elapsedMs(), version: "1", network: "test", hasGps: true },
      ...{ hotspot: { id: "z6Mk", name: "a-b-c" }, sensors: [{ source: "roof", type: "json-lines" }] },
    },
    () => ({ queued: 0, acknowledged: 0, postponed: 0, writes: 0, dropped: 0, bytes: 0 }),
  );
  fill(board, readClock(clock));
  const html = await (
    await createPage(boardSource(board, clock), (host) => host === "127.0.0.1:4480").request("/")
  ).text();
  return html
    .replace(/<style>.*<\/style>/s, "")
    .replace(/<[^>]*>/g, "|")
    .replace(/[|\s]*\|[|\s]*/g, "|");
}

test("what each concentrator heard, by radio and channel, with the share of bad CRCs", async () => {
  const text = await pageText((board, { nowMs: atMs, elapsedMs }) => {
    const forwarders = () => [
      { gatewayEui: "aa555a0000000000", lastSeenMs: atMs, canTransmit: true },
      { gatewayEui: "bb", lastSeenMs: atMs, canTransmit: false },
    ];
    const counts = () => ({ frames: 1, badFrames: 0, garbageBytes: 0, droppedReadings: 0 });
    board.devices.opened("radio", { name: "semtech-udp", counts, forwarders });
    board.radio.addStatus({ ...CONCENTRATOR, atMs }, elapsedMs);
  });
  expect(text).toContain("|Last counters|0 s ago|Last datagram|0 s ago|Asks for transmissions|yes|");
  expect(text).toContain("|Concentrator bb|Last datagram|0 s ago|Asks for transmissions|no|");
  expect(text).toContain("Concentrator aa555a0000000000");
  expect(text).toContain("Hears at once|8 channels, 6 spreading factors");
  expect(text).toContain("Good frames|1,234|Bad CRC|66 (5.1%)");
  expect(text).toContain("Off the channel plan|3");
  expect(text).toContain("|868.10 MHz|700|6|-98 dBm|");
  expect(text).toContain("|0|1,000|60|-101 dBm|");
});

test("a modem that hears one channel and one spreading factor, and cannot beacon, is shown with both", async () => {
  const text = await pageText((board, { nowMs: atMs, elapsedMs }) => {
    const counts = () => ({ frames: 1, badFrames: 0, garbageBytes: 0, droppedReadings: 0 });
    board.devices.opened("radio", { name: "modem", counts, cannotBeacon: "nobody hears it" });
    board.radio.addStatus(
      {
        ...{ kind: "radio", atMs, rxOk: 1, rxBad: 0, rxNoCrc: 0, transmitted: 0 },
        ...{ channels: 1, spreadingFactors: 1 },
      },
      elapsedMs,
    );
  });
  expect(text).toContain("Hears at once|one channel, one spreading factor");
  expect(text).toContain("Beacons|none: nobody hears it");
});

test("where the receiver is, how it hears, and what was noticed of it", async () => {
  const text = await pageText((board, { nowMs, elapsedMs }) => {
    board.countReading("gps", elapsedMs);
    board.addGps(fixAt(nowMs), elapsedMs);
  });
  expect(text).toContain("Fix|3D|Position|47.36670, 8.55000");
  expect(text).toContain("Antenna|short");
  expect(text).toContain("! The receiver says that");
});

test("every quantity of a sensor in words, and names from outside do no harm", async () => {
  const text = await pageText((board, { elapsedMs }) => {
    board.countReading(sensorKey("roof"), elapsedMs);
    board.sensors.add("roof", { pm2_5_ug_per_m3: 4.26, power_w: 12, "<b>odd</b>": 1.5 }, elapsedMs);
  });
  expect(text).toContain("roof (json-lines)");
  expect(text).toContain("|PM2.5|4.3 µg/m³|0 s ago|");
  expect(text).toContain("|power|12.0 W|0 s ago|");
  expect(text).toContain("|&lt;b&gt;odd&lt;/b&gt;|1.5|");
});

test("what is broken comes first, and is named at the top", async () => {
  const text = await pageText((board) => board.links.set("gps", "lost", 0, { reason: "no such device" }));
  expect(text).toContain("✕ Something is broken: GPS, ");
  expect(text.indexOf("|GPS|✕ broken")).toBeLessThan(text.indexOf("|Radio|"));
});
