import { expect, test } from "bun:test";
import fc from "fast-check";
import { unixMsToGpsMs } from "../gps-time.ts";
import type { RadioFrame } from "../lora-reading.ts";
import { TestStation, VERSION } from "./test-station.ts";
import { BEACON, TestStationServer } from "./test-station-server.ts";

test("discovery tells a station its endpoint, whatever the form of its id", async () => {
  const server = new TestStationServer();
  for (const router of ["::b827:ebff:1", '"00-00-b8-27-eb-ff-00-01"', "202481602592769"]) {
    const wire = await server.dial("/router-info");
    await wire.up(`{"router":${router.startsWith("::") ? JSON.stringify(router) : router}}`);
    expect(JSON.parse(await wire.received.next())).toEqual({
      router: "0:b827:ebff:1",
      muxs: "muxs-::1",
      uri: "ws://10.0.0.1:3001/router/0000b827ebff0001",
    });
  }
});

test("discovery answers with an error in words when it cannot serve", async () => {
  const server = new TestStationServer({ maxStations: 1 });
  const ask = async (text: string) => {
    const wire = await server.dial("/router-info");
    await wire.up(text);
    const { error } = JSON.parse(await wire.received.next());
    await wire.hangUp();
    return error;
  };
  expect(await ask("nonsense")).toContain("not a JSON object");
  expect(await ask('{"router":"::"}')).toContain("must be the station's EUI");
  await server.station("::1");
  expect(await ask('{"router":"::2"}')).toBe("Too many stations are connected");
  await expect(server.dial("/router/0000000000000002")).rejects.toThrow("503");
  expect(server.driver.counts().refusedRequests).toBe(4);
});

test("without a token nobody gets in, on either endpoint", async () => {
  const server = new TestStationServer({ tokens: ["first", "second"] });
  for (const path of ["/router-info", "/router/0000000000000001", "/elsewhere"]) {
    for (const wrong of [undefined, "", "Bearer", "Bearer third", "firs", "first second"]) {
      await expect(server.dial(path, wrong)).rejects.toThrow("401");
    }
  }
  for (const right of ["second", "Bearer first", "bearer  second "]) await server.dial("/router-info", right);
  await expect(server.dial("/elsewhere", "first")).rejects.toThrow("404");
});

test("frames, levels, times and counters are told", async () => {
  const server = new TestStationServer();
  const station = await server.station("::a");
  const gpsTimeUs = unixMsToGpsMs(server.clock.now() - 5) * 1000 + 700;
  await station.wire.up(
    `{"msgtype":"propdf","FRMPayload":"E001","DR":6,"Freq":867500000,"upinfo":{"rctx":0,"xtime":4294967297,"gpstime":${gpsTimeUs},"fts":123456789,"rssi":-130,"snr":-7.25}}`,
  );
  expect(await server.nextFrame()).toEqual({
    kind: "frame",
    atMs: server.clock.now(),
    bytes: Uint8Array.of(0xe0, 1),
    freqHz: 867_500_000,
    gatewayEui: "000000000000000a",
    channel: 5,
    radio: 0,
    rssiDbm: -130,
    snrDb: -7.25,
    tmstUs: 1,
    gpsTimeMs: server.clock.now() - 5,
    rssiKind: "channel",
    fineTimeNs: 123_456_789,
    fineTimeEncrypted: false,
    antenna: 0,
    modulation: "lora",
    spreadingFactor: 7,
    bandwidthHz: 250_000,
  } satisfies RadioFrame);
});

test.each([
  ["2.0.6(corecell/std)", "signal"],
  ["2.0.6(rpi/std)", "channel"],
  ["2.0.6(linuxV2/debugn)", "channel"],
  ["2.0.6(vendor-board/std)", undefined],
  ["3.0.0", undefined],
])("the level of a station %s is of the %s", async (version, rssiKind) => {
  const server = new TestStationServer();
  const station = await server.station("::1", VERSION.replace("2.0.6(linux/testsim)", version));
  await station.hear();
  expect((await server.nextFrame()).rssiKind).toBe(rssiKind as undefined);
});

test("which antenna heard a frame is told, and no fine time where there is none", async () => {
  const server = new TestStationServer();
  const { wire } = await server.station();
  const hear = (upinfo: object) =>
    wire.up(JSON.stringify({ msgtype: "propdf", FRMPayload: "E001", DR: 0, Freq: 868_100_000, upinfo }));
  await hear({ rctx: 1, rssi: -120, snr: 3, fts: -1 });
  const frame = await server.nextFrame();
  expect(frame.antenna).toBe(1);
  expect(frame).not.toHaveProperty("fineTimeNs");
  expect(frame).not.toHaveProperty("fineTimeEncrypted");
  await hear({ rctx: 2 ** 40, fts: 1_000_000_000 });
  const odd = await server.nextFrame();
  for (const name of ["antenna", "fineTimeNs", "rssiKind"]) expect(odd).not.toHaveProperty(name);
});

