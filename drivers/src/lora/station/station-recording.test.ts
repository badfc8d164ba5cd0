import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { ManualClock } from "@earshot/protocol/testing";
import type { LoraReading } from "../lora-reading.ts";
import { openBasicsStation } from "./basics-station.ts";
import { bigintOf, objectOf, parseLosslessObject } from "./lossless-json.ts";
import type { StationListener } from "./station-connection.ts";
import { MemoryListener } from "./test-listener.ts";
import { type DialStation, dialWebSocket, TestStation } from "./test-station.ts";
import { listenWebSocket } from "./websocket-listener.ts";

const FILE = new URL("../../../../../shared/data/forwarder/station-raw.log", import.meta.url);
const present = existsSync(FILE);
const lines = present ? readFileSync(FILE, "utf8").trim().split("\n") : [];
const sentOn = (marker: string) =>
  lines.filter((line) => line.includes(marker)).map((line) => line.slice(line.indexOf("> ") + 2));
const atMs = Date.UTC(2026, 10, 21, 9, 36, 24);

const heard = (
  hex: string,
  freqHz: number,
  channel: number,
  radio: number,
  spreadingFactor: number,
  xtime: bigint,
) => ({
  kind: "frame" as const,
  atMs,
  bytes: Uint8Array.fromHex(hex),
  freqHz,
  gatewayEui: "0000000000000001",
  channel,
  radio,
  rssiDbm: -50,
  // A build for the SX1301; its simulated radio has no fine time (fts −1).
  rssiKind: "channel" as const,
  antenna: 0,
  snrDb: 9,
  tmstUs: Number(xtime & 0xffffffffn),
  modulation: "lora" as const,
  spreadingFactor,
  bandwidthHz: 125_000,
});

/** As the simulated radio was told to hear them. */
const EXPECTED: LoraReading[] = [
  heard("40010000000007000168656c6c6f01000000", 868_100_000, 0, 1, 7, 37_999_122_125_375_659n),
  heard("00010203040506070811121314151617183412deadbeef", 868_300_000, 1, 1, 12, 37_999_122_125_375_820n),
  heard("e070726f707269657461727920626561636f6e", 868_500_000, 2, 1, 9, 37_999_122_125_375_859n),
  heard("2041414141414141414141414141414141", 868_500_000, 2, 1, 9, 37_999_122_125_375_914n),
];

async function replay(listener: StationListener, dial: DialStation): Promise<LoraReading[]> {
  await using driver = openBasicsStation({ listener, clock: new ManualClock(atMs), region: "EU868" });
  const [discovery = ""] = sentOn("INFOS>");
  const station = await TestStation.connect(dial, JSON.parse(discovery).router);
  for (const text of sentOn("STATION>")) await station.wire.up(text);
  const readings: LoraReading[] = [];
  for await (const reading of driver) {
    readings.push(reading);
    if (readings.length === EXPECTED.length) break;
  }
  const { frames, badFrames } = driver.counts();
  // The discovery, two versions (the scripted station's and the recorded one) and the frames.
  expect({ frames, badFrames }).toEqual({ frames: 3 + EXPECTED.length, badFrames: 0 });
  return readings;
}

test.skipIf(!present)("the recording of a real station: every frame comes out, in memory", async () => {
  const listener = new MemoryListener();
  const readings = await replay(listener, (path) => listener.connect({ path, host: "localhost:6038" }));
  expect(readings).toEqual(EXPECTED);
  console.log(`station-raw.log: ${readings.length} of ${sentOn("upinfo").length} frames as they were on air`);
});

test.skipIf(!present)("the recording of a real station: the same over a real WebSocket", async () => {
  const listener = await listenWebSocket({ host: "127.0.0.1", port: 0, clock: new ManualClock() });
  const dial: DialStation = (path) => dialWebSocket(`ws://127.0.0.1:${listener.local.port}${path}`);
  expect(await replay(listener, dial)).toEqual(EXPECTED);
});

test.skipIf(!present)("every recorded xtime is read to the last digit", () => {
  const texts = sentOn("upinfo");
  const xtimes = texts.map((text) =>
    bigintOf(objectOf(parseLosslessObject(text) ?? {}, "upinfo") ?? {}, "xtime"),
  );
  const asWritten = texts.map((text) => BigInt(/"xtime":(\d+)/.exec(text)?.[1] ?? 0));
  expect(xtimes).toEqual(asWritten);
  expect(xtimes).toHaveLength(4);
});
