import { expect, test } from "bun:test";
import { decodeGwmp } from "./gwmp-datagram.ts";
import { pushText, rxpkText } from "./test-forwarder.ts";
import { BEACON, nextPullResp, TestUdpServer } from "./test-udp-server.ts";

/** What real forwarders do, each seen with the real program: numbered as in the digest of the protocol. */

async function heard(...rxpks: string[]) {
  const server = new TestUdpServer();
  await server.forwarder().push(pushText(...rxpks));
  return server;
}

const frameFrom = async (text: string) => (await heard(text)).nextFrame();

test("trap 1: tokens repeat after every restart and across a fleet, and drop nothing", async () => {
  const server = new TestUdpServer();
  const first = server.forwarder();
  const restarted = server.forwarder();
  const neighbour = server.forwarder({ gatewayEui: "aa555a0000000001" });
  let tmst = 0;
  for (const forwarder of [first, restarted, neighbour]) {
    for (const token of [0x6973, 0x51ff]) {
      tmst += 1_000_000;
      await forwarder.push(pushText(rxpkText({ tmst })), token);
      expect((await server.nextFrame()).tmstUs).toBe(tmst);
    }
  }
});

test("trap 2: PULL_RESP goes where PULL_DATA came from, not PUSH_DATA, also after a restart", async () => {
  const server = new TestUdpServer();
  for (let start = 0; start < 2; start++) {
    const forwarder = server.forwarder();
    await forwarder.pull();
    await forwarder.push(pushText(rxpkText({ tmst: start * 1_000_000 })));
    const result = server.driver.transmit(BEACON);
    await forwarder.txAck((await nextPullResp(forwarder)).token);
    expect(await result).toMatchObject({ sent: true });
  }
  expect(server.messages).toEqual([
    "A packet forwarder connected",
    "A packet forwarder is reached at another address",
  ]);
});

test("trap 3: nan, inf and -0 leave out a number, never a frame", async () => {
  const nan = rxpkText().replace('"rssis":-60,"lsnr":9.2', '"rssis":nan,"lsnr":nan').replace("-57", "nan");
  const inf = rxpkText({ tmst: 5_000_000 }).replace('"rssis":-60,"lsnr":9.2', '"rssis":-0,"lsnr":inf');
  const server = await heard(nan, inf, rxpkText({ tmst: 9_000_000 }));
  const first = await server.nextFrame();
  expect(["rssiDbm" in first, "snrDb" in first]).toEqual([false, false]);
  const second = await server.nextFrame();
  expect([Object.is(second.rssiDbm, 0), "snrDb" in second]).toEqual([true, false]);
  expect((await server.nextFrame()).snrDb).toBe(9.2);
});

test("trap 4: time and tmms are absent until the GPS is synchronised, and then used", async () => {
  const synchronised = rxpkText({
    tmst: 5_000_000,
    time: "2026-11-21T09:36:24.480Z",
    tmms: 1_479_289_002_480,
  });
  const server = await heard(rxpkText(), synchronised);
  expect("gpsTimeMs" in (await server.nextFrame())).toBe(false);
  expect((await server.nextFrame()).gpsTimeMs).toBe(Date.parse("2026-11-21T09:36:24.480Z"));
});

test("trap 5: with an NMEA 4.1 receiver time is of 1999 and tmms right", async () => {
  const fields = { time: "1999-11-30T00:00:00.803027Z", tmms: 1_479_289_002_480 };
  expect((await frameFrom(rxpkText(fields))).gpsTimeMs).toBe(Date.parse("2026-11-21T09:36:24.480Z"));
  expect("gpsTimeMs" in (await frameFrom(rxpkText({ time: fields.time })))).toBe(false);
});

test("trap 6: SNR is told as the forwarder rounded it", async () => {
  for (const [reported, snrDb] of [
    ["9.2", 9.2],
    ["-19.8", -19.8],
    ["-3.0", -3],
  ] as const) {
    expect((await frameFrom(rxpkText().replace("9.2", reported))).snrDb).toBe(snrDb);
  }
});