test("an uplink without upinfo is a frame still; one without frequency or data rate is none", async () => {
  const server = new TestStationServer();
  const { wire } = await server.station();
  await wire.up('{"msgtype":"propdf","FRMPayload":"E001","DR":7,"Freq":868300001}');
  expect(await server.nextFrame()).toMatchObject({ modulation: "fsk", bitRateBps: 50_000 });
  for (const broken of ['"DR":8,"Freq":868300000', '"DR":0', '"DR":0,"Freq":903900000', '"Freq":868300000']) {
    await wire.up(`{"msgtype":"propdf","FRMPayload":"E001",${broken}}`);
  }
  await wire.up('{"msgtype":"propdf","FRMPayload":"E0x1","DR":0,"Freq":868300000}');
  const { refusals, badFrames } = server.driver.counts();
  expect(Object.fromEntries(refusals.byReason)).toEqual({
    ...{ frame_fields: 1, frame_frequency: 2, frame_data_rate: 2 },
  });
  expect(refusals.recent).toEqual({ frames: 6, refused: 5, reason: "frame_fields" });
  expect(badFrames).toBe(5);
});

test("a station is told the time of the satellites only when it is known", async () => {
  let utcMs: number | undefined;
  const server = new TestStationServer({ gpsTimeMs: () => utcMs });
  const station = await server.station();
  await station.wire.up('{"msgtype":"timesync","txtime":9007199254740993}');
  utcMs = Date.UTC(2026, 10, 21, 9, 36, 24) + 0.25;
  await station.wire.up('{"msgtype":"timesync"}');
  await station.wire.up('{"msgtype":"timesync","txtime":9007199254740993}');
  // 2026-11-21T09:36:24Z is 1479289002 s after 1980-01-06, 18 leap seconds included.
  expect(await station.wire.received.next()).toBe(
    '{"msgtype":"timesync","txtime":9007199254740993,"gpstime":1479289002000250,"MuxTime":1795253784.00025}',
  );
  expect(station.wire.received.length).toBe(0);
});

test("a status comes every 30 s with counters and position, and when the position changes", async () => {
  const server = new TestStationServer();
  const station = await server.station();
  await station.hear();
  await server.nextFrame();
  await server.clock.advance(30_000);
  const first = await server.nextStatus();
  expect(first).toEqual({
    kind: "radio",
    atMs: server.clock.now(),
    gatewayEui: "0000000000000001",
    rxOk: 1,
    rxBad: 0,
    rxNoCrc: 0,
    transmitted: 0,
    channels: 8,
    spreadingFactors: 6,
  });
  const event = (evmsg: object) => station.wire.up(JSON.stringify({ msgtype: "event", evcat: "gps", evmsg }));
  await event({
    evtype: "fix",
    lat: 47.24612,
    lon: 8.81398,
    alt: 499,
    dilution: 1.1,
    satellites: 9,
    quality: 1,
  });
  expect(await server.nextStatus()).toEqual({ ...first, latDeg: 47.24612, lonDeg: 8.81398, altM: 499 });
  await event({ evtype: "fix", lat: 91, lon: 0 });
  await event({ evtype: "nofix", since: 120_000_000 });
  expect(await server.nextStatus()).toEqual(first);
  const reported = { ...first, latDeg: 1, lonDeg: 2 };
  for (const none of [
    { lat: 0, lon: 0, satellites: 7 },
    { lat: 1, lon: 3, satellites: 0 },
  ]) {
    await event({ evtype: "fix", lat: 1, lon: 2 });
    expect(await server.nextStatus()).toEqual(reported);
    await event({ evtype: "move", ...none });
    expect(await server.nextStatus()).toEqual(first);
  }
});

test("alarms are counted, and logged at most every 10 s", async () => {
  const server = new TestStationServer();
  const station = await server.station();
  for (let count = 0; count < 100; count++) await station.wire.up('{"msgtype":"alarm","text":"GPS antenna"}');
  await server.clock.advance(10_000);
  await station.wire.up('{"msgtype":"alarm"}');
  expect(server.driver.counts().alarms).toBe(101);
  expect(server.messages.filter((message) => message.includes("alarm"))).toHaveLength(2);
});

