import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { systemClock } from "@earshot/protocol/runtime";
import { ManualClock } from "@earshot/protocol/testing";
import type { DatagramSocket } from "../driver.ts";
import { bindUdp } from "../link/udp-socket.ts";
import { MemoryNetwork } from "../testing/memory-network.ts";
import type { LoraReading, RadioFrame } from "./lora-reading.ts";
import { openSemtechUdp } from "./semtech-udp.ts";
import { TestForwarder } from "./test-forwarder.ts";

const FOLDER = new URL("../../../../shared/data/forwarder/", import.meta.url);
const RECORDINGS = ["gwmp-normal.log", "gwmp-navstatus.log"];
const LINE = /^[\d.]+ (PUSH_DATA|PULL_DATA|TX_ACK) port=\d+ tok=([0-9a-f]{4}) eui=([0-9a-f]{16}) b'(.*)'$/;
const ANY = { host: "127.0.0.1", port: 0 };
const present = existsSync(new URL("gwmp-normal.log", FOLDER));

type Bind = () => Promise<DatagramSocket>;
const network = new MemoryNetwork();
const NETWORKS: [string, Bind][] = [
  ["in memory", async () => network.bind(ANY)],
  ["over a real socket", () => bindUdp(ANY)],
];
const cases = RECORDINGS.flatMap((name) => NETWORKS.map(([how, bind]) => [name, how, bind] as const));

/** Sends every recorded datagram in its order and hands back all readings. */
async function replay(text: string, bind: Bind, clock = new ManualClock()) {
  const socket = await bind();
  await using driver = openSemtechUdp({ socket, clock });
  const forwarder = new TestForwarder({ up: await bind(), down: await bind(), server: socket.local });
  for (const line of text.split("\n")) {
    const [, type, token = "", , json = ""] = LINE.exec(line) ?? [];
    if (type === "PUSH_DATA") await forwarder.push(json, Number.parseInt(token, 16));
    if (type === "PULL_DATA") await forwarder.pull(Number.parseInt(token, 16));
    if (type === "TX_ACK") await forwarder.txAck(Number.parseInt(token, 16), json);
    // The stat of the next line is reported only if a second has passed.
    await clock.advance(1_000);
  }
  await forwarder.pull();
  const readings = await takeAll(driver, expectedReadings(text));
  const counts = driver.counts();
  await forwarder.close();
  return { readings, counts };
}

async function takeAll(driver: AsyncIterable<LoraReading>, count: number): Promise<LoraReading[]> {
  const readings: LoraReading[] = [];
  for await (const reading of driver) if (readings.push(reading) === count) break;
  return readings;
}

/** Counted in the log's own text, by nothing that the driver uses. */
const occurrences = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0;
const goodFrames = (text: string) => occurrences(text, /"stat":1,/g);
const expectedReadings = (text: string) => goodFrames(text) + occurrences(text, /"stat":\{/g);

test.skipIf(!present).each(cases)("%s %s: every frame with a good CRC comes out", async (name, how, bind) => {
  const text = readFileSync(new URL(name, FOLDER), "utf8");
  const { readings, counts } = await replay(text, bind);
  const frames = readings.filter((reading): reading is RadioFrame => reading.kind === "frame");
  console.log(`${name} ${how}: ${frames.length} frames out of ${goodFrames(text)} with a good CRC`);
  expect(goodFrames(text)).toBeGreaterThan(0);
  expect(frames).toHaveLength(goodFrames(text));
  expect(counts).toMatchObject({
    frames: expectedReadings(text),
    noise: occurrences(text, /"stat":-1,/g),
    badFrames: occurrences(text, /"stat":-1,/g),
    garbageBytes: 0,
    duplicates: 0,
    droppedReadings: 0,
    strayAcks: occurrences(text, / TX_ACK /g),
  });
});

test.skipIf(!present).each(RECORDINGS)("%s: nan and inf are absent, -0 is 0, FSK is FSK", async (name) => {
  const text = readFileSync(new URL(name, FOLDER), "utf8");
  const { readings } = await replay(text, async () => network.bind(ANY));
  const frames = readings.filter((reading): reading is RadioFrame => reading.kind === "frame");
  expect(frames.map(({ modulation, rssiDbm, snrDb }) => [modulation, rssiDbm, snrDb])).toEqual([
    ["lora", -60, 9.2],
    ["lora", -130, -19.8],
    ["lora", undefined, undefined],
    ["lora", 0, undefined],
    ["fsk", -90, undefined],
  ]);
});

test.skipIf(!present).each(RECORDINGS)(
  "%s: GPS time is right in both, even beside a time of 1999",
  async (name) => {
    const text = readFileSync(new URL(name, FOLDER), "utf8");
    const { readings } = await replay(text, async () => network.bind(ANY));
    const reported = readings.flatMap((reading) => (reading.kind === "frame" && reading.gpsTimeMs) || []);
    // The forwarder's own clock, two seconds later in the recording: its first stat.
    const statMs = Date.parse(`${/"stat":\{"time":"([^"]+) GMT"/.exec(text)?.[1]}Z`);
    expect(reported).toHaveLength(3);
    for (const atMs of reported) expect(Math.abs(statMs - 2_000 - atMs)).toBeLessThan(2_000);
  },
);

/** Read from the log's own text by nothing that the driver uses. */
const numberIn = (rxpk: string, key: string) => {
  const found = new RegExp(`"${key}":(-?\\d+)[,}]`).exec(rxpk)?.[1];
  return found === undefined ? undefined : Number(found) + 0;
};

test.skipIf(!present).each(RECORDINGS)(
  "%s: carrier offset, fine time and what the level is of",
  async (name) => {
    const text = readFileSync(new URL(name, FOLDER), "utf8");
    const { readings } = await replay(text, async () => network.bind(ANY));
    const frames = readings.filter((reading): reading is RadioFrame => reading.kind === "frame");
    const written = (text.match(/\{"jver"[^}]*\}/g) ?? []).filter((rxpk) => rxpk.includes('"stat":1,'));
    expect(frames.map((frame) => frame.freqOffsetHz)).toEqual(written.map((rxpk) => numberIn(rxpk, "foff")));
    expect(frames.map((frame) => frame.fineTimeNs)).toEqual(written.map((rxpk) => numberIn(rxpk, "ftime")));
    expect(frames.map((frame) => [frame.freqOffsetHz, frame.fineTimeNs, frame.rssiKind])).toEqual([
      [-1200, undefined, "signal"],
      [0, 123_456_789, "signal"],
      [0, undefined, undefined],
      [0, undefined, "signal"],
      [undefined, undefined, "channel"],
    ]);
  },
);

test.skipIf(!present)("counters in the last status add up the intervals", async () => {
  const text = readFileSync(new URL("gwmp-normal.log", FOLDER), "utf8");
  const { readings } = await replay(text, async () => network.bind(ANY));
  const statuses = readings.filter((reading) => reading.kind === "radio");
  expect(statuses).toHaveLength(3);
  expect(statuses.at(-1)).toMatchObject({
    gatewayEui: "aa555a0000000000",
    rxOk: 5,
    rxBad: 1,
    rxNoCrc: 0,
    ackPercent: 100,
    temperatureC: 25,
    latDeg: 47.24612,
    lonDeg: 8.81398,
    altM: 499,
  });
});

test("the system clock drives it as well", async () => {
  const driver = openSemtechUdp({ socket: await bindUdp(ANY), clock: systemClock });
  await driver.close();
  expect(await Array.fromAsync(driver)).toEqual([]);
});