test("trap 7: without any TX_ACK the result is NO_ACK after 5 s", async () => {
  const server = new TestUdpServer();
  const forwarder = server.forwarder();
  await forwarder.pull();
  const startMs = server.clock.now();
  const result = server.driver.transmit(BEACON);
  const { token } = await nextPullResp(forwarder);
  expect(await server.clock.resolve(result)).toEqual({ sent: false, error: "NO_ACK" });
  expect(server.clock.now() - startMs).toBe(5_000);
  await forwarder.txAck(token);
  await server.socket.drained();
  expect(server.driver.counts().strayAcks).toBe(1);
});

test("trap 7: a PULL_RESP beyond the forwarder's buffer is never sent", async () => {
  const server = new TestUdpServer();
  const forwarder = server.forwarder();
  await forwarder.pull();
  const oversized = server.driver.transmit({ ...BEACON, bytes: new Uint8Array(900) });
  await expect(oversized).rejects.toThrow("900 bytes");
  // The PULL_ACK is the next datagram: no PULL_RESP went before it.
  expect((await forwarder.pull()).type).toBe("PULL_ACK");
});

test("trap 7: a size other than the length of the data is no reason to lose a frame", async () => {
  expect((await frameFrom(rxpkText({ size: 2 }))).bytes).toHaveLength(3);
});

test("trap 8: a failed temperature reading is sent as 0.0, so 0.0 is no temperature", async () => {
  const server = new TestUdpServer();
  const forwarder = server.forwarder();
  await forwarder.push('{"stat":{"rxnb":0,"rxok":0,"rxfw":0,"ackr":100.0,"temp":0.0}}');
  expect("temperatureC" in (await server.nextStatus())).toBe(false);
});

test("trap 9: a ghost on a neighbouring channel is dropped, the stronger frame stays", async () => {
  const ghost = rxpkText({ chan: 1, freq: 868.3, tmst: 1_000_003, rssis: -104, rssi: -101, lsnr: -12 });
  const server = await heard(ghost, rxpkText(), rxpkText({ tmst: 2_000_000 }));
  expect(await server.nextFrame()).toMatchObject({ freqHz: 868_100_000, rssiDbm: -60 });
  expect((await server.nextFrame()).tmstUs).toBe(2_000_000);
  expect(server.driver.counts().duplicates).toBe(1);
});

test('trap 10: "mid": 3 has a space, and 868.100000 is a whole number of Hz', async () => {
  const text = rxpkText().replace('"mid":3', '"mid": 3').replace("868.1", "868.100000");
  expect((await frameFrom(text)).freqHz).toBe(868_100_000);
  expect((await frameFrom(rxpkText({ freq: 867.9 }))).freqHz).toBe(867_900_000);
});

test("seen elsewhere: a NUL after the TX_ACK (Kerlink iFemtoCell)", async () => {
  const server = new TestUdpServer();
  const forwarder = server.forwarder();
  await forwarder.pull();
  const result = server.driver.transmit(BEACON);
  await forwarder.txAck((await nextPullResp(forwarder)).token, "\0");
  expect(await result).toEqual({ sent: true, powerDbm: 14 });
});

test("seen elsewhere: SF5 and SF6", async () => {
  const server = await heard(rxpkText({ datr: "SF5BW125" }), rxpkText({ datr: "SF6BW500", tmst: 5_000_000 }));
  expect(await server.nextFrame()).toMatchObject({ spreadingFactor: 5, bandwidthHz: 125_000 });
  expect(await server.nextFrame()).toMatchObject({ spreadingFactor: 6, bandwidthHz: 500_000 });
});

test("seen elsewhere: a stat without time comes out, and so do the rxpk beside it", async () => {
  const server = new TestUdpServer();
  await server.forwarder().push(`{"rxpk":[${rxpkText()}],"stat":{"rxnb":2,"rxok":2,"rxfw":2,"ackr":100.0}}`);
  expect((await server.nextFrame()).tmstUs).toBe(1_000_000);
  expect(await server.nextStatus()).toMatchObject({ rxOk: 2, ackPercent: 100 });
});

test("seen elsewhere: ackr null, and ackr as a count of 453", async () => {
  for (const ackr of ["null", "453"]) {
    const server = new TestUdpServer();
    await server.forwarder().push(`{"stat":{"rxnb":1,"rxok":1,"rxfw":1,"ackr":${ackr}}}`);
    const status = await server.nextStatus();
    expect([status.rxOk, "ackPercent" in status]).toEqual([1, false]);
  }
});

