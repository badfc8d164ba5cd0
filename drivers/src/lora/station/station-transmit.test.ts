import { expect, test } from "bun:test";
import { BEACON, TestStationServer } from "./test-station-server.ts";

test("a beacon goes out at once, with a CRC, and dntxed confirms it", async () => {
  const server = new TestStationServer();
  const station = await server.station("::5");
  const result = server.driver.transmit(BEACON);
  const dnmsg = await station.next();
  expect(dnmsg).toEqual({
    msgtype: "dnmsg",
    DevEui: "00-00-00-00-00-00-00-05",
    dC: 2,
    diid: expect.any(Number),
    pdu: "e00102",
    RX2DR: 3,
    RX2Freq: 868_100_000,
    RxDelay: 1,
    priority: 0,
    addcrc: 1,
    MuxTime: server.clock.now() / 1000,
  });
  await station.sent(dnmsg, 37_999_122_125_375_659n);
  const tmstUs = Number(37_999_122_125_375_659n & 0xffffffffn);
  expect(await result).toEqual({ sent: true, powerDbm: 14, tmstUs });
  expect(server.clock.pending).toBe(1);
  await server.clock.advance(30_000);
  expect(await server.nextStatus()).toMatchObject({ transmitted: 1 });
});

test("the power is the configured one: more may be asked for, less is refused", async () => {
  const server = new TestStationServer({ powerDbm: 12 });
  const station = await server.station();
  const result = server.driver.transmit({ ...BEACON, powerDbm: 16 });
  await station.sent(await station.next());
  expect(await result).toMatchObject({ sent: true, powerDbm: 12 });
  expect(await server.driver.transmit({ ...BEACON, powerDbm: 11.9 })).toEqual({
    sent: false,
    error: "TX_POWER",
  });
});

test("a station that says nothing within 5 s: NO_ACK, and its late dntxed is stray", async () => {
  const server = new TestStationServer();
  const station = await server.station();
  const result = server.driver.transmit(BEACON);
  const dnmsg = await station.next();
  await server.clock.advance(5_000);
  expect(await result).toEqual({ sent: false, error: "NO_ACK" });
  await station.sent(dnmsg);
  expect(server.driver.counts().strayConfirmations).toBe(1);
});

test("concurrent transmissions are told apart by diid, and by station", async () => {
  const server = new TestStationServer();
  const one = await server.station("::1");
  const two = await server.station("::2");
  const toOne = server.driver.transmit(BEACON);
  const toTwo = [1, 2].map(() => server.driver.transmit({ ...BEACON, gatewayEui: "0000000000000002" }));
  const first = await one.next();
  const [second, third] = [await two.next(), await two.next()];
  expect(new Set([first.diid, second.diid, third.diid]).size).toBe(3);
  // The other station's confirmation does not count.
  await two.sent(first);
  expect(server.driver.counts().strayConfirmations).toBe(1);
  await two.sent(third, 3n);
  await two.sent(second, 2n);
  await one.sent(first, 1n);
  expect((await Promise.all([toOne, ...toTwo])).map((result) => result.sent && result.tmstUs)).toEqual([
    1, 2, 3,
  ]);
});

test("no station, or not the one named: NO_FORWARDER", async () => {
  const server = new TestStationServer();
  expect(await server.driver.transmit(BEACON)).toEqual({ sent: false, error: "NO_FORWARDER" });
  const station = await server.station();
  const other = { ...BEACON, gatewayEui: "00000000000000ff" };
  expect(await server.driver.transmit(other)).toEqual({ sent: false, error: "NO_FORWARDER" });
  await station.wire.hangUp();
  expect(await server.driver.transmit(BEACON)).toEqual({ sent: false, error: "NO_FORWARDER" });
});

test("a station that reconnects is served on its new connection only", async () => {
  const server = new TestStationServer();
  const old = await server.station();
  const oldConnection = server.last;
  await old.hear();
  const waiting = server.driver.transmit(BEACON);
  const dnmsg = await old.next();
  const renewed = await server.station();
  expect(oldConnection?.isOpen).toBe(false);
  // It may have gone out: nobody will ever know.
  expect(await waiting).toEqual({ sent: false, error: "NO_ACK" });
  await renewed.sent(dnmsg);
  await renewed.hear();
  await renewed.hear();
  const result = server.driver.transmit(BEACON);
  await renewed.sent(await renewed.next());
  expect(await result).toMatchObject({ sent: true });
  await server.clock.advance(30_000);
  for (let count = 0; count < 3; count++) await server.nextFrame();
  expect(await server.nextStatus()).toMatchObject({ rxOk: 3, transmitted: 1 });
  expect(server.driver.counts()).toMatchObject({ replacedSessions: 1, strayConfirmations: 1, duplicates: 0 });
  expect(server.driver.stations()).toHaveLength(1);
});

test("what an old connection still delivers is ignored", async () => {
  const server = new TestStationServer();
  const old = await server.station();
  await server.station();
  await old.hear();
  expect(server.driver.counts().staleMessages).toBe(1);
});

test("too many at once are refused, and closing settles the rest", async () => {
  const server = new TestStationServer();
  await server.station();
  const results = Array.from({ length: 65 }, () => server.driver.transmit(BEACON));
  expect(await results[64]).toEqual({ sent: false, error: "QUEUE_FULL" });
  await server.driver.close();
  expect(await results[0]).toEqual({ sent: false, error: "CLOSED" });
  expect(await server.driver.transmit(BEACON)).toEqual({ sent: false, error: "CLOSED" });
});

test("a transmission that the region does not have is refused in words", async () => {
  const { driver } = new TestStationServer();
  await expect(driver.transmit({ ...BEACON, freqHz: 903_900_000 })).rejects.toThrow(
    "Frequency is 903900000 Hz; EU868 allows 863000000 to 870000000",
  );
  await expect(driver.transmit({ ...BEACON, spreadingFactor: 6 })).rejects.toThrow("SF 6 at 125000 Hz");
  await expect(driver.transmit({ ...BEACON, bytes: new Uint8Array(0) })).rejects.toThrow("Frame has 0 bytes");
  await expect(driver.transmit({ ...BEACON, powerDbm: Number.NaN })).rejects.toThrow(RangeError);
});