test("a station that does not answer pings is dropped, one that does is kept", async () => {
  const server = new TestStationServer();
  await server.station("::1");
  const dead = server.last;
  await server.station("::2");
  const quiet = server.last;
  if (dead === undefined || quiet === undefined) throw new Error("No connection");
  dead.isDead = true;
  await server.clock.advance(74_000);
  expect([dead.isOpen, dead.pings]).toEqual([true, 2]);
  await server.clock.advance(1_000);
  expect([dead.isOpen, quiet.isOpen]).toEqual([false, true]);
  expect(server.driver.stations().map(({ isConnected }) => isConnected)).toEqual([false, true]);
  expect(server.driver.counts().brokenConnections).toBe(1);
  expect(server.messages).toContain("A station does not answer; its connection is closed");
});

test("a discovery that lingers is ended after 15 s", async () => {
  const server = new TestStationServer();
  const wire = await server.dial("/router-info");
  await server.clock.advance(14_000);
  expect(wire.isOpen).toBe(true);
  await server.clock.advance(1_000);
  expect(wire.isOpen).toBe(false);
});

test("connections are bounded; a station that left gives its place to another", async () => {
  const server = new TestStationServer({ maxStations: 2 });
  const first = await server.station("::1");
  await server.station("::2");
  await first.wire.hangUp();
  await server.station("::3");
  expect(server.driver.stations().map(({ gatewayEui }) => gatewayEui)).toEqual([
    "0000000000000002",
    "0000000000000003",
  ]);
});

test("300 that open a WebSocket and say nothing end each other, and keep no station out or off", async () => {
  const server = new TestStationServer({ maxStations: 2 });
  await server.station("::1");
  const silent = [];
  for (let i = 0; i < 150; i++) {
    silent.push(await server.dial("/router-info"));
    silent.push(await server.dial(`/router/${(0x100 + i).toString(16).padStart(16, "0")}`));
  }
  expect(server.listener.connections).toBeLessThanOrEqual(12);
  expect(silent.at(-1)?.isOpen).toBe(true);
  await server.station("::2");
  expect(server.driver.stations().filter(({ canTransmit }) => canTransmit)).toMatchObject([
    { gatewayEui: "0000000000000001" },
    { gatewayEui: "0000000000000002" },
  ]);
  // Two that do speak are in use: a third learns of it.
  await expect(server.dial("/router/0000000000000003")).rejects.toThrow("503");
});

test("a web page, which names its origin, is refused", async () => {
  const server = new TestStationServer();
  const asked = server.listener.connect({ path: "/router-info", origin: "http://evil.example" });
  await expect(asked).rejects.toThrow("403");
});

test("after close() nothing is left, and nobody gets in", async () => {
  const server = new TestStationServer();
  await server.station();
  await server.driver.close();
  await server.clock.advance(0);
  expect([server.listener.connections, server.clock.pending]).toEqual([0, 0]);
  await expect(server.dial("/router-info")).rejects.toThrow("503");
});

test("a power that the region does not allow is refused", () => {
  for (const powerDbm of [17, Number.NaN, -21]) {
    expect(() => new TestStationServer({ powerDbm })).toThrow("EU868 allows -20 to 16");
  }
  expect(new TestStationServer({ region: "US915", powerDbm: undefined }).driver.powerDbm).toBe(21);
});

test("any message is survived, and the next good frame comes out", async () => {
  const server = new TestStationServer();
  const station = await server.station();
  const valid = station.uplinkText();
  const mutated = fc
    .tuple(fc.nat(valid.length - 1), fc.string({ maxLength: 3 }))
    .map(([at, text]) => valid.slice(0, at) + text + valid.slice(at + 1));
  const cut = fc.nat(valid.length - 1).map((at) => valid.slice(0, at));
  const types = fc.constantFrom(VERSION, '{"msgtype":"dntxed"}', '{"msgtype":"timesync","txtime":1}', "[]");
  const typed = fc
    .tuple(fc.constantFrom("event", "alarm", "updf", "jreq", "x"), fc.jsonValue())
    .map(([msgtype, v]) => JSON.stringify({ msgtype, evcat: "gps", evmsg: v, text: v, upinfo: v }));
  await fc.assert(
    fc.asyncProperty(fc.oneof(mutated, cut, types, typed, fc.string()), async (text) => {
      await station.wire.up(text);
      await station.wire.upBinary(new Uint8Array(3));
      await station.hear({ FRMPayload: "E0FFFFFF" });
      let reading = await server.next();
      while (reading.kind !== "frame" || reading.bytes.toHex() !== "e0ffffff") reading = await server.next();
    }),
    { numRuns: 300 },
  );
  expect(server.driver.counts().garbageBytes).toBeGreaterThanOrEqual(900);
});

test("what comes before the configuration is no reading", async () => {
  const server = new TestStationServer();
  const early = new TestStation(await server.dial("/router/0000000000000001"));
  await early.hear();
  expect(server.driver.counts()).toMatchObject({ staleMessages: 1, frames: 0 });
  expect(await server.driver.transmit(BEACON)).toEqual({ sent: false, error: "NO_FORWARDER" });
});