test("seen elsewhere: datr SF12Bw125", async () => {
  expect(await frameFrom(rxpkText({ datr: "SF12Bw125" }))).toMatchObject({ spreadingFactor: 12 });
});

test("seen elsewhere: time without a fraction", async () => {
  const atMs = Date.parse("2026-11-21T09:36:20Z");
  expect((await frameFrom(rxpkText({ time: "2026-11-21T09:36:20Z" }))).gpsTimeMs).toBe(atMs);
});

test("seen elsewhere: base64 unpadded and URL-safe", async () => {
  const data = "-DS4CGaDCdG+48eJNM3Vai-zDpsR71Pn9CPA9uCON84";
  expect((await frameFrom(rxpkText({ data, size: 32 }))).bytes).toHaveLength(32);
});

test("seen elsewhere: time days ahead where no PPS is wired", async () => {
  expect("gpsTimeMs" in (await frameFrom(rxpkText({ time: "2026-12-24T09:36:20Z" })))).toBe(false);
});

test("seen elsewhere: LWN-Simulator: time with an offset, tmst in seconds, stat.time in UTC", async () => {
  const server = new TestUdpServer();
  const forwarder = server.forwarder();
  const seconds = 1_795_253_784;
  // Two frames of one device with one payload, a second apart.
  for (const tmst of [seconds, seconds + 3]) {
    const time = "2026-11-21T11:36:24.5+02:00";
    await forwarder.push(pushText(rxpkText({ tmst, time, rssi: -60, rssis: undefined })));
    expect(await server.nextFrame()).toMatchObject({
      tmstUs: tmst,
      gpsTimeMs: Date.parse("2026-11-21T09:36:24.500Z"),
    });
    await server.clock.advance(3_000);
  }
  await forwarder.push('{"stat":{"time":"2026-11-21 09:36:26 UTC","rxnb":453,"rxok":453,"ackr":453}}');
  expect((await server.nextStatus()).rxOk).toBe(453);
});

test("seen elsewhere: LR-FHSS and codr OFF", async () => {
  const hopping = rxpkText({ modu: "LR-FHSS", datr: "M0CW137", codr: "1/3", hpw: 52 });
  expect(await frameFrom(hopping)).toMatchObject({ modulation: "lr-fhss", bandwidthHz: 137_000 });
  expect(await frameFrom(rxpkText({ codr: "OFF" }))).toMatchObject({ codingRate: "off" });
});

test("seen elsewhere: a stat cut off by the forwarder's 200-byte buffer costs no rxpk", async () => {
  const cut = '"stat":{"time":"2026-11-21 09:21:50 GMT","lati":47.24612,"long":8.81398,"alti":499,"rx}';
  const server = new TestUdpServer();
  await server.forwarder().push(`{"rxpk":[${rxpkText()}],${cut}`);
  expect((await server.nextFrame()).tmstUs).toBe(1_000_000);
  expect(server.driver.counts().badFrames).toBe(1);
});

test("one bad rxpk never costs its neighbours", async () => {
  const bad = ['{"tmst":}', rxpkText({ datr: "SF99BW125" }), rxpkText({ data: "?" }), '{"rxpk":'];
  const good = (index: number) => rxpkText({ tmst: (index + 1) * 1_000_000 });
  const server = await heard(...bad.flatMap((text, index) => [text, good(index)]));
  for (const index of bad.keys()) expect((await server.nextFrame()).tmstUs).toBe((index + 1) * 1_000_000);
  expect(server.driver.counts().badFrames).toBe(bad.length);
});

test("what the server sends is in the protocol's own layout", async () => {
  const server = new TestUdpServer();
  const forwarder = server.forwarder();
  await forwarder.pull();
  const result = server.driver.transmit(BEACON);
  const { json } = await nextPullResp(forwarder);
  expect(JSON.parse(new TextDecoder().decode(json))).toMatchObject({
    txpk: { imme: true, rfch: 0, ipol: false, codr: "4/5" },
  });
  expect(decodeGwmp(json).ok).toBe(false);
  await server.driver.close();
  expect(await result).toEqual({ sent: false, error: "CLOSED" });
});
